using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tests;

public sealed class DataRootTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static readonly Dataset Arc = new("arc_challenge")
    {
        Folders = ["allenai/ai2_arc/ARC-Challenge", "ai2_arc/ARC-Challenge", "arc_challenge"],
        Columns = ["question", "choices", "answerKey"],
        PublishedRows = new Dictionary<string, int> { ["test"] = 1172 },
    };

    private static readonly Dataset Mmlu = new("mmlu")
    {
        Folders = ["cais/mmlu/law", "mmlu/law"],
        Columns = ["question", "choices", "answer"],
        CsvColumns = ["question", "A", "B", "C", "D", "answer"],
        FromCsv = FromCsv,
        Originals = [new OriginalFile("test", "test/law_test.csv", FromCsv)],
        PublishedRows = new Dictionary<string, int>(),
    };

    private static Row FromCsv(Row row) => new(row.Origin, new Dictionary<string, object?>
    {
        ["question"] = row.Text("question"),
        ["choices"] = (string[])[row.Text("A"), row.Text("B"), row.Text("C"), row.Text("D")],
        ["answer"] = (long)"ABCD".IndexOf(row.Text("answer")[0]),
    });

    private const string Json = """{"question": "é \"q\", 1", "subject": "law", "choices": ["a", "b,", "", "d"], "answer": 1}""";
    private const string Csv = "\"é \"\"q\"\", 1\",a,\"b,\",,d,B\n";

    private DataRoot Root => DataRoot.Open(_folder.Path);

    private string Refusal(Dataset dataset, string split)
    {
        var message = Assert.Throws<InputException>(() => Root.Read(dataset, split)).Message;
        Assert.DoesNotContain('\n', message);
        return message.Replace(_folder.Path, "data");
    }

    [Theory]
    [InlineData("cais/mmlu/law/test.jsonl", Json)]
    [InlineData("mmlu/law/test.jsonl.gz", Json)]
    [InlineData("mmlu/law/test.csv", Csv)]
    [InlineData("test/law_test.csv", Csv)]
    public void The_digest_is_of_the_rows_not_of_their_file(string file, string text)
    {
        _folder.Write(file, text);
        var split = Root.Read(Mmlu, "test");
        Assert.Equal([file], split.Files);
        Assert.Equal("é \"q\", 1", Assert.Single(split.Rows).Text("question"));
        const string canonical = """["é \"q\", 1",["a","b,","","d"],1]""" + "\n";
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))), split.Sha256);
    }

    [Fact]
    public void The_digest_is_the_same_for_Parquet_and_JSON_lines_and_sees_every_column()
    {
        Dataset of = new("x") { Folders = ["a", "b"], Columns = ["id", "pairs"], PublishedRows = Arc.PublishedRows };
        _folder.Write("a/test.jsonl", File.ReadAllBytes(Fixture.Path("parquet", "rows.jsonl")));
        _folder.Write("b/train.parquet", File.ReadAllBytes(Fixture.Path("parquet", "duckdb-zstd.parquet")));
        Assert.Equal(Root.Read(of, "test").Sha256, Root.Read(of, "train").Sha256);
        Assert.NotEqual(Root.Read(of, "test").Sha256, Root.Read(of with { Columns = ["id"] }, "test").Sha256);
    }

    [Fact]
    public void Numbers_and_names_are_written_in_one_way_into_the_digest()
    {
        static string Digest(string json) => DatasetSplit.Digest(
            [new Row("", new Dictionary<string, object?> { ["x"] = json })], ["x"]);
        Assert.NotEqual(Digest("\u0001"), Digest("\u0002"));
        _folder.Write("one.jsonl", """{"x": {"b": 1, "a": 0.5}}""");
        _folder.Write("two.jsonl", """{"x": {"a": 5e-1, "b": 1.0}}""");
        Assert.Equal(DatasetSplit.Digest(JsonRows.Read(Path.Combine(_folder.Path, "one.jsonl")), ["x"]),
            DatasetSplit.Digest(JsonRows.Read(Path.Combine(_folder.Path, "two.jsonl")), ["x"]));
    }

    [Fact]
    public void Shards_are_read_in_order()
    {
        var rows = File.ReadAllBytes(Fixture.Path("parquet", "duckdb-gzip.parquet"));
        _folder.Write("d/test-00001-of-00002.parquet", rows);
        _folder.Write("d/test-00000-of-00002-0123abcd.parquet", rows);
        _folder.Write("d/test-extra-00000-of-00001.parquet", rows);
        Dataset d = new("d") { Folders = ["d"], Columns = ["id"], PublishedRows = Arc.PublishedRows };
        var split = Root.Read(d, "test");
        Assert.Equal(80, split.Rows.Count);
        Assert.Equal(["d/test-00000-of-00002-0123abcd.parquet", "d/test-00001-of-00002.parquet"], split.Files);
    }

    [Theory]
    [InlineData("test-00001-of-00003.parquet", "test-00000-of-00003.parquet test-00002-of-00003.parquet")]
    [InlineData("test-00000-of-00002.parquet", "test-00001-of-00002.parquet")]
    [InlineData("test-00001-of-00002.parquet", "test-00000-of-00002.parquet")]
    public void A_missing_shard_is_named(string missing, string there)
    {
        foreach (var file in there.Split(' '))
            _folder.Write($"arc_challenge/{file}", "");
        Assert.Equal($"data/arc_challenge: test is not complete, {missing} is missing; fetch it", Refusal(Arc, "test"));
    }

    [Fact]
    public void Shards_of_two_sets_are_refused()
    {
        _folder.Write("arc_challenge/test-00000-of-00002.parquet", "");
        _folder.Write("arc_challenge/test-00001-of-00003.parquet", "");
        Assert.Equal("data/arc_challenge: test-00000-of-00002.parquet and test-00001-of-00003.parquet are not of one set " +
            "of files; remove those that do not belong", Refusal(Arc, "test"));
    }

    [Fact]
    public void A_split_in_two_places_is_refused()
    {
        _folder.Write("arc_challenge/test.jsonl", "{}");
        _folder.Write("arc_challenge/test.csv", "a\n");
        Assert.Equal("data: arc_challenge test is both in arc_challenge/test.jsonl and in arc_challenge/test.csv; remove one",
            Refusal(Arc, "test"));
        _folder.Write("mmlu/law/test.csv", Csv);
        _folder.Write("test/law_test.csv", Csv);
        Assert.Equal("data: mmlu test is both in mmlu/law/test.csv and in test/law_test.csv; remove one", Refusal(Mmlu, "test"));
        _folder.Write("cais/mmlu/law/test.jsonl", Json);
        Assert.Contains("both in cais/mmlu/law/test.jsonl and in mmlu/law/test.csv", Refusal(Mmlu, "test"));
    }

    [Fact]
    public void A_split_that_is_not_there_is_refused_with_all_places_and_names()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "mmlu/law"));
        Assert.Equal("data: no mmlu test in cais/mmlu/law, mmlu/law (as test-00000-of-00001.parquet, test.parquet, " +
            "test.jsonl, test.jsonl.gz, test.csv) or as test/law_test.csv; fetch it there, or give --data the folder " +
            "that has it", Refusal(Mmlu, "test"));
    }

    [Fact]
    public void A_split_without_rows_is_refused()
    {
        _folder.Write("arc_challenge/test.jsonl", "\n");
        Assert.Equal("data/arc_challenge/test.jsonl: arc_challenge test has no rows; fetch it again", Refusal(Arc, "test"));
    }

    [Fact]
    public void A_row_without_a_column_that_tasks_read_is_refused()
    {
        _folder.Write("arc_challenge/test.jsonl", """{"question": "q", "choices": {}}""");
        Assert.Equal("data/arc_challenge/test.jsonl line 1: no column \"answerKey\" among question, choices; " +
            "is this the right dataset?", Refusal(Arc, "test"));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_refused() =>
        Assert.Equal("/nowhere: no such folder; give --data the folder that holds the datasets",
            Assert.Throws<InputException>(() => DataRoot.Open("/nowhere")).Message);

    [Fact]
    public void A_dataset_is_here_where_a_folder_or_an_original_is()
    {
        Assert.False(Root.Has(Arc));
        Assert.False(Root.Has(Mmlu));
        _folder.Write("ai2_arc/ARC-Challenge/test.jsonl", "");
        _folder.Write("test/law_test.csv", "");
        Assert.True(Root.Has(Arc));
        Assert.True(Root.Has(Mmlu));
    }

    [Fact]
    public void The_made_up_data_is_read()
    {
        var root = DataRoot.Open(Fixture.Path("mini", "data"));
        Assert.Equal([60, 9, 40], ((string[])["train", "validation", "test"]).Select(split => root.Read(Arc, split).Rows.Count));
        Assert.Equal("naïve 𝒙 option", root.Read(Arc, "test").Rows[0].Inside("choices").Texts("text")[0]);
        var law = Mmlu with { Folders = ["mmlu/us_foreign_policy"] };
        Assert.Equal([5, 4, 7], ((string[])["dev", "validation", "test"]).Select(split => root.Read(law, split).Rows.Count));
    }
}
