using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Questions, scores and hashes against lm-evaluation-harness 0.4's own, on made-up rows; by version of it.</summary>
public sealed class LmEval04Tests
{
    private static readonly DataRoot Mini = new(Fixture.Path("mini", "data"));

    public static TheoryData<string, string> Parts =>
    [
        .. from version in (string[])["v04-main", "v04-v0.4.9"]
           from part in Directory.EnumerateFiles(Fixture.Path("mini", version, "parts"))
           select (version, Path.GetFileNameWithoutExtension(part)),
    ];

    [Theory]
    [MemberData(nameof(Parts))]
    public void Made_up_rows_are_asked_as_the_harness_asks_them(string version, string task)
    {
        var golden = Part(version, task);
        Same(golden["leaderboard_shots"]!, Ask(task, Shots(golden["leaderboard_shots"]!), null));
        foreach (var (name, variant) in golden["variants"]!.AsObject())
        {
            var (shots, limit) = Variant(name);
            Same(variant!, Ask(task, shots, limit));
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Made_up_rows_score_as_in_the_harness(string version, string task)
    {
        var golden = Part(version, task);
        Scored(golden["results"]![task]!, task, Ask(task, Shots(golden["leaderboard_shots"]!), null));
        foreach (var (name, variant) in golden["variants"]!.AsObject())
        {
            var (shots, limit) = Variant(name);
            Scored(variant!["results"]!, task, Ask(task, shots, limit));
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Documents_prompts_and_answers_have_the_harness_hashes(string version, string task)
    {
        var golden = Part(version, task);
        var asked = Ask(task, Shots(golden["leaderboard_shots"]!), null);
        LmEvalHashes[] hashes = [.. asked.Docs.Select(doc => LmEvalHashes.Of(asked.Task, doc))];
        string[] First(string key) => [.. golden[key + "_first3"]!.AsArray().Select(hash => hash!.GetValue<string>())];
        Assert.Equal(First("doc_hash"), hashes.Take(3).Select(doc => doc.Doc));
        Assert.Equal(First("prompt_hash"), hashes.Take(3).Select(doc => doc.Prompt));
        Assert.Equal(First("target_hash"), hashes.Take(3).Select(doc => doc.Target));
        Assert.Equal(golden["task_hash"]!.GetValue<string>(), LmEvalHashes.TaskHash(
            asked.Task.LmEval!.Filters.SelectMany(_ => hashes)));
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Versions_shots_and_counts_are_the_harness_own(string version, string task)
    {
        var golden = Part(version, task);
        var asked = Ask(task, Shots(golden["leaderboard_shots"]!), null);
        Assert.Equal(golden["versions"]![task]!.GetValue<double>(), asked.Task.Version.Number);
        Assert.Equal(golden["n-shot"]![task]!.GetValue<int>(), asked.Shots);
        Assert.Equal(golden["n-samples"]![task]!["original"]!.GetValue<int>(), asked.SplitRows);
        Assert.Equal(golden["n-samples"]![task]!["effective"]!.GetValue<int>(), asked.Docs.Count);
        Assert.Equal(
            golden["higher_is_better"]![task]!.AsObject().Select(metric => metric.Key),
            asked.Task.Metrics.Select(metric => metric.Name.Split(',')[0]).Distinct());
    }

    [Theory]
    [InlineData("arc_challenge")]
    [InlineData("hellaswag")]
    [InlineData("truthfulqa_mc1")]
    [InlineData("truthfulqa_mc2")]
    [InlineData("winogrande")]
    [InlineData("gsm8k")]
    public void Every_prompt_is_the_harness_own(string task)
    {
        var golden = Golden.Lines(Fixture.Path("mini", "v04-main", "requests", task + ".jsonl.gz")).ToList();
        var asked = Ask(task, Shots(Part("v04-main", task)["leaderboard_shots"]!), null).Docs.SelectMany(doc => doc.Requests.Select(request => (doc.Row, request))).ToList();
        Assert.Equal(golden.Count, asked.Count);
        foreach (var (expected, (row, request)) in golden.Zip(asked))
        {
            Assert.Equal(expected.GetProperty("doc_id").GetInt32(), row);
            Assert.Equal(expected.GetProperty("context").GetString(), request.Context);
            if (request is LogLikelihood pair)
                Assert.Equal(expected.GetProperty("continuation").GetString(), pair.Continuation);
            else
                Assert.Equal(expected.GetProperty("gen_kwargs").GetProperty("until").EnumerateArray().Select(stop => stop.GetString()!), ((GreedyUntil)request).Stops);
        }
    }

    private static JsonNode Part(string version, string task) => Golden.Json(Fixture.Path("mini", version, "parts", task + ".json"));

    private static int? Shots(JsonNode golden) => golden["num_fewshot"]?.GetValue<int>();

    private static (int? Shots, Limit? Limit) Variant(string name)
    {
        var parts = name.Split(',').Select(part => part.Split('=')[1]).ToArray();
        return (parts[0] == "None" ? null : int.Parse(parts[0]), parts[1] == "None" ? null : Limit.Parse(parts[1]));
    }

    private static EvalTask Task(string name) => TaskSet.LmEval.Tasks.Single(task => task.Name == name);

    private static Questions Ask(string task, int? shots, Limit? limit) => Questions.Ask(Task(task), Mini, LmEval04.Rules, shots, limit);

    private static void Same(JsonNode golden, Questions asked)
    {
        Assert.Equal(golden["n_requests"]!.GetValue<int>(), asked.Requests.Count());
        Assert.Equal(golden["raw_sha256"]!.GetValue<string>(), asked.Digest.Raw);
        Assert.Equal(golden["json_sha256"]!.GetValue<string>(), asked.Digest.Json);
    }

    private static void Scored(JsonNode golden, string task, Questions asked)
    {
        var solutions = asked.Docs.Select(doc => doc.Doc).OfType<FreeForm>().GroupBy(doc => doc.Query)
            .ToDictionary(doc => doc.Key["Question: ".Length..^"\nAnswer:".Length], doc => doc.Last().Answer);
        GradedTask graded = new(asked, [.. asked.Docs.Select(doc =>
        {
            Reply[] replies = [.. doc.Requests.Select(request => Fake.Answer(request, ties: false, solutions))];
            return new GradedDoc(doc, replies, 0, LmEval04.Rules.Grade(asked.Task, doc.Doc, replies));
        })], 0);
        var results = Tally.Count([graded], LmEval04.Rules, TaskSet.LmEval, new() { Model = "fake" }, null, []).Results[task];
        var expected = golden.AsObject().Where(metric => metric.Key.Contains(',')).ToList();
        Assert.Equal(expected.Select(metric => metric.Key), results.Keys);
        foreach (var (metric, value) in expected)
            Golden.Close(value!.GetValue<double>(), results[metric]!.Value, 1e-12, $"{task} {metric}");
    }
}
