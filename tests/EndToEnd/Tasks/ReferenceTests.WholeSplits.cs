using System.Globalization;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The whole datasets.</summary>
public sealed partial class ReferenceTests
{
    private static DataRoot Full => new(Shared.Path("data"));

    /// <summary>HellaSwag's rows at hand are not the full split; its goldens stand in a file of their own.</summary>
    public static TheoryData<string> FullTasks => [.. TaskSet.Leaderboard.Tasks.Select(task => task.Name).Except(["hellaswag"])];

    [Theory]
    [MemberData(nameof(FullTasks))]
    public void Whole_splits_are_asked_as_the_reference_asks_them(string task)
    {
        var golden = Golden.Json(Shared.Path("goldens", "harness", "requests.sha256.json"))["tasks"]![task]!;
        Check(Task(task), Full, golden);
    }

    [Fact]
    public void HellaSwags_rows_at_hand_are_asked_as_the_reference_asks_them()
    {
        var golden = Golden.Json(Shared.Path("goldens", "harness", "hellaswag_conformance.json"));
        Check(HellaSwag.Task, Full, golden);
    }

    [Theory]
    [MemberData(nameof(FullTasks))]
    public void Whole_splits_score_as_in_the_reference(string task)
    {
        var golden = Golden.Json(Shared.Path("goldens", "harness", "fake_results.json"));
        Graded(task, Full, golden["tasks"]![task]!, ties: false);
        if (golden["tasks_ties_model"]![task] is { } ties)
            Graded(task, Full, ties, ties: true);
    }

    [Fact]
    public void HellaSwags_rows_at_hand_score_as_in_the_reference()
    {
        var golden = Golden.Json(Shared.Path("goldens", "harness", "hellaswag_conformance.json"));
        Graded("hellaswag", Full, golden["results"]!["results"]!["hellaswag"]!, ties: false);
        Graded("hellaswag", Full, golden["results_ties"]!["results"]!["hellaswag"]!, ties: true);
    }

    [Fact]
    public void The_columns_over_the_whole_splits_are_the_leaderboards()
    {
        var golden = Golden.Json(Shared.Path("goldens", "harness", "fake_results.json"));
        var graded = TaskSet.Leaderboard.Tasks.Where(task => task != HellaSwag.Task)
            .Select(task => Answer(task, Full, ties: false)).ToList();
        var run = Tally.Count(graded, LeaderboardV1.Rules, TaskSet.Leaderboard, new() { Model = "fake" }, null, []);
        foreach (var (column, value) in golden["leaderboard_columns"]!.AsObject())
            if (value is null)
                Assert.Null(run.Leaderboard.Columns[column]);
            else
                Golden.Close(value.GetValue<double>(), run.Leaderboard.Columns[column]!.Value, 1e-12 * 100, column);
        Assert.Null(run.Leaderboard.Average);
    }
}
