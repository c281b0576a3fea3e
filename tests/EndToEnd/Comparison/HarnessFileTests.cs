using System.Text.Json;
using Cognito.Eval.Cli;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>Results of lm-evaluation-harness, compared with and without what it logged of each document.</summary>
public sealed partial class HarnessFileTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cognito-eval-test");

    public void Dispose() => folder.Delete(recursive: true);

    private string Save(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>0.4's file of what the harness's own evaluator gave (fixtures/mini/v04-v0.4.9).</summary>
    private static string Newer(params string[] parts) => JsonSerializer.Serialize(new
    {
        results = Merged("results", parts),
        versions = Merged("versions", parts),
        n_shot = 0,
        config = new { model = "hf", model_args = "pretrained=some/model", limit = (double?)null },
        lm_eval_version = "0.4.9",
        model_name = "some/model",
    }).Replace("\"n_shot\":0", $"\"n-shot\":{JsonSerializer.Serialize(Merged("n-shot", parts))},\"n-samples\":{JsonSerializer.Serialize(Merged("n-samples", parts))}", StringComparison.Ordinal);

    private static Dictionary<string, JsonElement> Merged(string key, string[] parts) => parts
        .SelectMany(part => JsonDocument.Parse(File.ReadAllText(Fixture.Path("mini", "v04-v0.4.9", "parts", part + ".json"))).RootElement.GetProperty(key).EnumerateObject())
        .GroupBy(value => value.Name).ToDictionary(same => same.Key, same => same.First().Value);

    [Fact]
    public void The_old_layout_is_read_as_main_py_wrote_it()
    {
        var run = RunInputs.Read(Fixture.Path("mini", "main_example", "truthfulqa.json"));
        Assert.Equal(0.5575605966746879, run.Results["truthfulqa_mc"]["mc2"]);
        Assert.Equal(0.09523153365768719, run.Results["truthfulqa_mc"]["mc2_stderr"]);
        Assert.Equal(55.75605966746879, run.Leaderboard.Columns["TruthfulQA"]!.Value, 10);
        Assert.Equal("lm-evaluation-harness", run.Provenance.Kind);
        Assert.Empty(run.Tasks["truthfulqa_mc"].DocIds);
    }

    [Fact]
    public void The_new_layout_is_read_under_its_own_names()
    {
        var run = RunInputs.Read(Save("results_2025-01-01T00-00-00.json", Newer(
            "arc_challenge", "gsm8k", "mmlu_us_foreign_policy", "truthfulqa_mc1", "truthfulqa_mc2", "winogrande")));
        Assert.Equal(
            ["arc_challenge", "gsm8k", "mmlu_us_foreign_policy", "truthfulqa_mc1", "truthfulqa_mc2", "winogrande"], run.Tasks.Keys.Order());
        Assert.Equal(
            (0.3, 0.07337993857053426), (run.Results["arc_challenge"]["acc_norm,none"], run.Results["arc_challenge"]["acc_norm_stderr,none"]));
        Assert.Equal((25, 40), (run.Tasks["arc_challenge"].NumFewshot, run.Tasks["arc_challenge"].Documents));
        Assert.Equal("lm-eval-0.4", run.Provenance.Protocol);
        Assert.Equal(30.0, run.Leaderboard.Columns["ARC"]);
        Assert.Null(run.Leaderboard.Average);
    }

    [Fact]
    public void Beside_a_run_of_the_leaderboards_the_new_layout_is_read_under_the_leaderboards_names()
    {
        var file = Save("results_2025-01-01T00-00-00.json", Newer(
            "arc_challenge", "gsm8k", "mmlu_us_foreign_policy", "truthfulqa_mc1", "truthfulqa_mc2", "winogrande"));
        var run = RunInputs.Read([file, Fixture.Path("mini", "main_example", "truthfulqa.json")])[0].Run;
        Assert.Equal(["arc_challenge", "gsm8k", "hendrycksTest-us_foreign_policy", "truthfulqa_mc", "winogrande"], run.Tasks.Keys.Order());
        Assert.Equal((0.3, 0.07337993857053426), (run.Results["arc_challenge"]["acc_norm"], run.Results["arc_challenge"]["acc_norm_stderr"]));
        Assert.Equal((25, 40), (run.Tasks["arc_challenge"].NumFewshot, run.Tasks["arc_challenge"].Documents));
        Assert.Equal(["mc1", "mc1_stderr", "mc2", "mc2_stderr"], run.Results["truthfulqa_mc"].Keys.Order());
        Assert.Equal(["acc", "acc_stderr"], run.Results["gsm8k"].Keys);
        Assert.Equal("some/model", run.Provenance.Model);
        Assert.Null(run.Leaderboard.Average);
    }

    [Fact]
    public void Without_documents_a_comparison_is_unpaired_and_says_so()
    {
        // As the command line reads it beside a run of the leaderboard's.
        var theirs = RunInputs.Read([Save("results_x.json", Newer("arc_challenge", "winogrande")), Fixture.Path("runs", "cognito-nano-200.json")])[0].Run;
        var comparison = RunComparison.Create(theirs, MadeRuns.Nano);
        var arc = comparison.Columns.Single(column => column.Name == "ARC");
        Assert.False(arc.IsPaired);
        Assert.Equal(100 * Math.Sqrt(0.07337993857053426 * 0.07337993857053426 + 0.03089738243291862 * 0.03089738243291862), arc.StandardError!.Value, 9);
        Assert.Contains(comparison.Notes, note => note.Contains("unpaired"));
        var other = MadeRuns.Nano.With("arc_challenge", task => task with { NumFewshot = 10 });
        Assert.Contains("25 and 10 shots", Assert.Throws<InputException>(() => RunComparison.Create(theirs, other)).Message);
    }

    [Theory]
    [InlineData("{\"results\":{\"arc_challenge\":{\"acc,none\":7}},\"config\":{}}", "not between 0 and 1")]
    [InlineData("{\"results\":{\"lambada\":{\"acc,none\":0.5}},\"config\":{}}", "no task that is known")]
    [InlineData("{\"results\":[],\"config\":{}}", "not a results file")]
    [InlineData("{\"results\":{\"arc_challenge\":{\"acc_norm\":0.5}},\"config\":{\"num_fewshot\":2.5}}", "not a results file")]
    [InlineData("{\"results\":{\"arc_challenge\":{\"acc_norm\":0.5}}}", "not a run")]
    [InlineData("{\"results\":", "not a run")]
    public void What_it_did_not_write_is_refused_in_one_line(string json, string fact)
    {
        var path = Save("results_y.json", json);
        var error = Assert.Throws<InputException>(() => RunInputs.Read(path));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(fact, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    /// <summary>The mean as json.dumps or the harness writes one that is no number.</summary>
    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    [InlineData("\"N/A\"")]
    [InlineData("null")]
    public void A_mean_that_is_no_number_has_no_value_and_is_named(string none)
    {
        var newerFile = Save("n/results_d.json", $$$"""
            {"results":{"arc_challenge":{"alias":"x NaN \"NaN","acc,none":0.5,"acc_stderr,none":0.1,"acc_norm,none":0.55,"acc_norm_stderr,none":{{{none}}} },
            "truthfulqa_mc2":{"acc,none":{{{none}}},"acc_stderr,none":{{{none}}} } },"configs":{},"n-shot":{"arc_challenge":25},"config":{"limit":{{{none}}} } }
            """);
        var olderFile = Save("o/results.json", $$$"""
            {"results": {"arc_challenge": {"acc": 0.5, "acc_stderr": 0.02, "acc_norm": 0.55, "acc_norm_stderr": {{{none}}}},
            "truthfulqa_mc": {"mc1": 0.3, "mc1_stderr": 0.01, "mc2": {{{none}}}, "mc2_stderr": {{{none}}}}}, "versions": {}, "config": {"num_fewshot": 25, "limit": null}}
            """);
        var (newer, older) = (RunInputs.Read([newerFile, olderFile])[0].Run, RunInputs.Read(olderFile));
        foreach (var (run, error, task, metric) in ((Run, string, string, string)[])
        [
            (RunInputs.Read(newerFile), "acc_norm_stderr,none", "truthfulqa_mc2", "acc,none"),
            (newer, "acc_norm_stderr", "truthfulqa_mc", "mc2"), (older, "acc_norm_stderr", "truthfulqa_mc", "mc2"),
        ])
        {
            Assert.Equal(55, run.Leaderboard.Columns["ARC"]!.Value, 9);
            Assert.Null(run.Results["arc_challenge"][error]);
            Assert.Null(run.Leaderboard.Columns["TruthfulQA"]);
            Assert.Null(run.Results[task][metric]);
            Assert.False(run.Tasks.ContainsKey(task));
            Assert.Equal(1172, run.Tasks["arc_challenge"].Documents);
            Assert.Contains(run.Leaderboard.Notes, note => note.Contains($"is {none.Trim('"')}, no number, so TruthfulQA has no value", StringComparison.Ordinal));
        }
        var comparison = RunComparison.Create(newer, older);
        Assert.Equal(["ARC"], comparison.Columns.Select(column => column.Name));
        Assert.Equal(2, comparison.Notes.Count(note => note.Contains("no number", StringComparison.Ordinal)));
        Assert.Contains("no number", Assert.Throws<InputException>(() => Gate.Decide(MadeRuns.Nano, newer, new() { Require = ["TruthfulQA"] })).Message);
    }

    [Theory]
    [InlineData("\"acc,none\":\"0.5\"", "acc,none of arc_challenge is \"0.5\", no number")]
    [InlineData("\"acc,none\":[NaN]", "acc,none of arc_challenge is [\"NaN\"], no number")]
    [InlineData("\"acc,none\":1e999", "acc,none of arc_challenge is 1e999, no number")]
    [InlineData("\"acc,none\":0.5,\"acc_stderr,none\":-1", "acc_stderr,none of arc_challenge is -1, which is not between 0 and 1")]
    [InlineData("\"acc,none\":0.5,\"acc,none\":0.5", "\"acc,none\" is there twice")]
    public void A_flaw_is_named_by_its_key_and_its_value(string metrics, string fact)
    {
        var path = Save("results_y.json", $$$"""{"results":{"arc_challenge":{ {{{metrics}}} } },"config":{} }""");
        var message = Assert.Throws<InputException>(() => RunInputs.Read(path)).Message;
        Assert.Contains("not a results file of lm-evaluation-harness", message);
        Assert.Contains(fact, message);
    }

    [Theory]
    [InlineData("\"n-shot\":{\"arc_challenge\":2.5}", "n-shot of arc_challenge is 2.5")]
    [InlineData("\"n-samples\":{\"arc_challenge\":{\"effective\":-1}}", "n-samples of arc_challenge is -1")]
    [InlineData("\"model_name\":\"x\\ud800\"", "half a character")]
    public void So_is_one_of_what_stands_beside_the_results(string beside, string fact)
    {
        var path = Save("results_y.json", $$$"""{"results":{"arc_challenge":{"acc_norm,none":0.5} },"config":{},{{{beside}}} }""");
        Assert.Contains(fact, Assert.Throws<InputException>(() => RunInputs.Read(path)).Message);
    }

    [Fact]
    public void Shots_that_only_the_tasks_configuration_says_are_read_there()
    {
        var run = RunInputs.Read(Save("results_y.json", """{"results":{"arc_challenge":{"acc_norm,none":0.5}},"configs":{"arc_challenge":{"num_fewshot":3}},"n-shot":{"arc_challenge":"N/A"},"config":{}}"""));
        Assert.Equal(3, run.Tasks["arc_challenge"].NumFewshot);
    }

    [Fact]
    public void Report_shows_it_in_every_format_but_that_of_our_own_JSON()
    {
        using var line = new CommandLine();
        // By a name of ours, and in a folder: its keys tell what it is.
        var file = line.Write("theirs/results.json", Newer("arc_challenge", "gsm8k", "truthfulqa_mc2").Replace("\"exact_match,strict-match\":0.55", "\"exact_match,strict-match\":NaN", StringComparison.Ordinal));
        Assert.Contains("NaN", File.ReadAllText(file));
        foreach (var format in (string[])["card", "table", "yaml", "eval-results", "html", "markdown", "csv"])
            foreach (var path in (string[])[file, line.At("theirs")])
            {
                var outcome = line.Run("report", path, "--format", format);
                Assert.Equal((0, ""), (outcome.Code, outcome.Error));
                Assert.Contains(format == "html" ? "lm-evaluation-harness" : "30", outcome.Out);
                if (format is "card" or "markdown" or "html")
                    Assert.Contains("no number, so GSM8K has no value", outcome.Out);
                if (format == "eval-results")
                    Assert.Contains("measured by lm-evaluation-harness", outcome.Out);
            }
        var refused = line.Run("report", file, "--format", "json");
        Assert.Equal(2, refused.Code);
        Assert.Contains("lm-evaluation-harness's own JSON", refused.Error);
    }
}
