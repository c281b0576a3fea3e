using System.Globalization;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Requests, scores and estimates against the reference's own, on made-up rows and on the whole datasets.</summary>
public sealed partial class ReferenceTests
{
    private static readonly DataRoot Mini = new(Fixture.Path("mini", "data"));

    public static TheoryData<string> MiniTasks =>
        [.. Golden.Json(Fixture.Path("mini", "requests.sha256.json"))["tasks"]!.AsObject().Select(task => task.Key)];

    [Theory]
    [MemberData(nameof(MiniTasks))]
    public void Made_up_rows_are_asked_as_the_reference_asks_them(string task)
    {
        var golden = Golden.Json(Fixture.Path("mini", "requests.sha256.json"))["tasks"]![task]!;
        Check(Task(task), Mini, golden);
    }

    [Theory]
    [MemberData(nameof(MiniTasks))]
    public void Made_up_rows_score_as_in_the_reference(string task)
    {
        var golden = Golden.Json(Fixture.Path("mini", "fake_results.json"));
        Graded(task, Mini, golden["tasks"]![task]!, ties: false);
        if (golden["tasks_ties_model"]![task] is { } ties) // log-likelihood tasks alone have ties
            Graded(task, Mini, ties, ties: true);
    }

    [Fact]
    public void The_columns_and_their_average_are_the_leaderboards()
    {
        var golden = Golden.Json(Fixture.Path("mini", "fake_results.json"));
        var graded = TaskSet.Leaderboard.Tasks.Where(task => MiniTasks.Any(name => name == task.Name))
            .Select(task => Answer(task, Mini, ties: false)).ToList();
        var run = Tally.Count(graded, LeaderboardV1.Rules, TaskSet.Leaderboard, new() { Model = "fake" }, null, []);
        foreach (var (column, value) in golden["leaderboard_columns"]!.AsObject())
            Golden.Close(value!.GetValue<double>(), run.Leaderboard.Columns[column]!.Value, 1e-12, column);
        Golden.Close(golden["leaderboard_average"]!.GetValue<double>(), run.Leaderboard.Average!.Value, 1e-12, "Avg.");
    }
}
