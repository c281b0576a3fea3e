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

/// <summary>Written files against those that lm-evaluation-harness made of the same made-up rows and answers.</summary>
public sealed class LmEvalFilesTests : LmEvalRuns
{
    public static TheoryData<string> Parts =>
    [
        .. Directory.EnumerateFiles(Fixture.Path("mini", "v04-main", "parts"))
            .Select(file => Path.GetFileNameWithoutExtension(file)!),
    ];

    private static JsonNode Part(string task) => Golden.Json(Fixture.Path("mini", "v04-main", "parts", task + ".json"));

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task A_task_is_written_as_the_harness_writes_it(string task)
    {
        var golden = Part(task);
        var made = await MakeAsync(task, golden["leaderboard_shots"]!["num_fewshot"]?.GetValue<int>());

        // Tokenizer's keys are there where there is one; the tracker's come behind.
        string[] expected = [.. Texts(golden["keys"]).Where(key => key != "samples")];
        Assert.Equal(expected, Keys(made.Results).Take(expected.Length));
        Assert.Equal(
            ["max_length", "task_hashes", "model_source", "model_name", "model_name_sanitized", "system_instruction",
                "system_instruction_sha", "fewshot_as_multiturn", "chat_template", "chat_template_sha",
                "total_evaluation_time_seconds"],
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
        var config = made.Results["configs"]![task]!;
        Assert.Equal(Texts(golden["config_keys"]), Keys(config));
        Assert.Equal(golden["gen_kwargs"]?.ToJsonString(), config["generation_kwargs"]?.ToJsonString());
        Assert.Equal(golden["task_hash"]!.GetValue<string>(), made.Results["task_hashes"]![task]!.GetValue<string>());
    }

    [Fact]
    public async Task Answers_of_what_is_no_finite_number_are_told_with_the_environment_the_one_place_for_it()
    {
        const string Told = "GSM8k (5-shot, lm-eval-0.4): 7 of 60 answers were generated from logits that are no finite numbers";
        var reported = await RunAsync("gsm8k", 5);
        var leaderboard = reported.Run.Leaderboard;
        var broken = reported with { Run = reported.Run with { Leaderboard = leaderboard with { Notes = [.. leaderboard.Notes, Told] } } };
        Assert.Contains($"note: {Told}", Write(broken, Mini, Path.Combine(Folder.Path, "broken")).Results["pretty_env_info"]!.GetValue<string>());
        Assert.DoesNotContain("no finite", Write(reported, Mini, Path.Combine(Folder.Path, "sound")).Results["pretty_env_info"]!.GetValue<string>());
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
        var arguments = new JsonObject();
        foreach (var (i, pair) in logged["arguments"]!.AsArray().Index())
            arguments[$"gen_args_{i}"] = new JsonObject { ["arg_0"] = pair![0]!.DeepClone(), ["arg_1"] = pair[1]!.DeepClone() };
        line["arguments"] = arguments;
        line["resps"] = AllText(logged["resps"]!);
        line["filtered_resps"] = AllText(logged["filtered_resps"]!);
        return line;
    }

    private static JsonNode AllText(JsonNode node) => node is JsonArray list
        ? new JsonArray([.. list.Select(item => AllText(item!))]) : Text(node);

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
        string[] filters = ["strict-match", "flexible-extract"];
        Assert.Equal(
            from filter in filters from doc in Enumerable.Range(0, 60) select (filter, doc),
            lines.Select(line => (line["filter"]!.GetValue<string>(), line["doc_id"]!.GetValue<int>())));
        // The means of both are the harness's own results.
        Golden.Close(0.55, lines.Take(60).Average(line => Number(line["exact_match"])), 1e-12, "strict-match");
        Golden.Close(
            0.7333333333333333, lines.Skip(60).Average(line => Number(line["exact_match"])), 1e-12, "flexible-extract");
        var empty = lines.First(line => Texts(line["resps"]![0]) is [""]);
        Assert.Equal(["[invalid]"], Texts(empty["filtered_resps"]));
    }

    [Fact]
    public async Task A_task_s_configuration_holds_what_its_file_says()
    {
        var config = (await MakeAsync("gsm8k", 3)).Results["configs"]!["gsm8k"]!;
        Assert.Equal(3, config["num_fewshot"]!.GetValue<int>());
        Assert.Equal(
            """[{"metric":"exact_match","aggregation":"mean","higher_is_better":true,"ignore_case":"""
            + """true,"ignore_punctuation":false,"regexes_to_ignore":[",","\\$","(?s).*#### ","\\.$"]}]""",
            config["metric_list"]!.ToJsonString());
        Assert.Equal(
            ["strict-match", "flexible-extract"],
            config["filter_list"]!.AsArray().Select(filter => filter!["name"]!.GetValue<string>()));
        Assert.Equal(-1, config["filter_list"]![1]!["filter"]![0]!["group_select"]!.GetValue<int>());
        Assert.Equal("""{"version":3.0,"pretrained":"fake","config_source":"inline"}""", config["metadata"]!.ToJsonString());
        var shown = config["fewshot_config"]!;
        Assert.Equal(
            ["sampler", "split", "process_docs", "fewshot_indices", "samples", "doc_to_text", "doc_to_choice", "doc_to_target",
                "gen_prefix", "fewshot_delimiter", "target_delimiter"], Keys(shown));
        Assert.Equal(("default", "train"), (shown["sampler"]!.GetValue<string>(), shown["split"]!.GetValue<string>()));
    }

    [Fact]
    public async Task The_group_openllm_has_its_split_and_its_shots()
    {
        var made = await MakeAsync("winogrande,gsm8k,truthfulqa_mc2", null, protocol: LmEval04.OpenLlm);
        var (configs, winogrande) = (made.Results["configs"]!, made.Results["configs"]!["winogrande"]!);
        Assert.Equal(
            (5, "train"), (winogrande["num_fewshot"]!.GetValue<int>(), winogrande["fewshot_split"]!.GetValue<string>()));
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
        string Root(string key) => made.Results[key]!.GetValue<string>();
        string Config(string key) => made.Results["config"]![key]!.GetValue<string>();
        Assert.Equal(
            """{"pretrained":"org/tiny","revision":"v2","dtype":"bfloat16","softmax_dtype":"float32","add_bos_token":false}""",
            made.Results["config"]!["model_args"]!.ToJsonString());
        Assert.Equal(("torch.bfloat16", "v2", ""), (Config("model_dtype"), Config("model_revision"), Config("model_sha")));
        Assert.Equal(("org/tiny", "org__tiny"), (Root("model_name"), Root("model_name_sanitized")));
    }

    [Fact]
    public async Task Files_are_named_by_the_start_of_the_run_and_written_again_alike()
    {
        var reported = await RunAsync("winogrande,gsm8k", 0);
        var date = reported.Run.Circumstances!.Started.ToString("yyyy-MM-dd'T'HH-mm-ss.ffffff", CultureInfo.InvariantCulture);
        var output = Path.Combine(Folder.Path, "out");
        var first = Write(reported, Mini, output);
        var names = Directory.GetFiles(Path.Combine(output, "fake")).Select(file => Path.GetFileName(file))
            .Order(StringComparer.Ordinal);
        Assert.Equal([$"results_{date}.json", $"samples_gsm8k_{date}.jsonl", $"samples_winogrande_{date}.jsonl"], names);
        var text = File.ReadAllText(first.File);
        Write(reported, Mini, output);
        Assert.Equal(text, File.ReadAllText(first.File));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(output, "fake")).Length);
        var named = Write(reported, Mini, Path.Combine(Folder.Path, "more", "mine.json"));
        Assert.Equal(Path.Combine(Folder.Path, "more", $"mine_{date}.json"), named.File);
        Assert.True(File.Exists(Path.Combine(Folder.Path, "more", $"samples_gsm8k_{date}.jsonl")));
    }
}
