using System.Globalization;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

public sealed partial class ReferenceTests
{
    private static void Check(EvalTask task, DataRoot data, JsonNode golden)
    {
        Same(golden["leaderboard"]!, Questions.Ask(task, data, LeaderboardV1.Rules));
        var variants = golden["variants"]?.AsObject() ?? [];
        foreach (var (_, variant) in variants)
        {
            var shots = variant!["num_fewshot"]!.GetValue<int>();
            Limit? limit = variant["limit"] is { } count ? new Limit(count.GetValue<double>()) : null;
            Same(variant, Questions.Ask(task, data, LeaderboardV1.Rules, shots, limit));
        }
    }

    private static void Same(JsonNode golden, Questions asked)
    {
        string Hash(string form) => golden[form + "_sha256"]!.GetValue<string>();
        Assert.Equal(golden["n_docs"]!.GetValue<int>(), asked.Docs.Count);
        Assert.Equal(golden["n_requests"]!.GetValue<int>(), asked.Requests.Count());
        Assert.Equal(new RequestDigest(Hash("raw"), Hash("json"), Hash("harness")), asked.Digest);
    }

    private static void Graded(string task, DataRoot data, JsonNode golden, bool ties)
    {
        var expected = (golden["results"] ?? golden).AsObject();
        var graded = Answer(Task(task), data, ties);
        var run = Tally.Count([graded], LeaderboardV1.Rules, TaskSet.Leaderboard, new() { Model = "fake" }, null, []);
        Assert.Equal(expected.Select(metric => metric.Key), run.Results[task].Keys);
        foreach (var (metric, value) in expected)
            Golden.Close(value!.GetValue<double>(), run.Results[task][metric]!.Value, 1e-12, $"{task} {metric}");
        if (task != "truthfulqa_mc" && golden["per_doc_sha256"] is { } hash)
            Assert.Equal(hash.GetValue<string>(), Golden.Sha256(string.Join('\n', graded.Docs.Select(doc => PythonJson(Task(task), doc)))));
    }

    private static GradedTask Answer(EvalTask task, DataRoot data, bool ties)
    {
        var asked = Questions.Ask(task, data, LeaderboardV1.Rules);
        var solutions = asked.Docs.Select(doc => doc.Doc).OfType<FreeForm>().GroupBy(doc => doc.Query)
            .ToDictionary(doc => doc.Key["Question: ".Length..^"\nAnswer:".Length], doc => doc.Last().Answer);
        return new(asked, [.. asked.Docs.Select(doc =>
        {
            Reply[] replies = [.. doc.Requests.Select(request => Fake.Answer(request, ties, solutions))];
            return new GradedDoc(doc, replies, 0, LeaderboardV1.Rules.Grade(task, doc.Doc, replies));
        })], 0);
    }

    private static string PythonJson(EvalTask task, GradedDoc doc) => "{" + string.Join(", ", task.Metrics.Zip(
        doc.Scores.Values, (metric, value) => $"\"{metric}\": {value.ToString("0.0", CultureInfo.InvariantCulture)}")) + "}";

    private static EvalTask Task(string name) => TaskSet.Leaderboard.Tasks.Single(task => task.Name == name);
}
