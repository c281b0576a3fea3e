using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary><c>--verbose</c>: each decision is a line on stderr, and nothing else changes.</summary>
public sealed class VerboseTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private CommandLine.Outcome Run(string output, params string[] more)
    {
        var outcome = line.Run(["-t", "winogrande,gsm8k", "--limit", "2", "--device", "cpu", "-q", "-o", output, .. more]);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }

    private string Result(string output)
    {
        var result = JsonNode.Parse(File.ReadAllText(
            Directory.EnumerateFiles(line.At(output), "results.json", SearchOption.AllDirectories).Single()))!.AsObject();
        Assert.True(result.Remove("run"));
        return result.ToJsonString();
    }

    private static string[] Traced(CommandLine.Outcome outcome) =>
        [.. outcome.Error.Split('\n').Where(said => said.StartsWith("trace: ", StringComparison.Ordinal)).Select(said => said["trace: ".Length..])];

    private static string Only(string[] lines, string beginning) =>
        Assert.Single(lines, said => said.StartsWith(beginning, StringComparison.Ordinal));

    [Fact]
    public void Each_decision_is_a_line_on_stderr_and_stdout_and_results_are_unchanged()
    {
        var (silent, verbose) = (Run("silent"), Run("verbose", "--verbose"));
        Assert.Equal(silent.Out, verbose.Out);
        Assert.Equal(Result("silent"), Result("verbose"));
        Assert.Empty(Traced(silent));
        Assert.Equal(silent.Error, string.Concat(
            verbose.Error.Split('\n').Where(said => said.Length > 0 && !said.StartsWith("trace: ", StringComparison.Ordinal)).Select(said => said + "\n")));

        var said = Traced(verbose);
        Assert.Contains("MixtralForCausalLM", Only(said, "checkpoint: "));
        Assert.Equal("tokenizer: tokenizer.model, as there is no tokenizer.json", Only(said, "tokenizer: "));
        Assert.Equal("weights: 2 shards that model.safetensors.index.json names, as there is no model.safetensors", Only(said, "weights: "));
        Assert.Equal("type: float32, as always on the CPU", Only(said, "type: "));
        Assert.StartsWith("device: cpu, as asked; ", Only(said, "device: "));
        Assert.Contains(" bytes are free and the weights take ", Only(said, "budget: "));
        Assert.Contains("by the free memory", Only(said, "budget: "));
        Only(said, "libtorch: ");
        Assert.Contains(", to be begun, as none there asked the same", Only(said, "run: "));
        Assert.Contains(", with 0 answers in it", Only(said, "journal: "));
        Assert.Matches("^plan of log-likelihoods: 4 requests, 4 distinct, in [0-9]+ batches; [0-9]+ tokens go through", Only(said, "plan of log-likelihoods"));
        Assert.Equal("plan of generation/gsm8k: 2 prompts in 1 batches", Only(said, "plan of generation"));
        Only(said, "plan of rounding");
    }

    [Fact]
    public void A_run_that_was_found_is_told_and_another_budget_too()
    {
        Run("results");
        Assert.EndsWith("found, and finished", Only(Traced(Run("results", "--verbose")), "run: "));
        var fresh = Traced(Run("results", "--verbose", "--fresh", "--exact", "--dtype", "float32"));
        Assert.EndsWith("to be begun, as asked afresh", Only(fresh, "run: "));
        Assert.Equal("budget: one sequence at a time, as asked", Only(fresh, "budget: "));
        Assert.Equal("type: float32, as asked", Only(fresh, "type: "));
    }

    [Fact]
    public void An_error_still_shows_where_it_came_from()
    {
        Assert.Single(line.Run("-t", "nothing").Error.TrimEnd('\n').Split('\n'));
        Assert.Contains("   at Cognito.Eval.", line.Run("-t", "nothing", "--verbose").Error);
    }
}
