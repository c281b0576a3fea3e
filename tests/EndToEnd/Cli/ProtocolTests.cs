using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>The second protocol on the command line: asked, run, shown.</summary>
public sealed class ProtocolTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private JsonNode Run(params string[] arguments)
    {
        var outcome = line.Run([.. arguments, "--json", "--quiet", "-o", line.At("r")]);
        Assert.True(outcome.Code == 0, outcome.Error);
        return JsonNode.Parse(outcome.Out)!;
    }

    [Theory]
    [InlineData("lm-eval", "lm-eval-0.4")]
    [InlineData("0.4", "lm-eval-0.4")]
    [InlineData("openllm", "lm-eval-0.4-openllm")]
    public async Task A_run_names_its_protocol_and_its_table_and_its_card_do(string name, string protocol)
    {
        var run = Run("--protocol", name, "--limit", "2", "--tasks", "arc,mmlu,truthfulqa,gsm8k");
        Assert.Equal(protocol, run["provenance"]!["protocol"]!.GetValue<string>());
        Assert.Contains("4e7e0d47f33bc71070c1d38394bafbb52b117163", run["provenance"]!["reference"]!.GetValue<string>());
        Assert.True(run["provenance"]!["add_bos"]!.GetValue<bool>());
        Assert.Null(run["leaderboard"]!["average"]);
        Assert.Equal(protocol.EndsWith("openllm"), run["leaderboard"]!["notes"]!.AsArray().Any(note => note!.GetValue<string>().Contains("truthfulqa_gen")));
        Assert.NotNull(run["results"]!["gsm8k"]!["exact_match_stderr,flexible-extract"]);
        Assert.Equal(2, run["tasks"]!["arc_challenge"]!["doc_keys"]!.AsArray().Count);
        var folder = Directory.GetDirectories(line.At("r/cognito-nano")).Single();
        Assert.Empty((await ResultsSchema.Read()).Validate(File.ReadAllText(Path.Combine(folder, "results.json"))));
        foreach (var format in (string[])["card", "table", "markdown", "html", "yaml"])
        {
            var shown = line.Run("report", folder, "--format", format).Out;
            Assert.Contains(protocol, shown);
            Assert.DoesNotContain("leaderboard score", shown);
            Assert.DoesNotContain("truthfulqa_mc1 (0-shot)", shown);
            Assert.DoesNotContain("Avg.", shown);
        }
    }

    [Theory]
    [InlineData("auto", true)]
    [InlineData("yes", true)]
    [InlineData("no", false)]
    public void The_rule_of_beginnings_is_kept(string rule, bool adds)
    {
        var run = Run("--protocol", "lm-eval", "--bos", rule, "--limit", "1", "--tasks", "winogrande");
        Assert.Equal(adds, run["provenance"]!["add_bos"]!.GetValue<bool>());
        var prompt = line.Run("prompt", "winogrande", "--protocol", "lm-eval", "--bos", rule, "--json");
        var without = line.Run("prompt", "winogrande", "--protocol", "lm-eval", "--bos", "no", "--json");
        int Tokens(string json) => JsonNode.Parse(json)!["requests"]![0]!["context_tokens"]!.GetValue<int>();
        Assert.Equal(adds ? 1 : 0, Tokens(prompt.Out) - Tokens(without.Out));
    }

    [Fact]
    public void Shards_of_it_merge_to_the_run_undivided()
    {
        string[] asked = ["--protocol", "lm-eval", "--bos", "no", "--limit", "3", "--tasks", "arc,truthfulqa,gsm8k", "-k", "1", "--quiet"];
        Assert.Equal(0, line.Run([.. asked, "-o", line.At("whole")]).Code);
        foreach (var shard in (string[])["0/2", "1/2"])
            Assert.Equal(0, line.Run([.. asked, "--shard", shard, "-o", line.At("parts")]).Code);
        Assert.Equal(0, line.Run("merge", line.At("parts"), "-o", line.At("merged"), "--quiet").Code);
        JsonNode Read(string root)
        {
            var run = JsonNode.Parse(File.ReadAllText(Directory.GetFiles(line.At(root), "results.json", SearchOption.AllDirectories).Single()))!;
            run.AsObject().Remove("run");
            return run;
        }
        Assert.Equal(Read("whole").ToJsonString(), Read("merged").ToJsonString());
    }

    [Theory]
    [InlineData("leaderboard-v1", "hendrycksTest-us_foreign_policy")]
    [InlineData("lm-eval-0.4", "mmlu_us_foreign_policy")]
    public void A_plan_proves_what_is_asked_with_and_without_tokens(string protocol, string mmlu)
    {
        string[] asked = ["plan", "--protocol", protocol, "--data", Fixture.Path("mini", "data"), "--tasks", $"arc,gsm8k,{mmlu}", "-k", "3", "--json"];
        var (with, without) = (JsonNode.Parse(line.Run(asked).Out)!, JsonNode.Parse(line.Run([.. asked, "--no-tokens"]).Out)!);
        var golden = protocol == "lm-eval-0.4"
            ? Golden.Json(Fixture.Path("mini", "v04-main", "parts", "arc_challenge.json"))["variants"]!["num_fewshot=3,limit=None"]!
            : Golden.Json(Fixture.Path("mini", "requests.sha256.json"))["tasks"]!["arc_challenge"]!["variants"]!["num_fewshot=3,limit=None"]!;
        foreach (var plan in (JsonNode[])[with, without])
        {
            Assert.Equal(protocol, plan["protocol"]!.GetValue<string>());
            foreach (var form in (string[])["raw", "json"])
                Assert.Equal(golden[form + "_sha256"]!.GetValue<string>(), plan["tasks"]!["arc_challenge"]!["requests_sha256"]![form]!.GetValue<string>());
            foreach (var task in (string[])["arc_challenge", "gsm8k", mmlu])
                Assert.Matches("^[0-9a-f]{64}$", plan["tasks"]![task]!["requests_sha256"]!["harness"]!.GetValue<string>());
        }
        Assert.NotNull(with["tasks"]!["gsm8k"]!["forward_tokens"]);
        Assert.Null(without["tasks"]!["gsm8k"]!["forward_tokens"]);
    }

    [Theory]
    [InlineData("--protocol 0.5", "give leaderboard-v1, lm-eval-0.4, lm-eval-0.4-openllm")]
    [InlineData("--bos no", "--bos no: leaderboard-v1 never adds a token")]
    [InlineData("--protocol lm-eval --tasks hendrycksTest-anatomy", "no such task; did you mean mmlu_anatomy?")]
    [InlineData("--protocol lm-eval --tasks openllm", "--protocol lm-eval-0.4-openllm")]
    [InlineData("--protocol lm-eval --tasks mmlu_philosophy -k 6", "6 shots asked")]
    public void What_it_does_not_have_is_refused_in_one_line(string arguments, string fact)
    {
        var outcome = line.Run(arguments.Split(' '));
        Assert.Equal(2, outcome.Code);
        Assert.Contains(fact, outcome.Error);
    }

    [Fact]
    public void Shots_that_a_task_fixes_are_passed_over_and_that_is_said()
    {
        var outcome = line.Run("--protocol", "lm-eval", "--tasks", "truthfulqa", "-k", "5", "--limit", "1", "-o", line.At("r"));
        Assert.Equal(0, outcome.Code);
        Assert.Contains("truthfulqa_mc1, truthfulqa_mc2 take no examples and keep 0 shots", outcome.Error);
    }
}
