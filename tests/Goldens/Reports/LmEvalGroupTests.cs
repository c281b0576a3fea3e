using System.Globalization;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Groups of written results, and what lm-evaluation-harness reads of them: its schema, its table.</summary>
public sealed class LmEvalGroupTests : LmEvalRuns
{
    [Fact]
    public async Task Mmlu_asked_whole_has_its_groups()
    {
        var sizes = Subjects(1, 4);
        var made = await MakeAsync("mmlu", 1, DataRoot.Open(Path.Combine(Folder.Path, "data")));
        string[] parts = ["mmlu_stem", "mmlu_other", "mmlu_social_sciences", "mmlu_humanities"];
        var (json, results) = (made.Results, made.Results["results"]!);
        Assert.Equal(["results", "groups", "group_subtasks", "configs"], Keys(json).Take(4));
        // A group's tasks stand together, and what holds others comes after them.
        Assert.Equal(62, Keys(results).Length);
        Assert.Equal(
            ["mmlu_abstract_algebra", "mmlu_anatomy", "mmlu_astronomy", "mmlu_college_biology"], Keys(results).Take(4));
        Assert.Equal("mmlu_business_ethics", Keys(results)[19]);
        Assert.Equal([.. parts, "mmlu"], Keys(results).Skip(57));
        Assert.Equal([.. parts, "mmlu"], Keys(json["groups"]));
        Assert.Equal(["mmlu", .. parts], Keys(json["group_subtasks"]));
        Assert.Equal(parts, Texts(json["group_subtasks"]!["mmlu"]));
        Assert.Equal(Keys(results).Take(57), Keys(json["n-samples"]));
        Assert.Equal(Keys(results).Take(57).Order(StringComparer.Ordinal), Keys(json["configs"]));
        Assert.Equal("2", json["versions"]!["mmlu"]!.GetValue<string>());
        Assert.Equal("1.0", json["versions"]!["mmlu_anatomy"]!.ToJsonString());
        // What is handed on from members reaches the groups of tasks, not the group of groups.
        Assert.Equal(Keys(json["versions"]).Except(["mmlu"]), Keys(json["n-shot"]));
        Assert.Equal(Keys(json["n-shot"]), Keys(json["higher_is_better"]));
        Assert.Equal(1, json["n-shot"]!["mmlu_stem"]!.GetValue<int>());
        Assert.Equal("""{"acc":true}""", json["higher_is_better"]!["mmlu_stem"]!.ToJsonString());
        foreach (var group in (string[])[.. parts, "mmlu"])
            Pooled(json, group, sizes);
    }

    /// <summary>A group's score: its documents all count the same, and the tasks' variances are pooled.</summary>
    private static void Pooled(JsonNode json, string name, IReadOnlyDictionary<string, int> sizes)
    {
        string[] Leaves(string group) => [.. Texts(json["group_subtasks"]![group]).SelectMany(member =>
            json["group_subtasks"]![member] is null ? [member] : Leaves(member))];
        var (group, results, leaves) = (json["results"]![name]!, json["results"]!, Leaves(name));
        var n = leaves.Sum(task => sizes[task]);
        double Score(string task) => Number(results[task]!["acc,none"]);
        double Variance(string task) => Math.Pow(Number(results[task]!["acc_stderr,none"]), 2);
        Assert.Equal(["alias", "name", "sample_len", "acc,none", "acc_stderr,none", "sample_count"], Keys(group));
        Assert.Equal(name == "mmlu" ? "mmlu" : name["mmlu_".Length..].Replace('_', ' '), group["alias"]!.GetValue<string>());
        Assert.Equal(n, group["sample_len"]!.GetValue<int>());
        Assert.Equal($$"""{"acc,none":{{n}}}""", group["sample_count"]!.ToJsonString());
        Golden.Close(leaves.Sum(task => Score(task) * sizes[task]) / n, Number(group["acc,none"]), 1e-12, name);
        var pooled = leaves.Sum(task => (sizes[task] - 1) * Variance(task) * sizes[task]) / (n - leaves.Length);
        Golden.Close(Math.Sqrt(pooled / n), Number(group["acc_stderr,none"]), 1e-12, name);
        Assert.Equal(group.ToJsonString(), json["groups"]![name]!.ToJsonString());
    }

    /// <summary>Made-up rows of every subject, two or more each.</summary>
    private Dictionary<string, int> Subjects(int examples, int most)
    {
        string Rows(string subject, int count) => string.Concat(Enumerable.Range(0, count).Select(i => $$"""
            {"question": "{{subject}} {{i}}?", "subject": "{{subject}}", "choices": ["a", "b", "c", "d"], "answer": {{i % 4}}}

            """));
        var sizes = new Dictionary<string, int>();
        foreach (var (i, task) in Mmlu.LmEval.Index())
        {
            var subject = task.Name["mmlu_".Length..];
            sizes[task.Name] = 2 + i % (most - 1);
            Folder.Write($"data/mmlu/{subject}/dev.jsonl", Rows($"{subject} dev", examples));
            Folder.Write($"data/mmlu/{subject}/test.jsonl", Rows(subject, sizes[task.Name]));
        }
        return sizes;
    }

    [Fact]
    public async Task One_document_has_no_error_and_neither_has_its_group()
    {
        var one = await MakeAsync("arc_challenge", 0, limit: "1");
        Assert.Equal("N/A", one.Results["results"]!["arc_challenge"]!["acc_norm_stderr,none"]!.GetValue<string>());
        Assert.Equal("1.0", one.Results["config"]!["limit"]!.ToJsonString());
        Subjects(0, 2);
        File.WriteAllLines(Path.Combine(Folder.Path, "data", "mmlu", "anatomy", "test.jsonl"),
            File.ReadLines(Path.Combine(Folder.Path, "data", "mmlu", "anatomy", "test.jsonl")).Take(1).ToList());
        var groups = (await MakeAsync("mmlu", 0, DataRoot.Open(Path.Combine(Folder.Path, "data")))).Results["groups"]!;
        Assert.Equal("N/A", groups["mmlu_stem"]!["acc_stderr,none"]!.GetValue<string>());
        Assert.Equal("N/A", groups["mmlu"]!["acc_stderr,none"]!.GetValue<string>());
        Assert.True(groups["mmlu_other"]!["acc_stderr,none"]!.GetValue<double>() >= 0);
    }

    /// <summary>lm_eval/result_schema.py: its keys and their types, where a key is there.</summary>
    [Fact]
    public async Task What_is_written_keeps_to_the_harness_own_schema()
    {
        var made = await MakeAsync(Mixed, 0, limit: "0.3");
        var json = made.Results;
        Assert.All(json["results"]!.AsObject(), task =>
        {
            Assert.True(IsText(task.Value!["name"]) && IsText(task.Value["alias"]) && IsWhole(task.Value["sample_len"]));
            Assert.All(
                task.Value.AsObject().Where(value => value.Key.Contains(',')), value => Assert.True(IsFloat(value.Value)));
        });
        Assert.All(json["n-shot"]!.AsObject(), shots => Assert.True(IsWhole(shots.Value)));
        Assert.All(json["versions"]!.AsObject(), version => Assert.True(IsFloat(version.Value) || IsText(version.Value)));
        Assert.All(json["higher_is_better"]!.AsObject().SelectMany(task => task.Value!.AsObject()), metric =>
            Assert.True(metric.Value!.GetValue<bool>()));
        Assert.All(json["n-samples"]!.AsObject(), counts =>
        {
            Assert.Equal(["original", "effective"], Keys(counts.Value));
            Assert.All(counts.Value!.AsObject(), count => Assert.True(IsWhole(count.Value)));
        });
        Assert.True(IsFloat(json["date"]));
        string[] texts = ["pretty_env_info", "transformers_version", "lm_eval_version", "model_source", "model_name",
            "model_name_sanitized", "total_evaluation_time_seconds"];
        Assert.All(texts, key => Assert.True(IsText(json[key]), key));
        string[] none = ["git_hash", "upper_git_hash", "system_instruction", "chat_template", "fewshot_as_multiturn"];
        Assert.All(none, key => Assert.True(json.AsObject().ContainsKey(key) && json[key] is null, key));
        Assert.True(IsWhole(json["max_length"]));
        Assert.All(json["task_hashes"]!.AsObject(), hash => Assert.Equal(64, hash.Value!.GetValue<string>().Length));
        Assert.Equal(
            ["model", "model_args", "batch_size", "batch_sizes", "device", "use_cache", "limit", "bootstrap_iters",
                "gen_kwargs", "random_seed", "numpy_seed", "torch_seed", "fewshot_seed"], Keys(json["config"]));
        Assert.Equal([0, 1234, 1234, 1234], Keys(json["config"])[^4..].Select(seed => json["config"]![seed]!.GetValue<int>()));
        // A version as Python's packaging reads one: of the commit that is followed, built by somebody else.
        Assert.Matches(
            @"^0\.4\.13\.dev0\+cognito-eval(\.[0-9a-z]+([-.][0-9a-z]+)*)$", json["lm_eval_version"]!.GetValue<string>());
        Assert.All(made.Samples.Values.SelectMany(lines => lines).Select(line => JsonNode.Parse(line)!), Logged);
    }

    private static void Logged(JsonNode line)
    {
        Assert.True(IsWhole(line["doc_id"]) && line["doc"] is JsonObject && IsText(line["target"]) && IsText(line["filter"]));
        Assert.All(line["arguments"]!.AsObject(), pair => Assert.Equal(["arg_0", "arg_1"], Keys(pair.Value)));
        Assert.Equal(line["arguments"]!.AsObject().Count, line["resps"]!.AsArray().Count);
        Assert.Equal(line["resps"]!.AsArray().Count, line["filtered_resps"]!.AsArray().Count);
        var metrics = Texts(line["metrics"]);
        Assert.Equal(metrics, Keys(line).Skip(11));
        Assert.All(metrics, metric => Assert.True(IsFloat(line[metric])));
    }

    private static bool IsText(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.String;

    private static bool IsWhole(JsonNode? node) => node?.ToJsonString().All(c => char.IsAsciiDigit(c) || c == '-') == true;

    private static bool IsFloat(JsonNode? node) =>
        node?.GetValueKind() == System.Text.Json.JsonValueKind.Number && !IsWhole(node);

    /// <summary>What make_table of lm_eval/utils.py takes from each entry: it prints a metric and its error.</summary>
    [Fact]
    public async Task Every_row_of_the_harness_own_table_can_be_made()
    {
        var json = (await MakeAsync(Mixed, 0)).Results;
        foreach (var (name, entry) in json["results"]!.AsObject())
        {
            Assert.NotNull(json["versions"]![name]);
            Assert.NotNull(json["n-shot"]![name]);
            string[] metrics = [.. Keys(entry).Except(["name", "alias", "sample_len"])];
            Assert.All(metrics, metric => Assert.Contains(',', metric));
            foreach (var metric in metrics.Where(metric => !metric.Contains("_stderr")))
                Assert.True(json["higher_is_better"]![name]![metric.Split(',')[0]]!.GetValue<bool>()
                    && metrics.Contains(Metric.ErrorOf(metric)), $"{name} {metric}");
        }
    }
}
