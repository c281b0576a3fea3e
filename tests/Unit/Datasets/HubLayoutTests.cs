using Cognito.Eval.Datasets;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

/// <summary>Which files of a repository are a dataset's: by its card, by their names, by the hub's own export.</summary>
public sealed class HubLayoutTests
{
    private static string Shown(IEnumerable<HubLayout.Split> splits) => string.Join("; ", splits.OrderBy(split => split.Name, StringComparer.Ordinal)
        .Select(split => $"{split.Name}: {string.Join(" ", split.Files)}"));

    private static string Laid(string card, string? config, params string[] files) =>
        Shown(HubLayout.Of(DatasetCard.Parse($"---\n{card}\n---\n# About\n", "org/name/README.md").Choose(config), files, "org/name/README.md"));

    private static string Refusal(Func<object> asked)
    {
        var message = Assert.Throws<InputException>(asked).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static readonly string[] Lambada = ["README.md", ".gitattributes", "data/lambada_test.jsonl", "data/lambada_test_de.jsonl", "lambada_openai.py"];

    private const string LambadaCard = """
        license: mit
        configs:
        - config_name: default
          data_files:
          - split: test
            path: data/lambada_test.jsonl
        - config_name: de
          data_files:
          - split: test
            path: data/lambada_test_de.jsonl
        """;

    [Theory]
    [InlineData(null, "test: data/lambada_test.jsonl")]
    [InlineData("default", "test: data/lambada_test.jsonl")]
    [InlineData("de", "test: data/lambada_test_de.jsonl")]
    public void A_configuration_names_its_files(string? config, string expected) => Assert.Equal(expected, Laid(LambadaCard, config, Lambada));

    [Fact]
    public void One_that_is_not_there_is_refused_with_those_that_are() => Assert.Equal(
        "org/name/README.md: it has no configuration fr, only default, de; name one of them in dataset_name", Refusal(() => Laid(LambadaCard, "fr", Lambada)));

    [Theory]
    [InlineData("a", "b", "it has the configurations a, b, and none is the default; name one in dataset_name")]
    [InlineData("a", "b\n  default: true", null)]
    [InlineData("a\n  default: true", "default", "several are the default")]
    [InlineData("a", "a", "configs has a twice")]
    public void Without_a_name_the_default_is_meant(string one, string other, string? refusal)
    {
        var card = $"configs:\n- config_name: {one}\n  data_files: one.csv\n- config_name: {other}\n  data_files: other.csv";
        if (refusal is null)
            Assert.Equal("train: other.csv", Laid(card, null, "one.csv", "other.csv"));
        else
            Assert.Contains(refusal, Refusal(() => Laid(card, null, "one.csv", "other.csv")));
    }

    [Theory]
    [InlineData("data_files: a/x.csv", "train: a/x.csv")]
    [InlineData("data_files: [b/y.csv, a/x.csv]", "train: b/y.csv a/x.csv")]
    [InlineData("data_files: a/*", "train: a/w.csv a/x.csv")]
    [InlineData("data_files: ./a/[!w]*.csv", "train: a/x.csv")]
    [InlineData("data_files: '**/?.csv'", "train: a/w.csv a/x.csv b/c/z.csv b/y.csv")]
    [InlineData("data_files: 'b/**'", "train: b/c/z.csv b/y.csv")]
    [InlineData("data_files: [{split: test, path: 'b/*'}, {split: dev, path: [a/x.csv, a/w.csv]}]", "dev: a/x.csv a/w.csv; test: b/y.csv")]
    [InlineData("data_files: [{split: test, path: 'b/*'}, {split: dev, path: 'none/*'}]", "test: b/y.csv")]
    [InlineData("data_files: y.csv\n  data_dir: b", "train: b/y.csv")]
    [InlineData("data_dir: b/c", "train: b/c/z.csv")]
    [InlineData("description: all of it", "train: a/w.csv a/x.csv b/c/z.csv b/y.csv")]
    public void Files_are_named_in_all_the_ways_there_are(string config, string expected) => Assert.Equal(
        expected, Laid($"configs:\n- config_name: one\n  {config}", null, "README.md", ".git/x.csv", "__old/x.csv", "a/x.csv", "a/w.csv", "b/c/z.csv", "b/y.csv", "b/notes.md"));

    [Theory]
    [InlineData("data_files: c.csv", "c.csv of the split train is no file of rows")]
    [InlineData("data_files: ../c.csv", "../c.csv is no pattern of files in the repository")]
    [InlineData("data_files: https://host/c.csv", "is no pattern of files in the repository")]
    [InlineData("data_files: '**.csv'", "**.csv is no pattern")]
    [InlineData("data_files: {train: a.csv}", "line 4: data_files is neither a path")]
    [InlineData("data_files: [a.csv, {split: test, path: a.csv}]", "data_files is neither a path")]
    [InlineData("data_files: [{split: test}]", "data_files is neither a path")]
    [InlineData("data_files: [{split: test, path: a.csv}, {split: test, path: a.csv}]", "data_files has a split twice")]
    [InlineData("data_files: ['*.csv', a.csv]", "named twice")]
    [InlineData("data_files: a.csv\n  sep: ';'", "its configuration one has sep, which is not followed")]
    [InlineData("data_files: b.tsv", "its rows lie in b.tsv, and .parquet")]
    [InlineData("data_files: d.csv.gz", "its rows lie in d.csv.gz, and .parquet")]
    [InlineData("data_files: [a.csv, e.jsonl]", "files of two forms")]
    public void What_is_not_followed_is_refused_in_one_line(string config, string refusal) => Assert.Contains(
        refusal, Refusal(() => Laid($"configs:\n- config_name: one\n  {config}", null, "a.csv", "b.tsv", "d.csv.gz", "e.jsonl")));

    [Theory]
    [InlineData("configs: all", "README.md line 2: configs is no list")]
    [InlineData("configs:\n- data_files: a.csv", "README.md line 3: one of configs has no config_name")]
    [InlineData("- a", "README.md line 2: its YAML has no keys")]
    [InlineData("a: [", "no YAML here")]
    public void A_card_that_says_nothing_of_the_kind_is_refused(string card, string refusal) => Assert.Contains(refusal, Refusal(() => Laid(card, null)));

    [Theory]
    [InlineData("# About\n---\nconfigs: all\n---\n")]
    [InlineData("---\nconfigs: all\n")]
    [InlineData("---\nlicense: mit\ndate: 2026-01-02\n---\n")]
    [InlineData("---\r\nconfigs:\r\n---\r\n")]
    public void A_card_without_configurations_has_none(string text) => Assert.Empty(DatasetCard.Parse(text, "README.md").Configs);

    [Fact]
    public void It_counts_rows_and_gives_types()
    {
        var card = DatasetCard.Parse("""
            ---
            dataset_info:
            - config_name: nq_open
              features:
              - name: question
                dtype: string
              - name: answer
                sequence: string
              - name: label
                dtype:
                  class_label:
                    names:
                      '0': 'no'
                      '1': 'yes'
              splits:
              - name: validation
                num_bytes: 1
                num_examples: 3610
            ---
            """, "README.md");
        Assert.Equal(3610, card.Rows[("nq_open", "validation")]);
        Assert.Equal(["question: string", "label: class_label"], card.Types["nq_open"].Select(type => $"{type.Key}: {type.Value}"));
    }

    [Theory]
    [InlineData("data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet data/corrected-00000-of-00001-ab12.parquet test.csv",
        "corrected: data/corrected-00000-of-00001-ab12.parquet; train: data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet")]
    [InlineData("data/dev/0.jsonl data/dev/1.jsonl data/training/0.jsonl train.jsonl", "train: data/training/0.jsonl; validation: data/dev/0.jsonl data/dev/1.jsonl")]
    [InlineData("train.jsonl sub/my_val.jsonl testing-2.jsonl", "test: testing-2.jsonl; train: train.jsonl; validation: sub/my_val.jsonl")]
    [InlineData("rows.jsonl more/rows.jsonl dataset_infos.json", "train: more/rows.jsonl rows.jsonl")]
    [InlineData("notes.md", "")]
    public void Without_a_card_names_tell_the_splits(string files, string expected) =>
        Assert.Equal(expected, Shown(HubLayout.Usual([.. files.Split(' '), "README.md"], "org/name")));

    [Fact]
    public void The_hubs_own_files_are_known_by_their_folders()
    {
        string[] files = [".gitattributes", "main/test/0001.parquet", "main/test/0000.parquet", "main/train/0000.parquet", "other/test/0000.parquet"];
        Assert.Equal("test: main/test/0000.parquet main/test/0001.parquet; train: main/train/0000.parquet", Shown(HubLayout.Exported("main", files, "org/name")!));
        Assert.Contains("it has the configurations main, other, and none is the default", Refusal(() => HubLayout.Exported(null, files, "org/name")!));
        Assert.Null(HubLayout.Exported("main", [.. files, "main/test.parquet"], "org/name"));
    }

    [Theory]
    [InlineData("**/b/*.csv", "b/1.csv a/b/2.csv a/c/b/3.csv a/b/c/4.csv", "b/1.csv a/b/2.csv a/c/b/3.csv")]
    [InlineData("a/**", "a/1 a/b/2 ab/3 a", "a/1 a/b/2")]
    [InlineData("a/**/b/**/c", "a/b/c a/x/b/y/z/c a/x/c a/b/b/c", "a/b/c a/x/b/y/z/c a/b/b/c")]
    [InlineData("*a*b", "ab xaxbxb abx b", "ab xaxbxb")]
    [InlineData("[]x][!]y][a-c-]", "]xa xya ]zb xzd x-- xz-", "]xa ]zb x-- xz-")]
    [InlineData("[z-a]x", "zx ax -x", "")]
    [InlineData("[ax", "[ax ax", "[ax")]
    [InlineData("?.csv", "a.csv é.csv ab.csv .csv", "a.csv é.csv")]
    [InlineData("**/.x/*", ".x/1 a/.x/2 a/.x/.y", ".x/1 a/.x/2")]
    [InlineData("__a/*", "__a/1 a/1", "__a/1")]
    public void Patterns_are_those_of_a_shell(string pattern, string paths, string expected) =>
        Assert.Equal(expected, string.Join(' ', new PathGlob(pattern, "README.md").Of(paths.Split(' '))));

    [Fact]
    public void A_pattern_costs_no_more_than_its_length()
    {
        var glob = new PathGlob(string.Concat(Enumerable.Repeat("*a", 400)), "README.md");
        Assert.Empty(glob.Of([new string('a', 5000) + "b"]));
    }
}
