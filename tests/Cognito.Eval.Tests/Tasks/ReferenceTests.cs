using System.Globalization;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Requests, scores and estimates against the reference's own, on made-up rows and on the whole datasets.</summary>
public sealed class ReferenceTests
{
    private static readonly DataRoot Mini = new(Fixture.Path("mini", "data"));

    private static DataRoot Full => new(Shared.Path("data"));

    /// <summary>HellaSwag's rows at hand are not the full split; its goldens stand in a file of their own.</summary>
    public static TheoryData<string> FullTasks => [.. TaskSet.Leaderboard.Tasks.Select(task => task.Name).Except(["hellaswag"])];

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

    private static void Check(EvalTask task, DataRoot data, JsonNode golden)
    {
        Same(golden["leaderboard"]!, Questions.Ask(task, data, Protocol.LeaderboardV1));
        var variants = golden["variants"]?.AsObject() ?? [];
        foreach (var (_, variant) in variants)
        {
            var shots = variant!["num_fewshot"]!.GetValue<int>();
            Limit? limit = variant["limit"] is { } count ? new Limit(count.GetValue<double>()) : null;
            Same(variant, Questions.Ask(task, data, Protocol.LeaderboardV1, shots, limit));
        }
    }

    private static void Same(JsonNode golden, Questions asked)
    {
        string Hash(string form) => golden[form + "_sha256"]!.GetValue<string>();
        Assert.Equal(golden["n_docs"]!.GetValue<int>(), asked.Docs.Count);
        Assert.Equal(golden["n_requests"]!.GetValue<int>(), asked.Requests.Count());
        Assert.Equal(new RequestDigest(Hash("raw"), Hash("json"), Hash("harness")), asked.Digest);
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
    public void The_columns_and_their_average_are_the_leaderboards()
    {
        var golden = Golden.Json(Fixture.Path("mini", "fake_results.json"));
        var graded = TaskSet.Leaderboard.Tasks.Where(task => MiniTasks.Any(name => name == task.Name))
            .Select(task => Answer(task, Mini, ties: false)).ToList();
        var run = Tally.Count(graded, TaskSet.Leaderboard.Columns, new() { Model = "fake" }, null, []);
        foreach (var (column, value) in golden["leaderboard_columns"]!.AsObject())
            Golden.Close(value!.GetValue<double>(), run.Leaderboard.Columns[column]!.Value, 1e-12, column);
        Golden.Close(golden["leaderboard_average"]!.GetValue<double>(), run.Leaderboard.Average!.Value, 1e-12, "Avg.");
    }

    [Fact]
    public void The_columns_over_the_whole_splits_are_the_leaderboards()
    {
        var golden = Golden.Json(Shared.Path("goldens", "harness", "fake_results.json"));
        var graded = TaskSet.Leaderboard.Tasks.Where(task => task != HellaSwag.Task)
            .Select(task => Answer(task, Full, ties: false)).ToList();
        var run = Tally.Count(graded, TaskSet.Leaderboard.Columns, new() { Model = "fake" }, null, []);
        foreach (var (column, value) in golden["leaderboard_columns"]!.AsObject())
            if (value is null)
                Assert.Null(run.Leaderboard.Columns[column]);
            else
                Golden.Close(value.GetValue<double>(), run.Leaderboard.Columns[column]!.Value, 1e-12 * 100, column);
        Assert.Null(run.Leaderboard.Average);
    }

    private static void Graded(string task, DataRoot data, JsonNode golden, bool ties)
    {
        var expected = (golden["results"] ?? golden).AsObject();
        var graded = Answer(Task(task), data, ties);
        var run = Tally.Count([graded], TaskSet.Leaderboard.Columns, new() { Model = "fake" }, null, []);
        Assert.Equal(expected.Select(metric => metric.Key), run.Results[task].Keys);
        foreach (var (metric, value) in expected)
            Golden.Close(value!.GetValue<double>(), run.Results[task][metric]!.Value, 1e-12, $"{task} {metric}");
        if (task != "truthfulqa_mc" && golden["per_doc_sha256"] is { } hash)
            Assert.Equal(hash.GetValue<string>(), Golden.Sha256(string.Join('\n', graded.Docs.Select(doc => PythonJson(Task(task), doc)))));
    }

    private static GradedTask Answer(EvalTask task, DataRoot data, bool ties)
    {
        var asked = Questions.Ask(task, data, Protocol.LeaderboardV1);
        var solutions = asked.Docs.Select(doc => doc.Doc).OfType<FreeForm>().GroupBy(doc => doc.Query)
            .ToDictionary(doc => doc.Key["Question: ".Length..^"\nAnswer:".Length], doc => doc.Last().Answer);
        return new(asked, [.. asked.Docs.Select(doc =>
        {
            Reply[] replies = [.. doc.Requests.Select(request => Fake.Answer(request, ties, solutions))];
            return new GradedDoc(doc, replies, 0, Grading.Grade(task, doc.Doc, replies));
        })], 0);
    }

    private static string PythonJson(EvalTask task, GradedDoc doc) => "{" + string.Join(", ", task.Metrics.Zip(
        doc.Scores.Values, (metric, value) => $"\"{metric}\": {value.ToString("0.0", CultureInfo.InvariantCulture)}")) + "}";

    private static EvalTask Task(string name) => TaskSet.Leaderboard.Tasks.Single(task => task.Name == name);
}
