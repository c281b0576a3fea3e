using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The benchmarks of tasks/files against what lm-evaluation-harness makes of the same made-up rows (fixtures/shipped-tasks).</summary>
public sealed class ShippedTaskTests
{
    private static readonly string Folder = Fixture.Path("shipped-tasks");
    private static readonly DataRoot Rows = new(Folder);
    private static readonly TaskSet Set = TaskSet.Of(LmEval04.Rules);

    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(Path.Combine(Folder, "goldens")).Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_shipped_task_has_a_golden() => Assert.Equal(
        Names.Select(name => name.Data), ShippedTasks.Names.Except(["commonsense", Wikitext.AsStored]));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_shipped_task_asks_what_the_harness_asks(string name)
    {
        foreach (var (shots, golden) in Goldens(name))
        {
            var asked = Ask(name, shots);
            Assert.Equal(
                golden["requests"]!.AsArray().Select(request => request!.ToJsonString()), asked.Requests.Select(request => Line(request).ToJsonString()));
            Assert.Equal(golden["raw_sha256"]!.GetValue<string>(), RequestDigest.Compute(asked.Requests).Raw);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_shipped_task_is_graded_as_the_harness_grades_it(string name)
    {
        foreach (var (shots, golden) in Goldens(name))
        {
            var graded = FileFake.Answer(Ask(name, shots));
            var metrics = graded.Questions.Task.Metrics;
            foreach (var (line, doc) in golden["per_doc"]!.AsArray().Zip(graded.Docs, (line, doc) => (line!, doc)))
                foreach (var (m, metric) in metrics.Index())
                    Same(line[metric.Name.Split(',')[0]]!, metric.Name, doc.Scores, m);
            var run = Tally.Count([graded], LmEval04.Rules, Set.Select([name]), new() { Model = "fake" }, null, []);
            var results = golden["results"]!.AsObject();
            Assert.Equal(results.Select(metric => metric.Key), run.Results[name].Keys);
            foreach (var (metric, value) in results)
                if (value!.GetValueKind() == System.Text.Json.JsonValueKind.String)
                    Assert.Null(run.Results[name][metric]);
                else
                    Close(value.GetValue<double>(), run.Results[name][metric]!.Value, $"{name} {metric}");
            Assert.Equal(
                golden["higher_is_better"]!.AsObject().Select(metric => (metric.Key, metric.Value!.GetValue<bool>())),
                metrics.Select(metric => (metric.Name.Split(',')[0], metric.HigherIsBetter)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Documents_prompts_and_answers_have_the_harness_hashes(string name)
    {
        foreach (var (shots, golden) in Goldens(name))
        {
            var asked = Ask(name, shots);
            LmEvalHashes[] hashes = [.. asked.Docs.Select(doc => LmEvalHashes.Of(asked.Task, doc))];
            string[] Of(string key) => [.. golden[key + "_hash"]!.AsArray().Select(hash => hash!.GetValue<string>())];
            Assert.Equal(Of("doc"), hashes.Select(doc => doc.Doc));
            Assert.Equal(Of("prompt"), hashes.Select(doc => doc.Prompt));
            Assert.Equal(Of("target"), hashes.Select(doc => doc.Target));
            Assert.Equal(
                golden["version"]!.ToString(), JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(asked.Task.Version))!.ToString());
        }
    }

    [Fact]
    public void All_still_means_the_leaderboards_benchmarks()
    {
        Assert.DoesNotContain(Set.Select(["all"]).Tasks, task => ShippedTasks.Names.Contains(task.Name));
        Assert.Equal(
            ["arc_easy", "boolq", "commonsense_qa", "hellaswag", "openbookqa", "piqa", "social_iqa", "swag", "winogrande"],
            Set.Select(["commonsense"]).Tasks.Select(task => task.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_leaderboards_protocol_says_who_asks_them() => Assert.Equal(
        "--tasks piqa: --protocol lm-eval-0.4 asks it; the leaderboard never did",
        Assert.Throws<Files.InputException>(() => TaskSet.Registered.Select(["piqa"])).Message);

    private static IEnumerable<(int Shots, JsonNode Said)> Goldens(string name) =>
        Golden.Json(Path.Combine(Folder, "goldens", name + ".json"))["shots"]!.AsObject().Select(shots => (int.Parse(shots.Key), shots.Value!));

    /// <summary>A document's value; that of a whole text stands beside the words or bytes that it is of.</summary>
    private static void Same(JsonNode golden, string metric, DocScores scores, int m)
    {
        Close((golden is JsonArray pair ? pair[0]! : golden).GetValue<double>(), scores.Values[m], metric);
        if (golden is JsonArray weighted)
            Assert.Equal(weighted[1]!.GetValue<double>(), scores.Weights[m]);
    }

    private static void Close(double expected, double found, string what) =>
        Golden.Close(expected, found, 1e-12 * Math.Max(1, Math.Abs(expected)), what);

    private static Questions Ask(string name, int shots) => Questions.Ask(
        Set.Tasks.Single(task => task.Name == name), Rows, LmEval04.Rules, name == Wikitext.Name ? null : shots);

    private static JsonArray Line(Request request) => request switch
    {
        LogLikelihoodRolling { Text: var text } => ["loglikelihood_rolling", "", text],
        LogLikelihood { Context: var context, Continuation: var continuation } => ["loglikelihood", context, continuation],
        GreedyUntil { Context: var context, Stops: var stops } => ["generate_until", context, new JsonArray([.. stops.Select(stop => JsonValue.Create(stop))])],
        _ => throw new NotSupportedException(),
    };
}
