using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>A server's model on the command line.</summary>
public sealed class ServedCommandTests(NanoOracle nano) : StoppedRuns, IClassFixture<NanoOracle>
{
    private const string Key = "sk-very-secret";

    private static string[] Args(string address, params string[] more) =>
        ["--model", address, "--tokenizer", CommandLine.Nano, "--data", CommandLine.Samples, "-t", "winogrande,gsm8k", "-k", "1", "--limit", "3", .. more];

    [Fact]
    public async Task A_run_of_a_server_gives_the_scores_of_the_checkpoint_and_names_how_it_asked()
    {
        await using var server = new EngineServer(nano.Oracle, Dialect.Vllm) { Key = Key };
        var outcome = line.Run([("SERVER_KEY", Key)], Args(server.Address + "/v1", "-o", line.At("served"), "--api-key-env", "SERVER_KEY", "--concurrency", "2", "--verbose", "--json"));
        Assert.True(outcome.Code == 0, outcome.Error);
        var here = JsonNode.Parse(Works("--model", CommandLine.Nano, "--device", "cpu", "--data", CommandLine.Samples, "-t", "winogrande,gsm8k", "-k", "1",
            "--limit", "3", "-o", line.At("local"), "--json").Out)!;
        var there = JsonNode.Parse(outcome.Out)!;
        Assert.Equal(here["results"]!.ToJsonString(), there["results"]!.ToJsonString());
        Assert.Equal(here["tasks"]!["winogrande"]!["requests_sha256"]!.ToJsonString(), there["tasks"]!["winogrande"]!["requests_sha256"]!.ToJsonString());
        var served = there["provenance"]!["served"]!;
        Assert.Equal(("vllm", "0.99.0", "nano", "org/nano", "vllm prompt_logprobs", "vllm token_ids"), ((string)served["engine"]!, (string)served["version"]!,
            (string)served["model"]!, (string)served["root"]!, (string)served["recipe"]!, (string)served["generation_recipe"]!));
        Assert.Equal(4096 - 2, (int)there["provenance"]!["max_length"]!);
        Assert.Empty((await ResultsSchema.Read()).Validate(outcome.Out));
        Assert.Contains("trace: served: vllm prompt_logprobs", outcome.Error);
        // The key is nowhere.
        Assert.DoesNotContain(Key, outcome.Out + outcome.Error);
        Assert.All(Directory.EnumerateFiles(line.At("served"), "*", SearchOption.AllDirectories), file => Assert.DoesNotContain(Key, File.ReadAllText(file)));
        // Asked at most two at a time, and the look at the model beside them.
        Assert.InRange(server.MostInFlight, 1, 3);
        var again = line.Run([("SERVER_KEY", Key)], Args(server.Address, "-o", line.At("served"), "--api-key-env", "SERVER_KEY"));
        Assert.Contains("answered before", again.Error);
    }

    [Fact]
    public async Task A_run_that_is_killed_goes_on_to_the_same_results()
    {
        await using var server = new EngineServer(nano.Oracle, Dialect.Llama);
        string[] args = ["--model", server.Address, "--tokenizer", CommandLine.Nano, "--data", CommandLine.Samples, "-t", "winogrande,truthfulqa", "-k", "0", "--limit", "2"];
        Stop("killed", "KILL", 137, args);
        var outcome = line.Run([], [.. args, "-o", line.At("killed"), "--json"]);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains("requests were answered before", outcome.Error);
        var whole = line.Run([], [.. args, "-o", line.At("whole"), "--json"]);
        Assert.Equal(Bare(whole.Out), Bare(outcome.Out));

        static string Bare(string json)
        {
            var node = JsonNode.Parse(json)!.AsObject();
            node.Remove("run");
            return node.ToJsonString();
        }
    }

    [Fact]
    public async Task Errors_have_their_exit_codes()
    {
        await using var server = new EngineServer(nano.Oracle, Dialect.Vllm) { Lie = Lie.OneEntryLess };
        var lie = line.Run(Args(server.Address, "-o", line.At("none")));
        Assert.Equal(2, lie.Code);
        Assert.Contains("check \"entries\" of vllm failed", lie.Error);
        Assert.Single(lie.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), one => one.StartsWith("cognito-eval: ", StringComparison.Ordinal));
        Assert.False(Directory.Exists(line.At("none")) && Directory.EnumerateFileSystemEntries(line.At("none")).Any());
        server.Lie = Lie.CutJson;
        Assert.Equal(3, line.Run(Args(server.Address, "-o", line.At("none"))).Code);
    }

    [Theory]
    [InlineData("--dtype bfloat16", "--dtype: the server of --model has the model, and chooses that itself; leave --dtype out")]
    [InlineData("--exact", "leave --exact out")]
    [InlineData("--shard 0/2", "leave --shard out, and give --concurrency")]
    [InlineData("--concurrency 0", "--concurrency 0: give a whole number")]
    [InlineData("--api-key-env NO_SUCH_VARIABLE", "no such variable is set")]
    [InlineData("--tokenizer nowhere/at/all", "no such folder, and no id on the hub")]
    public async Task Options_that_do_not_suit_a_server_are_refused(string option, string fact)
    {
        await using var server = new EngineServer(nano.Oracle, Dialect.Vllm);
        string[] args = ["--model", server.Address, "--data", CommandLine.Samples, "-t", "winogrande", "-o", line.At("none"), .. option.Split(' ')];
        var outcome = line.Run(option.StartsWith("--tokenizer", StringComparison.Ordinal) ? args : [.. args, "--tokenizer", CommandLine.Nano]);
        Assert.Equal((2, true), (outcome.Code, outcome.Error.Contains(fact, StringComparison.Ordinal)));
        Assert.Empty(server.Completions);
    }

    [Theory]
    [InlineData("--tokenizer", "x")]
    [InlineData("--served-model", "x")]
    [InlineData("--concurrency", "3")]
    public void And_a_servers_own_are_none_of_a_checkpoint(string option, string value)
    {
        var outcome = line.Run("-t", "winogrande", "-o", line.At("none"), option, value);
        Assert.Equal(2, outcome.Code);
        Assert.Contains($"{option}: of a model that a server has", outcome.Error);
    }

    [Fact]
    public async Task A_tokenizer_is_found_by_the_name_that_the_server_gives()
    {
        await using var server = new EngineServer(nano.Oracle, Dialect.Vllm) { Root = CommandLine.Nano };
        string[] args = ["--model", server.Address, "--data", CommandLine.Samples, "-t", "winogrande", "-k", "0", "--limit", "1", "-o", line.At("found")];
        var outcome = line.Run(args);
        Assert.True(outcome.Code == 0, outcome.Error);
        server.Root = "/no/such/folder";
        outcome = line.Run(args);
        Assert.Equal(2, outcome.Code);
        Assert.Contains("the server calls its model nano, which is no folder here and no id on the hub; --tokenizer names", outcome.Error);
    }

    [Fact]
    public void Other_commands_say_that_a_run_alone_asks_a_server()
    {
        var outcome = line.Run("plan", "--model", "http://localhost:1", "-t", "winogrande");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("an address names a served model, which a run alone asks", outcome.Error);
    }
}
