using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The benchmarks of tasks/files against what their public definitions ask of made-up rows, by reading (fixtures/shipped-tasks).</summary>
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
    public void A_shipped_task_asks_what_its_public_definition_asks(string name)
    {
        var golden = Golden.Json(Path.Combine(Folder, "goldens", name + ".json"));
        foreach (var (shots, expected) in golden["shots"]!.AsObject())
        {
            var asked = Ask(name, int.Parse(shots));
            Assert.Equal(
                expected!["requests"]!.AsArray().Select(request => request!.ToJsonString()), asked.Requests.Select(request => Line(request).ToJsonString()));
            Assert.Equal(expected["raw_sha256"]!.GetValue<string>(), RequestDigest.Compute(asked.Requests).Raw);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_right_answer_is_the_public_definitions(string name)
    {
        var golden = Golden.Json(Path.Combine(Folder, "goldens", name + ".json"));
        var docs = Ask(name, 0).Docs.Select(doc => (FiledDoc)doc.Doc).ToList();
        if (golden["right"] is { } right)
            Assert.Equal(right.AsArray().Select(place => place!.GetValue<int>()), docs.Select(doc => doc.Gold!.Value));
        if (golden["targets"] is { } targets)
            Assert.Equal(
                targets.AsArray().Select(target => string.Join('\n', target!.AsArray().Select(one => one!.GetValue<string>()))),
                docs.Select(doc => string.Join('\n', (IReadOnlyList<object?>)doc.Answer!)));
        if (golden["words"] is { } words)
        {
            double[][] weights = [.. docs.Select(doc => doc.Grade([new Likelihood(-1, false)]).Weights.ToArray())];
            Assert.Equal(words.AsArray().Select(count => count!.GetValue<double>()), weights.Select(of => of[0]));
            Assert.Equal(golden["bytes"]!.AsArray().Select(count => count!.GetValue<double>()), weights.Select(of => of[1]));
            Assert.Equal(weights.Select(of => of[1]), weights.Select(of => of[2]));
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
