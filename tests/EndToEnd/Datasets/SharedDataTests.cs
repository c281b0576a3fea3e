using System.Diagnostics;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;

namespace Cognito.Eval.Tests;

/// <summary>The real datasets, as the hub has them.</summary>
public sealed class SharedDataTests
{
    private static Dataset Of(string folder, params string[] columns) =>
        new(folder) { Folders = [folder], Columns = columns, PublishedRows = new Dictionary<string, int>() };

    private static readonly Dataset Arc = Of("allenai/ai2_arc/ARC-Challenge", "question", "choices", "answerKey");
    private static readonly Dataset Winogrande =
        Of("allenai/winogrande/winogrande_xl", "sentence", "option1", "option2", "answer");
    private static readonly Dataset Truthful =
        Of("truthfulqa/truthful_qa/multiple_choice", "question", "mc1_targets", "mc2_targets");
    private static readonly Dataset Gsm8k = Of("openai/gsm8k/main", "question", "answer");
    private static readonly Dataset Hellaswag =
        Of("Rowan/hellaswag/data", "activity_label", "ctx_a", "ctx_b", "endings", "label");

    private static DataRoot Root => DataRoot.Open(Shared.Path("data"));

    [Fact]
    public void Arc_has_its_published_rows()
    {
        Assert.Equal(1119, Root.Read(Arc, "train").Rows.Count);
        Assert.Equal(299, Root.Read(Arc, "validation").Rows.Count);
        var test = Root.Read(Arc, "test");
        Assert.Equal(1172, test.Rows.Count);
        Assert.Equal(["allenai/ai2_arc/ARC-Challenge/test-00000-of-00001.parquet"], test.Files);
        Assert.All(test.Rows, row =>
        {
            var labels = row.Inside("choices").Texts("label");
            Assert.Equal(labels.Count, row.Inside("choices").Texts("text").Count);
            Assert.Contains(row.Text("answerKey"), labels);
        });
    }

    [Fact]
    public void Mmlu_has_its_published_rows()
    {
        var subjects = Directory.GetDirectories(Shared.Path("data", "cais", "mmlu")).Select(Path.GetFileName).ToArray();
        Assert.Equal(57, subjects.Length);
        foreach (var (split, count) in new[] { ("dev", 285), ("validation", 1531), ("test", 14042) })
        {
            var rows = subjects.SelectMany(subject =>
                Root.Read(Of($"cais/mmlu/{subject}", "question", "choices", "answer"), split).Rows).ToArray();
            Assert.Equal(count, rows.Length);
            Assert.All(rows, row => Assert.Equal(4, row.Texts("choices").Count));
            Assert.All(rows, row => Assert.InRange(row.Integer("answer"), 0, 3));
        }
    }

    [Fact]
    public void Truthfulqa_has_its_published_rows()
    {
        var rows = Root.Read(Truthful, "validation").Rows;
        Assert.Equal(817, rows.Count);
        Assert.All(rows, row =>
        {
            var labels = row.Inside("mc1_targets").Integers("labels");
            Assert.Equal(1, labels[0]);
            Assert.Equal(1, labels.Sum());
            Assert.Equal(labels.Count, row.Inside("mc1_targets").Texts("choices").Count);
            Assert.Equal(row.Inside("mc2_targets").Integers("labels").Count, row.Inside("mc2_targets").Texts("choices").Count);
        });
    }

    [Fact]
    public void Winogrande_has_its_published_rows()
    {
        Assert.Equal(40398, Root.Read(Winogrande, "train").Rows.Count);
        var rows = Root.Read(Winogrande, "validation").Rows;
        Assert.Equal(1267, rows.Count);
        Assert.All(rows, row => Assert.Contains('_', row.Text("sentence")));
        Assert.All(rows, row => Assert.Contains(row.Text("answer"), (string[])["1", "2"]));
    }

    [Fact]
    public void Gsm8k_has_its_published_rows()
    {
        Assert.Equal(7473, Root.Read(Gsm8k, "train").Rows.Count);
        var rows = Root.Read(Gsm8k, "test").Rows;
        Assert.Equal(1319, rows.Count);
        Assert.All(rows, row => Assert.Contains("\n#### ", row.Text("answer")));
    }

    [Fact]
    public void Hellaswag_has_its_rows()
    {
        Assert.Equal(2143, Root.Read(Hellaswag, "train").Rows.Count);
        var rows = Root.Read(Hellaswag, "validation").Rows;
        Assert.Equal(2000, rows.Count);
        Assert.All(rows, row => Assert.Equal(4, row.Texts("endings").Count));
        Assert.All(rows, row => Assert.InRange(int.Parse(row.Text("label")), 0, 3));
    }

    [Fact]
    public void The_largest_split_is_read_whole_and_the_time_is_said()
    {
        var root = Root;
        root.Read(Winogrande, "validation");
        var clock = Stopwatch.StartNew();
        var split = root.Read(Winogrande, "train");
        TestContext.Current.TestOutputHelper?.WriteLine($"{split.Rows.Count} rows in {clock.ElapsedMilliseconds} ms");
        Assert.Equal(40398, split.Rows.Count);
    }

    [Fact]
    public void Every_file_is_read_whole_and_the_time_is_said()
    {
        var clock = Stopwatch.StartNew();
        var files = Directory.GetFiles(Shared.Path("data"), "*.parquet", SearchOption.AllDirectories);
        var rows = files.Sum(file => ParquetRows.Read(file).Count);
        TestContext.Current.TestOutputHelper?.WriteLine($"{rows} rows of {files.Length} files in {clock.ElapsedMilliseconds} ms");
        Assert.Equal(1119 + 299 + 1172 + 285 + 1531 + 14042 + 817 + 40398 + 1267 + 7473 + 1319 + 2143 + 2000, rows);
    }
}
