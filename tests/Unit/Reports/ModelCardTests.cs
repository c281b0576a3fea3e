using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using YamlDotNet.Serialization;

namespace Cognito.Eval.Tests;

/// <summary>The card of Cognito-2x7B-bf16, regenerated.</summary>
public sealed class ModelCardTests
{
    private static string Repository => FolderOf("Cognito.Eval.sln");

    private static Run Reference => RunFile.Read(Path.Combine(Repository, "results", "reference", "Cognito-2x7B-bf16.json"));

    private static string FolderOf(string file)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, file)))
            at = at.Parent!;
        return at.FullName;
    }

    [Fact]
    public void The_published_table_is_regenerated_to_the_byte() => Assert.Equal(
        File.ReadAllText(Fixture.Path("card", "table.md")), ModelCard.Table(Reference, TaskSet.Leaderboard.Columns));

    [Fact]
    public void The_published_model_index_is_regenerated()
    {
        var yaml = new DeserializerBuilder().Build();
        string Plain(string text) => new SerializerBuilder().JsonCompatible().Build().Serialize(yaml.Deserialize(text)!);
        var rendered = ModelCard.Yaml(Reference, TaskSet.Leaderboard.Columns);
        Assert.Equal(Plain(File.ReadAllText(Fixture.Path("card", "model-index.yaml"))), Plain(rendered));
        Assert.Contains("value: 71.7\n", rendered);
        Assert.DoesNotContain("{", rendered);
    }

    [Fact]
    public void A_changed_score_changes_its_row_and_the_average()
    {
        var columns = Reference.Leaderboard.Columns.ToDictionary();
        columns["ARC"] = 72.98;
        var little = Reference with { Leaderboard = Reference.Leaderboard with { Columns = columns } };
        Assert.Contains("|75.75|\n", ModelCard.Table(little, TaskSet.Leaderboard.Columns));
        columns["ARC"] = 72.95;
        columns["GSM8K"] = 10;
        var changed = Reference with { Leaderboard = Reference.Leaderboard with { Columns = columns } };
        var table = ModelCard.Table(changed, TaskSet.Leaderboard.Columns);
        Assert.Contains("|GSM8k (5-shot)                   |10.00|\n", table);
        Assert.Contains("|Avg.                             |65.68|\n", table); // 394.11 / 6 = 65.685, to even
    }

    [Fact]
    public void A_changed_score_in_a_measured_run_changes_its_row_and_the_average()
    {
        var tasks = TaskSet.Leaderboard.Tasks.ToDictionary(task => task.Name, Record);
        var results = TaskSet.Leaderboard.Tasks.ToDictionary(task => task.Name, task =>
            (IReadOnlyDictionary<string, double?>)new Dictionary<string, double?> { [task.Headline] = 0.5 });
        var run = new Run
        {
            Results = results,
            Tasks = tasks,
            Leaderboard = new(new Dictionary<string, double?>(), null, false, ["made up"]),
            Provenance = new() { Model = "m" },
        };
        Assert.Contains("|Avg. *                             |50.00|\n", ModelCard.Table(run, TaskSet.Leaderboard.Columns));
        results["winogrande"] = new Dictionary<string, double?> { ["acc"] = 0.8 };
        var table = ModelCard.Table(run, TaskSet.Leaderboard.Columns);
        Assert.Contains("|Winogrande (5-shot) *              |80.00|\n", table);
        Assert.Contains("|Avg. *                             |55.00|\n", table);
        results.Remove("gsm8k");
        tasks.Remove("gsm8k");
        Assert.Contains("|Avg.                               |    -|\n", ModelCard.Table(run, TaskSet.Leaderboard.Columns));
        Assert.Contains("- made up", ModelCard.Render(run, TaskSet.Leaderboard.Columns));
    }

    private static TaskRecord Record(EvalTask task) => new()
    {
        Column = task.ColumnKey,
        Headline = task.Headline,
        Split = task.Split,
        NumFewshot = task.Shots,
        Documents = 1,
        SplitRows = 1,
        IsComplete = false,
        Requests = 1,
        TruncatedRequests = 0,
        TruncatedDocuments = 0,
        NearTies = new(1e-3, 0, []),
        RequestsSha256 = new("", "", ""),
        DataSha256 = new Dictionary<string, string>(),
        DocIds = [0],
        Scores = new Dictionary<string, IReadOnlyList<double>>(),
    };
}
