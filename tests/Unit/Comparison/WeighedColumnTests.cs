using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>A column of lm-eval-0.4's counts documents alike, wherever it is shown.</summary>
public sealed class WeighedColumnTests
{
    private static readonly (string Task, int Documents, int Right)[] Subjects = [("mmlu_anatomy", 100, 10), ("mmlu_virology", 300, 240)];

    private static Run Made(int more = 0)
    {
        var tasks = Subjects.ToDictionary(subject => subject.Task, subject => Record(subject.Documents, subject.Right + more));
        var results = tasks.ToDictionary(task => task.Key, task => (IReadOnlyDictionary<string, double?>)new Dictionary<string, double?>
        {
            ["acc,none"] = Estimate.FromValues([.. task.Value.Scores["acc,none"]]).Mean,
            ["acc_stderr,none"] = Estimate.FromValues([.. task.Value.Scores["acc,none"]]).StandardError,
        });
        var column = LmEval04.Rules.Column([.. tasks.Select(task => new TaskScore(results[task.Key]["acc,none"], task.Value.Documents))]);
        return new()
        {
            Results = results,
            Tasks = tasks,
            Leaderboard = new(new Dictionary<string, double?> { ["MMLU"] = column }, null, false, ["made up"]),
            Provenance = new() { Model = "made-up", Protocol = "lm-eval-0.4" },
        };
    }

    private static TaskRecord Record(int documents, int right) => new()
    {
        Column = "MMLU",
        Headline = "acc,none",
        Split = "test",
        NumFewshot = 0,
        Documents = documents,
        SplitRows = documents,
        IsComplete = true,
        Requests = 4 * documents,
        TruncatedRequests = 0,
        TruncatedDocuments = 0,
        NearTies = new(1e-3, 0, []),
        RequestsSha256 = new("a", "a", "a"),
        DataSha256 = new Dictionary<string, string>(),
        DocIds = [.. Enumerable.Range(0, documents)],
        Scores = new Dictionary<string, IReadOnlyList<double>> { ["acc,none"] = [.. Enumerable.Range(0, documents).Select(i => i < right ? 1.0 : 0)] },
    };

    [Fact]
    public void The_table_the_page_and_a_comparison_have_the_same_column()
    {
        var run = Made();
        const double Value = 62.5; // (10 + 240) / 400; the subjects' mean would be 45
        Assert.Equal(Value, run.Leaderboard.Columns["MMLU"]!.Value, 12);
        Assert.Equal(Value, ColumnScore.FromRun(run, TaskSet.AllColumns).Single(score => score.Key == "MMLU").Value!.Value, 12);
        var measured = Measured.FromRun(run);
        Assert.Equal(Value, measured.Single(column => column.Name == "MMLU").Value, 12);
        Assert.DoesNotContain(measured, column => column.Name == RunComparison.AverageName);
        var contrast = RunComparison.Create(run, Made(more: 10)).Columns.Single();
        Assert.Equal((Value, 67.5), (Math.Round(contrast.Baseline, 9), Math.Round(contrast.Candidate, 9)));
        Assert.Equal(20, contrast.Wins);
        Assert.Null(contrast.ClusterError);
    }

    [Fact]
    public void Its_error_is_pooled_as_the_harness_pools_it()
    {
        var score = ColumnScore.FromRun(Made(), TaskSet.AllColumns).Single(score => score.Key == "MMLU");
        // sqrt(((100 - 1) s1² 100 + (300 - 1) s2² 300) / (400 - 2) / 400), sᵢ² = pᵢ (1 - pᵢ) / (nᵢ - 1)
        Assert.Equal(100 * Math.Sqrt((0.1 * 0.9 * 100 + 0.8 * 0.2 * 300) / 398 / 400), score.StandardError!.Value, 12);
    }

    [Fact]
    public void The_verdict_is_of_the_column_and_names_no_average() => Assert.Equal(
        "Beyond chance B is better than A on MMLU (by 15.00 points).", VerdictText.Of(RunComparison.Create(Made(), Made(30)), "A", "B"));
}
