using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>The commands as a user runs them.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private CommandLine.Outcome Works(params string[] args) => Works([], args);

    private CommandLine.Outcome Works((string, string?)[] environment, params string[] args)
    {
        var outcome = line.Run(environment, args);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }

    private JsonNode Result() =>
        JsonNode.Parse(File.ReadAllText(Directory.EnumerateFiles(line.At("results"), "results.json", SearchOption.AllDirectories).Single()))!;

    [Fact]
    public void The_embedded_checkpoint_is_scored_on_the_samples_from_any_folder()
    {
        var outcome = Works("--tasks", "arc,winogrande", "--tasks", "gsm8k", "--limit", "2", "--device", "cpu");
        Assert.Contains("cognito-nano", outcome.Error);
        Assert.Contains("samples", outcome.Error);
        Assert.Contains("| AI2 Reasoning Challenge (25-Shot), acc_norm *", outcome.Out);
        Assert.Contains("not the benchmarks", outcome.Out);
        var result = Result();
        Assert.Equal(["arc_challenge", "winogrande", "gsm8k"], result["results"]!.AsObject().Select(p => p.Key));
        Assert.False(result["leaderboard"]!["complete"]!.GetValue<bool>());
        Assert.Null(result["leaderboard"]!["average"]);
        Assert.Equal(64, result["provenance"]!["weights_sha256"]!.GetValue<string>().Length);
        Assert.Equal("cpu", result["provenance"]!["device"]!.GetValue<string>());
        var card = Works("report", line.At("results", "cognito-nano", Path.GetFileName(
            Directory.EnumerateDirectories(line.At("results", "cognito-nano")).Single())));
        Assert.Contains("model-index:", card.Out);
        Assert.Contains("Not a leaderboard score", card.Out);
    }

    [Fact]
    public void Two_devices_give_the_results_of_one()
    {
        JsonObject On(string devices)
        {
            Works(
                "-t", "winogrande,truthfulqa,gsm8k,mmlu_philosophy", "--limit", "2", "-q", "--device", devices,
                "-o", line.At(devices));
            var result = JsonNode.Parse(File.ReadAllText(Directory.EnumerateFiles(
                line.At(devices), "results.json", SearchOption.AllDirectories).Single()))!.AsObject();
            Assert.Equal(devices, string.Join(',', result["run"]!["devices"]!.AsArray().Select(device => device!.GetValue<string>())));
            result.Remove("run");
            return result;
        }
        var (one, two) = (On("cpu"), On("cpu,cpu"));
        Assert.Equal(one.ToJsonString(), two.ToJsonString());
    }

    [Fact]
    public void Bench_measures_one_device()
    {
        var outcome = line.Run("bench", "--device", "cpu,cpu");
        Assert.Equal(2, outcome.Code);
        Assert.Equal("cognito-eval: --device cpu,cpu: bench measures one device; name one, or give --split", outcome.Error.Trim());
    }

    [Fact]
    public void One_document_has_a_score_and_no_standard_error()
    {
        Works("-t", "winogrande", "--limit", "1", "-q", "--device", "cpu");
        var scores = Result()["results"]!["winogrande"]!;
        Assert.Null(scores["acc_stderr"]);
        Assert.Contains(scores["acc"]!.GetValue<double>(), new[] { 0.0, 1.0 });
    }

    [Fact]
    public void Quiet_and_json_leave_nothing_but_JSON()
    {
        // Alone: libtorch writes to a process's streams too.
        var outcome = line.RunAlone([], "-t", "winogrande", "--limit", "1", "--quiet", "--json", "--device", "cpu");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.All(outcome.Error.TrimEnd().Split('\n'), said => Assert.StartsWith("note: ", said));
        Assert.Equal(1, JsonNode.Parse(outcome.Out)!["schema_version"]!.GetValue<int>());
    }

    [Fact]
    public void An_interrupt_during_generation_ends_the_run_in_seconds_and_says_what_is_kept()
    {
        // Four hundred answers of up to 256 tokens are minutes of work on one thread: the signal comes long before their end.
        var data = line.Copy(CommandLine.Samples, "many");
        var rows = Directory.EnumerateFiles(data, "test.jsonl", SearchOption.AllDirectories).Single(file => file.Contains("gsm8k", StringComparison.Ordinal));
        File.WriteAllText(rows, string.Concat(Enumerable.Repeat(File.ReadAllText(rows), 20)));
        using var process = line.Start([], "-t", "gsm8k", "--device", "cpu", "--threads", "1", "--data", data);
        // Its journal is open once the model is named; "no --model: " comes before.
        for (var said = ""; !said.StartsWith("model: ", StringComparison.Ordinal);)
            said = process.StandardError.ReadLine() ?? throw new InvalidOperationException(said);
        Thread.Sleep(300);
        using (var kill = System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"]))
            kill.WaitForExit();
        // Between two tokens, not at the end of the answers: then there would be results.
        Assert.True(process.WaitForExit(HangGuard.Long));
        Assert.Equal(130, process.ExitCode);
        Assert.Matches("interrupted; [0-9]+ answers are kept in .*; the same command goes on from there", process.StandardError.ReadToEnd());
        Assert.Empty(Directory.EnumerateFiles(line.At("results"), "results.json", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_copy_of_the_samples_is_still_called_samples_and_notes_survive_quiet()
    {
        var outcome = Works("-t", "winogrande", "--limit", "400", "-q", "--device", "cpu", "--data", line.Copy(CommandLine.Samples, "mine"));
        Assert.Contains("samples: rows written for this project", outcome.Error);
        Assert.DoesNotContain("--limit 400", outcome.Error);
        Assert.Equal("samples", Result()["provenance"]!["data"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("--exact")]
    [InlineData("--batch-tokens=1024")]
    public void A_run_on_other_threads_differs_in_nothing_but_its_circumstances(string how)
    {
        JsonNode Run(string output, params string[] more)
        {
            Works(["-t", "winogrande,gsm8k", "--limit", "3", "-q", "--device", "cpu", "-o", line.At(output), how, .. more]);
            var result = JsonNode.Parse(File.ReadAllText(
                Directory.EnumerateFiles(line.At(output), "results.json", SearchOption.AllDirectories).Single()))!;
            Assert.Equal(how == "--exact", result["provenance"]!["exact"]!.GetValue<bool>());
            Assert.Equal(how == "--exact", result["rounding"] is null);
            result.AsObject().Remove("run");
            return result;
        }
        Assert.Equal(Run("one", "--threads", "1").ToJsonString(), Run("three", "--threads", "3").ToJsonString());
        if (how == "--exact")
            Assert.Equal(Run("two", "--batch-tokens", "64").ToJsonString(), Run("four").ToJsonString());
    }

    [Fact]
    public async Task Routing_is_recorded_by_task_and_layer_on_request()
    {
        string[] args = ["-t", "winogrande,arc,gsm8k", "--limit", "2", "--json", "--quiet"];
        var run = System.Text.Json.Nodes.JsonNode.Parse(line.Run([.. args, "--routing"]).Out)!;
        var routing = run["routing"]!.AsObject();
        Assert.Equal(["arc_challenge", "winogrande"], routing.Select(task => task.Key).Order());
        foreach (var layer in routing.SelectMany(task => task.Value!["layers"]!.AsArray()))
        {
            Assert.Equal(1, layer!["mean_weight"]!.AsArray().Sum(x => (double)x!), 5);
            Assert.Equal(1, layer["first_share"]!.AsArray().Sum(x => (double)x!), 9);
            Assert.InRange((double)layer["entropy"]!, 0, Math.Log(2) + 1e-6);
        }
        Assert.Empty((await ResultsSchema.Read()).Validate(run.ToJsonString()));
        var plain = System.Text.Json.Nodes.JsonNode.Parse(line.Run(args).Out)!;
        Assert.Null(plain["routing"]);
        Assert.Equal(plain["results"]!.ToJsonString(), run["results"]!.ToJsonString());
    }

    [Fact]
    public void Bench_measures_columns_against_the_ceiling_and_the_unshared_way()
    {
        string[] asked = ["-t", "winogrande,gsm8k", "--limit", "2"];
        var bench = JsonNode.Parse(Works(["bench", .. asked, "--prompts", "2", "--new-tokens", "3",
            "--compare-naive", "--device", "cpu", "-q", "--json"]).Out)!;
        double ceiling = bench["ceiling_flops"]!.GetValue<double>(), each = bench["flop_per_token"]!.GetValue<double>();
        Assert.True(ceiling > 0);
        var column = bench["columns"]!["Winogrande"]!;
        Assert.Equal(2, column["documents"]!.GetValue<int>());
        // How near it comes hangs on what else the machine does; that it is these operations in that time does not.
        var (tokens, seconds) = (column["distinct_tokens"]!.GetValue<long>(), column["seconds"]!.GetValue<double>());
        Assert.True(seconds > 0);
        Assert.Equal(1, tokens / seconds * each / ceiling / column["of_ceiling"]!.GetValue<double>(), 9);
        var plan = JsonNode.Parse(Works(["plan", .. asked, "--json"]).Out)!;
        Assert.Equal(plan["tasks"]!["winogrande"]!["distinct_tokens"]!.GetValue<long>(), tokens);
        Assert.True(column["unshared_seconds"]!.GetValue<double>() > 0);
        Assert.Equal(2, bench["generation"]!["Prompts"]!.GetValue<int>());
    }

    [Fact]
    public void With_all_tasks_TruthfulQA_keeps_its_zero_shots_and_says_so()
    {
        var outcome = Works("-t", "truthfulqa,winogrande", "-k", "2", "--limit", "2", "--device", "cpu");
        Assert.Contains("truthfulqa_mc takes no examples and keeps 0 shots", outcome.Error);
        Assert.Equal(2, Result()["tasks"]!["winogrande"]!["num_fewshot"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("tasks")]
    [InlineData("tasks", "--json")]
    [InlineData("prompt", "mmlu_philosophy")]
    [InlineData("prompt", "gsm8k", "--json")]
    [InlineData("report", "REFERENCE")]
    public void What_needs_no_model_needs_no_libtorch(params string[] args)
    {
        Directory.CreateDirectory(line.At("empty"));
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Cognito.Eval.sln")))
            at = at.Parent!;
        string[] real = [.. args.Select(arg => arg == "REFERENCE"
            ? Path.Combine(at.FullName, "results", "reference", "Cognito-2x7B-bf16.json") : arg)];
        Assert.NotEmpty(Works([("COGNITO_LIBTORCH", line.At("empty"))], real).Out);
    }

    [Fact]
    public void A_run_with_an_empty_libtorch_folder_says_what_is_missing()
    {
        Directory.CreateDirectory(line.At("empty"));
        var outcome = line.Run([("COGNITO_LIBTORCH", line.At("empty"))], "-t", "winogrande", "--limit", "1");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("libtorch", outcome.Error);
    }

    [Fact]
    public void Max_length_cuts_prompts_from_the_left_and_answers_from_their_start()
    {
        // The samples' GSM8K prompts are longer than 512 - 256 tokens: their answers lose as many tokens as the prompt.
        Works("-t", "gsm8k,arc", "--limit", "3", "-q", "--max-length", "512", "--device", "cpu");
        var tasks = Result()["tasks"]!;
        Assert.Equal(3, tasks["gsm8k"]!["truncated_requests"]!.GetValue<int>());
        Assert.Equal(3, tasks["arc_challenge"]!["truncated_documents"]!.GetValue<int>());
        Assert.Equal(512, Result()["provenance"]!["max_length"]!.GetValue<int>());
    }

    [Fact]
    public void A_prompt_shows_the_border_between_what_is_given_and_what_is_scored()
    {
        var prompt = Works("prompt", "winogrande", "--doc", "1", "-k", "1");
        Assert.Equal(2, prompt.Out.Split('┃').Length - 1);
        Assert.DoesNotContain('\u001b', prompt.Out);
    }

    [Fact]
    public void Help_names_every_command()
    {
        var help = Works("--help").Out;
        foreach (var word in new[] { "tasks", "prompt", "plan", "bench", "report", "--exact", "--model", "--data", "--limit", "--num-fewshot" })
            Assert.Contains(word, help);
    }
}
