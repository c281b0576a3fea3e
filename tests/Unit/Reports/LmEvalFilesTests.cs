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

/// <summary>The files that a run becomes, against those that lm-evaluation-harness made of the same made-up rows and answers.</summary>
public sealed class LmEvalFilesTests : IDisposable
{
    private static readonly DataRoot Mini = DataRoot.Open(Fixture.Path("mini", "data"));

    /// <summary>A task of each kind.</summary>
    private const string Mixed = "arc_challenge,hellaswag,mmlu_us_foreign_policy,truthfulqa_mc1,truthfulqa_mc2,winogrande,gsm8k";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Parts =>
        [.. Directory.EnumerateFiles(Fixture.Path("mini", "v04-main", "parts")).Select(file => Path.GetFileNameWithoutExtension(file)!)];

    private sealed record Made(JsonNode Results, IReadOnlyDictionary<string, string[]> Samples, string File);

    /// <summary>Runs the fake model, and writes the files of the run.</summary>
    private async Task<Made> MakeAsync(
        string tasks, int? shots, DataRoot? data = null, LmEval04? protocol = null, string? limit = null, ModelIdentity? identity = null)
    {
        var reported = await RunAsync(tasks, shots, data, protocol, limit, identity);
        return Write(reported, data ?? Mini, Path.Combine(_folder.Path, "out"));
    }

    private async Task<ReportedRun> RunAsync(
        string tasks, int? shots, DataRoot? data = null, LmEval04? protocol = null, string? limit = null, ModelIdentity? identity = null,
        DetailLevel details = DetailLevel.Scores)
    {
        protocol ??= LmEval04.Rules;
        var asked = Evaluator.Ask(TaskSet.Of(protocol).Select(tasks), new()
        {
            Data = data ?? Mini,
            Protocol = protocol,
            Shots = shots,
            Limit = limit is null ? null : Limit.Parse(limit),
            Output = Path.Combine(_folder.Path, "runs"),
            Details = details,
        });
        var solutions = asked.Questions.SelectMany(task => task.Docs).Select(doc => doc.Doc).OfType<FreeForm>().GroupBy(doc => doc.Query)
            .ToDictionary(doc => doc.Key["Question: ".Length..^"\nAnswer:".Length], doc => doc.Last().Answer);
        using var model = new FakeHarnessModel(solutions) { Identity = identity ?? new() { Name = "fake" } };
        await Evaluator.RunAsync(model, asked);
        return ReportedRun.Read([Path.Combine(_folder.Path, "runs")])[0];
    }

    private static Made Write(ReportedRun reported, DataRoot data, string output)
    {
        var (results, samples) = LmEvalFiles.Write(
            reported, TaskSet.Of(Protocol.Of(reported.Run.Provenance.Protocol)), data, output);
        var date = Path.GetFileNameWithoutExtension(results).Split('_')[^1];
        return new(JsonNode.Parse(File.ReadAllText(results))!, samples.ToDictionary(
            file => Path.GetFileName(file)["samples_".Length..^$"_{date}.jsonl".Length], File.ReadAllLines), results);
    }

    private static string[] Keys(JsonNode? node) => [.. node!.AsObject().Select(key => key.Key)];

    private static JsonNode Part(string task) => Golden.Json(Fixture.Path("mini", "v04-main", "parts", task + ".json"));

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task A_task_is_written_as_the_harness_writes_it(string task)
    {
        var golden = Part(task);
        var made = await MakeAsync(task, golden["leaderboard_shots"]!["num_fewshot"]?.GetValue<int>());

        // Tokenizer's keys are there where there is one; the tracker's come behind.
        string[] expected = [.. golden["keys"]!.AsArray().Select(key => key!.GetValue<string>()).Where(key => key != "samples")];
        Assert.Equal(expected, Keys(made.Results).Take(expected.Length));
        Assert.Equal(
            ["max_length", "task_hashes", "model_source", "model_name", "model_name_sanitized", "system_instruction", "system_instruction_sha",
                "fewshot_as_multiturn", "chat_template", "chat_template_sha", "total_evaluation_time_seconds"],
            Keys(made.Results).Skip(expected.Length));
        foreach (var key in (string[])["versions", "n-shot", "higher_is_better", "n-samples"])
            Assert.Equal(golden[key]!.ToJsonString(), made.Results[key]!.ToJsonString());
        var (theirs, ours) = (golden["results"]![task]!, made.Results["results"]![task]!);
        Assert.Equal([task], Keys(made.Results["results"]));
        Assert.Equal(Keys(theirs), Keys(ours));
        foreach (var (metric, value) in theirs.AsObject())
            if (metric.Contains(','))
                Golden.Close(value!.GetValue<double>(), ours[metric]!.GetValue<double>(), 1e-12, $"{task} {metric}");
            else
                Assert.Equal(value!.ToJsonString(), ours[metric]!.ToJsonString());
        Assert.Equal(golden["config_keys"]!.AsArray().Select(key => key!.GetValue<string>()), Keys(made.Results["configs"]![task]));
        Assert.Equal(golden["gen_kwargs"]?.ToJsonString(), made.Results["configs"]![task]!["generation_kwargs"]?.ToJsonString());
        Assert.Equal(golden["task_hash"]!.GetValue<string>(), made.Results["task_hashes"]![task]!.GetValue<string>());
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task Documents_are_logged_as_the_harness_logs_them(string task)
    {
        var golden = Part(task);
        var made = await MakeAsync(task, golden["leaderboard_shots"]!["num_fewshot"]?.GetValue<int>());
        var lines = made.Samples[task];
        Assert.Equal(golden["n_samples_logged"]!.GetValue<int>(), lines.Length);
        Assert.Equal(AsWritten(golden["first_sample"]!).ToJsonString(), JsonNode.Parse(lines[0])!.ToJsonString());
        Assert.StartsWith("{\"doc_id\": 0, \"doc\": {\"", lines[0]);
        foreach (var hash in (string[])["doc_hash", "prompt_hash", "target_hash"])
            Assert.Equal(golden[hash + "_first3"]!.AsArray().Select(value => value!.GetValue<string>()),
                lines.Take(3).Select(line => JsonNode.Parse(line)![hash]!.GetValue<string>()));
    }

    /// <summary>What becomes of a logged document on its way into the file: arguments by name, the rest of it text.</summary>
    private static JsonNode AsWritten(JsonNode logged)
    {
        var line = logged.DeepClone().AsObject();
        line["target"] = Text(logged["target"]!);
        line["arguments"] = new JsonObject(logged["arguments"]!.AsArray().Select((pair, i) => KeyValuePair.Create($"gen_args_{i}", (JsonNode?)new JsonObject
        {
            ["arg_0"] = pair![0]!.DeepClone(),
            ["arg_1"] = pair[1]!.DeepClone(),
        })));
        line["resps"] = Texts(logged["resps"]!);
        line["filtered_resps"] = Texts(logged["filtered_resps"]!);
        return line;
    }

    private static JsonNode Texts(JsonNode node) => node is JsonArray list ? new JsonArray([.. list.Select(item => Texts(item!))]) : Text(node);

    private static string Text(JsonNode leaf) => leaf.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.True => "True",
        System.Text.Json.JsonValueKind.False => "False",
        System.Text.Json.JsonValueKind.String => leaf.GetValue<string>(),
        _ => leaf.ToJsonString(),
    };

    [Fact]
    public async Task Every_document_stands_once_for_each_filter()
    {
        var lines = (await MakeAsync("gsm8k", 5)).Samples["gsm8k"].Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal([.. Enumerable.Repeat("strict-match", 60), .. Enumerable.Repeat("flexible-extract", 60)], lines.Select(line => line["filter"]!.GetValue<string>()));
        Assert.Equal([.. Enumerable.Range(0, 60), .. Enumerable.Range(0, 60)], lines.Select(line => line["doc_id"]!.GetValue<int>()));
        // The means of both are the harness's own results.
        Golden.Close(0.55, lines.Take(60).Average(line => line["exact_match"]!.GetValue<double>()), 1e-12, "strict-match");
        Golden.Close(0.7333333333333333, lines.Skip(60).Average(line => line["exact_match"]!.GetValue<double>()), 1e-12, "flexible-extract");
        Assert.Equal("[invalid]", lines.First(line => line["resps"]![0]![0]!.GetValue<string>() == "")["filtered_resps"]![0]!.GetValue<string>());
    }

    [Fact]
    public async Task A_task_s_configuration_holds_what_its_file_says()
    {
        var config = (await MakeAsync("gsm8k", 3)).Results["configs"]!["gsm8k"]!;
        Assert.Equal(3, config["num_fewshot"]!.GetValue<int>());
        Assert.Equal("[{\"metric\":\"exact_match\",\"aggregation\":\"mean\",\"higher_is_better\":true,\"ignore_case\":true,\"ignore_punctuation\":false,"
            + "\"regexes_to_ignore\":[\",\",\"\\\\$\",\"(?s).*#### \",\"\\\\.$\"]}]", config["metric_list"]!.ToJsonString());
        Assert.Equal(["strict-match", "flexible-extract"], config["filter_list"]!.AsArray().Select(filter => filter!["name"]!.GetValue<string>()));
        Assert.Equal(-1, config["filter_list"]![1]!["filter"]![0]!["group_select"]!.GetValue<int>());
        Assert.Equal("{\"version\":3.0,\"pretrained\":\"fake\",\"config_source\":\"inline\"}", config["metadata"]!.ToJsonString());
        Assert.Equal(
            ["sampler", "split", "process_docs", "fewshot_indices", "samples", "doc_to_text", "doc_to_choice", "doc_to_target", "gen_prefix",
                "fewshot_delimiter", "target_delimiter"], Keys(config["fewshot_config"]));
        Assert.Equal(("default", "train"), (config["fewshot_config"]!["sampler"]!.GetValue<string>(), config["fewshot_config"]!["split"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Mmlu_asked_whole_has_its_groups()
    {
        var sizes = Subjects(1, 4);
        var made = await MakeAsync("mmlu", 1, DataRoot.Open(Path.Combine(_folder.Path, "data")));
        string[] parts = ["mmlu_stem", "mmlu_other", "mmlu_social_sciences", "mmlu_humanities"];
        var (json, results) = (made.Results, made.Results["results"]!);
        Assert.Equal(["results", "groups", "group_subtasks", "configs"], Keys(json).Take(4));
        // A group's tasks stand together, and what holds others comes after them.
        Assert.Equal(62, Keys(results).Length);
        Assert.Equal(["mmlu_abstract_algebra", "mmlu_anatomy", "mmlu_astronomy", "mmlu_college_biology"], Keys(results).Take(4));
        Assert.Equal("mmlu_business_ethics", Keys(results)[19]);
        Assert.Equal([.. parts, "mmlu"], Keys(results).Skip(57));
        Assert.Equal([.. parts, "mmlu"], Keys(json["groups"]));
        Assert.Equal(["mmlu", .. parts], Keys(json["group_subtasks"]));
        Assert.Equal(parts, json["group_subtasks"]!["mmlu"]!.AsArray().Select(name => name!.GetValue<string>()));
        Assert.Equal(Keys(results).Take(57), Keys(json["n-samples"]));
        Assert.Equal(Keys(results).Take(57).Order(StringComparer.Ordinal), Keys(json["configs"]));
        Assert.Equal("2", json["versions"]!["mmlu"]!.GetValue<string>());
        Assert.Equal("1.0", json["versions"]!["mmlu_anatomy"]!.ToJsonString());
        // What is handed on from members reaches the groups of tasks, not the group of groups.
        Assert.Equal(Keys(json["versions"]).Except(["mmlu"]), Keys(json["n-shot"]));
        Assert.Equal(Keys(json["n-shot"]), Keys(json["higher_is_better"]));
        Assert.Equal((1, "{\"acc\":true}"), (json["n-shot"]!["mmlu_stem"]!.GetValue<int>(), json["higher_is_better"]!["mmlu_stem"]!.ToJsonString()));
        foreach (var group in (string[])[.. parts, "mmlu"])
            Pooled(json, group, sizes);
    }

    /// <summary>A group's score: its documents all count the same, and the tasks' variances are pooled.</summary>
    private static void Pooled(JsonNode json, string name, IReadOnlyDictionary<string, int> sizes)
    {
        string[] Leaves(string group) => [.. json["group_subtasks"]![group]!.AsArray().Select(member => member!.GetValue<string>())
            .SelectMany(member => json["group_subtasks"]![member] is null ? [member] : Leaves(member))];
        var (group, results, leaves) = (json["results"]![name]!, json["results"]!, Leaves(name));
        var n = leaves.Sum(task => sizes[task]);
        double Of(string task, string metric) => results[task]![metric]!.GetValue<double>();
        Assert.Equal(["alias", "name", "sample_len", "acc,none", "acc_stderr,none", "sample_count"], Keys(group));
        Assert.Equal(name == "mmlu" ? "mmlu" : name["mmlu_".Length..].Replace('_', ' '), group["alias"]!.GetValue<string>());
        Assert.Equal((n, $"{{\"acc,none\":{n}}}"), (group["sample_len"]!.GetValue<int>(), group["sample_count"]!.ToJsonString()));
        Golden.Close(leaves.Sum(task => Of(task, "acc,none") * sizes[task]) / n, group["acc,none"]!.GetValue<double>(), 1e-12, name);
        var pooled = leaves.Sum(task => (sizes[task] - 1) * Math.Pow(Of(task, "acc_stderr,none"), 2) * sizes[task]) / (n - leaves.Length);
        Golden.Close(Math.Sqrt(pooled / n), group["acc_stderr,none"]!.GetValue<double>(), 1e-12, name);
        Assert.Equal(group.ToJsonString(), json["groups"]![name]!.ToJsonString());
    }

    /// <summary>Made-up rows of every subject, two or more each.</summary>
    private Dictionary<string, int> Subjects(int examples, int most)
    {
        string Row(string subject, int i) =>
            $$"""{"question": "{{subject}} {{i}}?", "subject": "{{subject}}", "choices": ["a", "b", "c", "d"], "answer": {{i % 4}}}""" + "\n";
        var sizes = new Dictionary<string, int>();
        foreach (var (i, task) in Mmlu.LmEval.Index())
        {
            var subject = task.Name["mmlu_".Length..];
            sizes[task.Name] = 2 + i % (most - 1);
            _folder.Write($"data/mmlu/{subject}/dev.jsonl", string.Concat(Enumerable.Range(0, examples).Select(row => Row($"{subject} dev", row))));
            _folder.Write($"data/mmlu/{subject}/test.jsonl", string.Concat(Enumerable.Range(0, sizes[task.Name]).Select(row => Row(subject, row))));
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
        File.WriteAllLines(Path.Combine(_folder.Path, "data", "mmlu", "anatomy", "test.jsonl"),
            File.ReadLines(Path.Combine(_folder.Path, "data", "mmlu", "anatomy", "test.jsonl")).Take(1).ToList());
        var groups = (await MakeAsync("mmlu", 0, DataRoot.Open(Path.Combine(_folder.Path, "data")))).Results["groups"]!;
        Assert.Equal("N/A", groups["mmlu_stem"]!["acc_stderr,none"]!.GetValue<string>());
        Assert.Equal("N/A", groups["mmlu"]!["acc_stderr,none"]!.GetValue<string>());
        Assert.True(groups["mmlu_other"]!["acc_stderr,none"]!.GetValue<double>() >= 0);
    }

    [Fact]
    public async Task The_group_openllm_has_its_split_and_its_shots()
    {
        var made = await MakeAsync("winogrande,gsm8k,truthfulqa_mc2", null, protocol: LmEval04.OpenLlm);
        var configs = made.Results["configs"]!;
        Assert.Equal((5, "train"), (configs["winogrande"]!["num_fewshot"]!.GetValue<int>(), configs["winogrande"]!["fewshot_split"]!.GetValue<string>()));
        Assert.Equal(0, configs["truthfulqa_mc2"]!["num_fewshot"]!.GetValue<int>());
        Assert.Empty(Keys(made.Results["group_subtasks"]));
    }

    [Fact]
    public async Task The_model_is_named_as_the_harness_would_be_told_of_it()
    {
        var made = await MakeAsync("winogrande", 0, protocol: LmEval04.Rules with { Bos = BosRule.No }, identity: new()
        {
            Name = "tiny",
            Given = "org/tiny@v2",
            Dtype = "bfloat16",
            LogProbDtype = "float32",
            Device = "cpu",
        });
        Assert.EndsWith(Path.Combine("out", "org__tiny", Path.GetFileName(made.File)), made.File);
        Assert.Equal("{\"pretrained\":\"org/tiny\",\"revision\":\"v2\",\"dtype\":\"bfloat16\",\"softmax_dtype\":\"float32\",\"add_bos_token\":false}",
            made.Results["config"]!["model_args"]!.ToJsonString());
        Assert.Equal(("torch.bfloat16", "v2", ""), (made.Results["config"]!["model_dtype"]!.GetValue<string>(),
            made.Results["config"]!["model_revision"]!.GetValue<string>(), made.Results["config"]!["model_sha"]!.GetValue<string>()));
        Assert.Equal(("org/tiny", "org__tiny"), (made.Results["model_name"]!.GetValue<string>(), made.Results["model_name_sanitized"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Files_are_named_by_the_start_of_the_run_and_written_again_alike()
    {
        var reported = await RunAsync("winogrande,gsm8k", 0);
        var date = reported.Run.Circumstances!.Started.ToString("yyyy-MM-dd'T'HH-mm-ss.ffffff", CultureInfo.InvariantCulture);
        var output = Path.Combine(_folder.Path, "out");
        var first = Write(reported, Mini, output);
        string[] names = [.. Directory.GetFiles(Path.Combine(output, "fake")).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.Equal([$"results_{date}.json", $"samples_gsm8k_{date}.jsonl", $"samples_winogrande_{date}.jsonl"], names);
        var text = File.ReadAllText(first.File);
        Write(reported, Mini, output);
        Assert.Equal(text, File.ReadAllText(first.File));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(output, "fake")).Length);
        var named = Write(reported, Mini, Path.Combine(_folder.Path, "more", "mine.json"));
        Assert.Equal(Path.Combine(_folder.Path, "more", $"mine_{date}.json"), named.File);
        Assert.True(File.Exists(Path.Combine(_folder.Path, "more", $"samples_gsm8k_{date}.jsonl")));
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
            Assert.All(task.Value.AsObject().Where(value => value.Key.Contains(',')), value => Assert.True(IsFloat(value.Value)));
        });
        Assert.All(json["n-shot"]!.AsObject(), shots => Assert.True(IsWhole(shots.Value)));
        Assert.All(json["versions"]!.AsObject(), version => Assert.True(IsFloat(version.Value) || IsText(version.Value)));
        Assert.All(json["higher_is_better"]!.AsObject(), task => Assert.All(task.Value!.AsObject(), metric => Assert.True(metric.Value!.GetValue<bool>())));
        Assert.All(json["n-samples"]!.AsObject(), counts => Assert.True(
            Keys(counts.Value) is ["original", "effective"] && IsWhole(counts.Value!["original"]) && IsWhole(counts.Value["effective"])));
        Assert.True(IsFloat(json["date"]));
        Assert.All((string[])["pretty_env_info", "transformers_version", "lm_eval_version", "model_source", "model_name", "model_name_sanitized",
            "total_evaluation_time_seconds"], key => Assert.True(IsText(json[key]), key));
        Assert.All((string[])["git_hash", "upper_git_hash", "system_instruction", "chat_template", "fewshot_as_multiturn"], key =>
            Assert.True(json.AsObject().ContainsKey(key) && json[key] is null, key));
        Assert.True(IsWhole(json["max_length"]));
        Assert.All(json["task_hashes"]!.AsObject(), hash => Assert.Equal(64, hash.Value!.GetValue<string>().Length));
        Assert.Equal(
            ["model", "model_args", "batch_size", "batch_sizes", "device", "use_cache", "limit", "bootstrap_iters", "gen_kwargs", "random_seed",
                "numpy_seed", "torch_seed", "fewshot_seed"], Keys(json["config"]));
        Assert.Equal("0,1234,1234,1234", string.Join(',', ((string[])["random_seed", "numpy_seed", "torch_seed", "fewshot_seed"])
            .Select(seed => json["config"]![seed]!.GetValue<int>())));
        // A version as Python's packaging reads one: of the commit that is followed, built by somebody else.
        Assert.Matches(@"^0\.4\.13\.dev0\+cognito-eval(\.[0-9a-z]+([-.][0-9a-z]+)*)$", json["lm_eval_version"]!.GetValue<string>());
        Assert.All(made.Samples.Values.SelectMany(lines => lines).Select(line => JsonNode.Parse(line)!), Logged);
    }

    private static void Logged(JsonNode line)
    {
        Assert.True(IsWhole(line["doc_id"]) && line["doc"] is JsonObject && IsText(line["target"]) && IsText(line["filter"]));
        Assert.All(line["arguments"]!.AsObject(), pair => Assert.Equal(["arg_0", "arg_1"], Keys(pair.Value)));
        Assert.Equal(line["arguments"]!.AsObject().Count, line["resps"]!.AsArray().Count);
        Assert.Equal(line["resps"]!.AsArray().Count, line["filtered_resps"]!.AsArray().Count);
        var metrics = line["metrics"]!.AsArray().Select(metric => metric!.GetValue<string>()).ToList();
        Assert.Equal(metrics, Keys(line).Skip(11));
        Assert.All(metrics, metric => Assert.True(IsFloat(line[metric])));
    }

    private static bool IsText(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.String;

    private static bool IsWhole(JsonNode? node) => node?.ToJsonString().All(c => char.IsAsciiDigit(c) || c == '-') == true;

    private static bool IsFloat(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.Number && !IsWhole(node);

    /// <summary>What make_table of lm_eval/utils.py takes from each entry: it prints what has a metric's name and its error.</summary>
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

    private string Refused(ReportedRun run, DataRoot data)
    {
        var e = Assert.Throws<InputException>(() => Write(run, data, Path.Combine(_folder.Path, "out")));
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "out")));
        Assert.DoesNotContain('\n', e.Message);
        return e.Message;
    }

    [Fact]
    public async Task A_run_that_kept_no_answers_is_refused() =>
        Assert.Contains("winogrande.parquet: no such file, and it alone has the model's answers; run it again with --details scores",
            Refused(await RunAsync("winogrande", 0, details: DetailLevel.None), Mini));

    [Fact]
    public async Task Rows_that_the_run_did_not_read_are_refused()
    {
        var run = await RunAsync("arc_challenge", 0);
        var lines = File.ReadAllLines(Fixture.Path("mini", "data", "arc_challenge", "test.jsonl"));
        DataRoot With(string first)
        {
            _folder.Write("other/arc_challenge/test.jsonl", string.Join('\n', lines.Skip(1).Prepend(first)) + "\n");
            return DataRoot.Open(Path.Combine(_folder.Path, "other"));
        }
        Assert.Contains("its rows of arc_challenge ask other questions than the run did; give --data the rows that it read",
            Refused(run, With(lines[0].Replace("Which", "What"))));
        Assert.Contains("its rows of arc_challenge ask the same as the run did, but are not the same",
            Refused(run, With(lines[0].Replace("te_000", "te_999"))));
    }

    [Fact]
    public async Task Runs_of_other_protocols_and_the_harness_own_are_refused()
    {
        var run = await RunAsync("winogrande", 0);
        ReportedRun From(Provenance provenance) => run with { Run = run.Run with { Provenance = provenance } };
        Assert.Contains("was asked by leaderboard-v1", Refused(From(run.Run.Provenance with { Protocol = "leaderboard-v1" }), Mini));
        Assert.Contains("run it with --protocol lm-eval-0.4", Refused(From(run.Run.Provenance with { Protocol = null }), Mini));
        Assert.Contains("lm-evaluation-harness's own file",
            Refused(From(run.Run.Provenance with { Kind = "lm-evaluation-harness", Source = "results.json" }), Mini));
    }

    [Fact]
    public async Task Damaged_results_and_details_are_refused()
    {
        var run = await RunAsync("winogrande,arc_challenge", 0);
        Assert.Contains("results.json: arc_challenge has no acc,none", Refused(run with
        {
            Run = run.Run with { Results = run.Run.Results.Where(task => task.Key != "arc_challenge").ToDictionary() },
        }, Mini));
        Assert.Contains("results.json: boolq is no task of lm-eval-0.4", Refused(run with
        {
            Run = run.Run with { Tasks = new Dictionary<string, TaskRecord> { ["boolq"] = run.Run.Tasks["winogrande"] } },
        }, Mini));
        Assert.Contains("name for a folder", Refused(run with
        {
            Run = run.Run with { Provenance = run.Run.Provenance with { Model = ".." } },
        }, Mini));
        var records = run.Run.Tasks["arc_challenge"];
        var details = DetailsReader.Read(run.Folder, "arc_challenge", records)!;
        DetailsFile.Write(run.Folder, "arc_challenge", [.. details.Select(doc => doc with
        {
            ChoiceLogprobs = [.. doc.ChoiceLogprobs.Take(1)],
            ChoiceLengths = [.. doc.ChoiceLengths.Take(1)],
            ChoiceTokens = [.. doc.ChoiceTokens.Take(1)],
            ChoiceGreedy = [.. doc.ChoiceGreedy.Take(1)],
            Gold = 0,
            Prediction = 0,
        })]);
        Assert.Contains("arc_challenge.parquet: has not an answer for each question", Refused(run, Mini));
    }
}
