using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tests;

/// <summary>Task files of ours against what lm-evaluation-harness itself made of them (fixtures/task-files).</summary>
public sealed class TaskFileTests
{
    private static readonly string Folder = Fixture.Path("task-files");
    private static readonly DataRoot Rows = new(Folder) { WorkingFolder = Folder };
    private static readonly TaskSet Set = TaskFileSet.Read([Path.Combine(Folder, "tasks")], TaskSet.LmEval, ["all"]);

    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(Path.Combine(Folder, "goldens")).Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Tasks => [.. Names.Where(name => Set.Tasks.Any(task => task.Name == name.Data)).Select(name => name.Data)];

    [Fact]
    public void All_of_the_files_are_read() => Assert.Empty(Set.Refused);

    [Theory]
    [MemberData(nameof(Names))]
    public void Files_are_asked_as_the_harness_asks_them(string name)
    {
        var golden = GoldenOf(name);
        Same(golden["leaderboard_shots"]!, Ask(name, null, null));
        foreach (var (variant, expected) in golden["variants"]!.AsObject())
        {
            var (shots, limit) = Variant(variant);
            if (expected!["error"] is null)
                Same(expected, Ask(name, shots, limit));
            else
                Assert.Throws<Files.InputException>(() => Ask(name, shots, limit));
        }
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Every_prompt_is_the_harness_own(string name)
    {
        foreach (var (file, shots) in new[] { ($"{name}.jsonl.gz", (int?)null), ($"{name}.shots3.jsonl.gz", 3) })
        {
            var path = Path.Combine(Folder, "requests", file);
            if (!File.Exists(path))
                continue;
            var asked = Ask(name, shots, null).Single();
            var requests = asked.Docs.SelectMany(doc => doc.Requests.Select(request => (doc.Row, request))).ToList();
            var lines = Golden.Lines(path).ToList();
            Assert.Equal(lines.Count, requests.Count);
            foreach (var (line, (row, request)) in lines.Zip(requests))
            {
                Assert.Equal(line.GetProperty("doc_id").GetInt32(), row);
                Assert.Equal(line.GetProperty("context").GetString(), request.Context);
                if (request is GreedyUntil { Settings: var settings })
                    Assert.Equal(PythonJsonText.Write(settings), PythonJsonText.Write(Plain(JsonNode.Parse(line.GetProperty("gen_kwargs").GetRawText()))));
                else
                    Assert.Equal(line.GetProperty("continuation").GetString(), request is LogLikelihoodRolling whole ? whole.Text : ((LogLikelihood)request).Continuation);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Files_score_as_in_the_harness(string name)
    {
        var golden = GoldenOf(name);
        Scored(golden["results"]!, name, Ask(name, null, null));
        if (golden["results_ties"] is { } ties)
            Scored(ties, name, Ask(name, null, null), ties: true);
        foreach (var (variant, expected) in golden["variants"]!.AsObject().Where(variant => variant.Value!["error"] is null))
        {
            var (shots, limit) = Variant(variant);
            var results = expected!["results"]!;
            Scored(results["name"] is null ? results : new JsonObject { [name] = results.DeepClone() }, name, Ask(name, shots, limit));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Documents_prompts_and_answers_have_the_harness_hashes_and_values(string name)
    {
        var golden = GoldenOf(name);
        foreach (var asked in Ask(name, null, null))
            Logged(golden["tasks"]?[asked.Task.Name] ?? golden, asked);
        foreach (var (variant, expected) in golden["variants"]!.AsObject().Where(variant => variant.Value!["per_doc"] is not null))
        {
            var (shots, limit) = Variant(variant);
            Logged(expected!, Ask(name, shots, limit).Single());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Versions_shots_counts_and_directions_are_the_harness_own(string name)
    {
        var golden = GoldenOf(name);
        foreach (var asked in Ask(name, null, null))
        {
            var task = asked.Task;
            Assert.Equal(golden["versions"]![task.Name]!.ToString(), JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(task.Version))!.ToString());
            Assert.Equal(golden["n-shot"]![task.Name]!.GetValue<int>(), asked.Shots);
            Assert.Equal(golden["n-samples"]![task.Name]!["original"]!.GetValue<int>(), asked.SplitRows);
            Assert.Equal(golden["n-samples"]![task.Name]!["effective"]!.GetValue<int>(), asked.Docs.Count);
            Assert.Equal(
                golden["higher_is_better"]![task.Name]!.AsObject().Select(metric => (metric.Key, metric.Value!.GetValue<bool>())).Order(),
                task.Metrics.Select(metric => (metric.Name.Split(',')[0], metric.HigherIsBetter)).Distinct().Order());
            if (golden["config_keys"] is { } keys && golden["tasks"] is null)
                Assert.Equal(keys.AsArray().Select(key => key!.GetValue<string>()), task.LmEval!.Dumped!(asked.Shots).Keys);
        }
        foreach (var group in Set.Select(name).Scored.Where(group => group.IsAskedByName))
        {
            Assert.Equal(golden["versions"]![group.Name]!.GetValue<string>(), group.Version);
            Assert.Equal(golden["group_subtasks"]![group.Name]!.AsArray().Select(member => member!.GetValue<string>()), group.Members);
        }
    }

    private static JsonNode GoldenOf(string name) => Golden.Json(Path.Combine(Folder, "goldens", name + ".json"));

    /// <summary>A task, or those of a group or tag in its order.</summary>
    private static IReadOnlyList<Questions> Ask(string name, int? shots, Limit? limit) =>
    [
        .. (Set.Groups.GetValueOrDefault(name) ?? [Set.Tasks.Single(task => task.Name == name)]).Select(task =>
            Questions.Ask(task, Rows, LmEval04.Rules, task.ShotOrder == ShotOrder.None ? null : shots, limit)),
    ];

    private static (int? Shots, Limit? Limit) Variant(string name)
    {
        var parts = name.Split(',').Select(part => part.Split('=')[1]).ToArray();
        return (parts[0] is "None" or "default" ? null : int.Parse(parts[0]), parts[1] == "None" ? null : Limit.Parse(parts[1]));
    }

    private static void Same(JsonNode golden, IReadOnlyList<Questions> asked)
    {
        var digest = RequestDigest.Compute(asked.SelectMany(task => task.Requests));
        Assert.Equal(golden["n_requests"]!.GetValue<int>(), asked.Sum(task => task.Requests.Count()));
        Assert.Equal(golden["raw_sha256"]!.GetValue<string>(), digest.Raw);
        Assert.Equal(golden["json_sha256"]!.GetValue<string>(), digest.Json);
    }

    private static void Scored(JsonNode golden, string name, IReadOnlyList<Questions> asked, bool ties = false)
    {
        var run = Tally.Count([.. asked.Select(task => FileFake.Answer(task, ties))], LmEval04.Rules, Set.Select(name), new() { Model = "fake" }, null, []);
        foreach (var (task, values) in golden.AsObject())
        {
            var results = run.Results.GetValueOrDefault(task) ?? run.Groups![task];
            var expected = values!.AsObject().Where(metric => metric.Key.Contains(',')).ToList();
            Assert.Equal(expected.Select(metric => metric.Key), results.Keys);
            foreach (var (metric, value) in expected)
                if (value!.GetValueKind() == System.Text.Json.JsonValueKind.String)
                    Assert.Null(results[metric]);
                else
                    Golden.Close(1, results[metric]!.Value / (value.GetValue<double>() is var right && right == 0 ? results[metric]!.Value == 0 ? double.NaN : 0 : right) is var ratio && double.IsNaN(ratio) ? 1 : ratio, 1e-12, $"{task} {metric}");
        }
    }

    private static void Logged(JsonNode golden, Questions asked)
    {
        LmEvalHashes[] hashes = [.. asked.Docs.Select(doc => LmEvalHashes.Of(asked.Task, doc))];
        string[] First(string key) => [.. golden[key + "_first3"]!.AsArray().Select(hash => hash!.GetValue<string>())];
        Assert.Equal(First("doc_hash"), hashes.Take(3).Select(doc => doc.Doc));
        Assert.Equal(First("prompt_hash"), hashes.Take(3).Select(doc => doc.Prompt));
        Assert.Equal(First("target_hash"), hashes.Take(3).Select(doc => doc.Target));
        Assert.Equal(golden["task_hash"]!.GetValue<string>(), LmEvalHashes.TaskHash(asked.Task.LmEval!.Filters.SelectMany(_ => hashes)));
        Assert.Equal(golden["n_samples_logged"]!.GetValue<int>(), asked.Task.LmEval!.Filters.Count * asked.Docs.Count);
        var graded = FileFake.Answer(asked);
        var lines = golden["per_doc"]!.AsArray();
        var at = 0;
        foreach (var filter in asked.Task.LmEval!.Filters)
            foreach (var doc in graded.Docs)
            {
                var line = lines[at++]!;
                Assert.Equal(filter.Name, line["filter"]!.GetValue<string>());
                Assert.Equal(PythonValue.Repr(Plain(line["target"])), PythonValue.Repr(((FiledDoc)doc.Asked.Doc).Answer));
                foreach (var (m, metric) in asked.Task.Metrics.Index().Where(metric => metric.Item.Name.Split(',')[1] == filter.Name))
                    Same(line[metric.Name.Split(',')[0]]!, metric.Name, doc.Scores.Values[m], doc.Scores.Weights.Count > 0 ? doc.Scores.Weights[m] : double.NaN);
            }
        Assert.Equal(lines.Count, at);
    }

    private static void Same(JsonNode golden, string metric, double value, double weight)
    {
        if (golden is not JsonArray pair)
            Golden.Close(golden.GetValue<double>(), value, 1e-12, metric);
        else if (metric.StartsWith("brier_score", StringComparison.Ordinal))
            Golden.Close(pair[1]!.AsArray().Select((p, i) => Math.Pow(p!.GetValue<double>() - (i == pair[0]!.GetValue<int>() ? 1 : 0), 2)).Sum(), value, 1e-12, metric);
        else
        {
            var isLabel = metric[..metric.IndexOf(',')] is "f1" or "mcc";
            Golden.Close(pair[isLabel ? 1 : 0]!.GetValue<double>(), value, 1e-12, metric);
            Golden.Close(pair[isLabel ? 0 : 1]!.GetValue<double>(), weight, 0, metric);
        }
    }

    /// <summary>JSON as a value of Python's.</summary>
    private static object? Plain(JsonNode? node) => node switch
    {
        null => null,
        JsonArray list => list.Select(Plain).ToArray(),
        JsonObject part => new OrderedDictionary<string, object?>(part.Select(it => KeyValuePair.Create(it.Key, Plain(it.Value)))),
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonValue value when value.ToJsonString() is var written && written.AsSpan().ContainsAny('.', 'e') => value.GetValue<double>(),
        JsonValue value => value.GetValue<long>(),
        _ => throw new NotSupportedException(),
    };
}
