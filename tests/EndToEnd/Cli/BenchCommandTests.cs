using System.Text.Json.Nodes;
using Cognito.Eval.Cli;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

/// <summary><c>bench</c> of whatever tasks: what was not measured has no number.</summary>
public sealed class BenchCommandTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private string Printed(params string[] args)
    {
        var outcome = line.Run(["bench", "--limit", "2", "--prompts", "2", "--new-tokens", "3", "--device", "cpu", "-q", .. args]);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome.Out;
    }

    [Fact]
    public void A_task_that_only_generates_has_no_columns()
    {
        var bench = JsonNode.Parse(Printed("-t", "gsm8k", "--json"))!;
        Assert.Empty(bench["columns"]!.AsObject());
        Assert.Null(bench["published_seconds"]);
        Assert.Equal(2, (int)bench["generation"]!["Prompts"]!);
        var table = Printed("-t", "gsm8k");
        Assert.DoesNotContain("| Column", table);
        Assert.Contains("generation: 2 prompts", table);
    }

    [Fact]
    public void A_task_that_only_scores_has_no_generation()
    {
        var bench = JsonNode.Parse(Printed("-t", "winogrande", "--json"))!;
        Assert.Equal(["Winogrande", "all"], bench["columns"]!.AsObject().Select(column => column.Key));
        Assert.Equal((double)bench["columns"]!["Winogrande"]!["token_ratio"]!, (double)bench["columns"]!["all"]!["token_ratio"]!, 9);
        Assert.Null(bench["generation"]);
        Assert.True((double)bench["published_seconds"]! > 0);
    }

    [Fact]
    public void Random_prompts_have_the_length_that_was_asked()
    {
        var bench = JsonNode.Parse(Printed("-t", "winogrande", "--prompt-tokens", "20", "--json"))!;
        Assert.Equal((2, 40L, 3), ((int)bench["generation"]!["Prompts"]!, (long)bench["generation"]!["PromptTokens"]!, (int)bench["generation"]!["NewTokens"]!));
        Assert.Equal(20, (int)bench["forward"]!["Length"]!);
        var outcome = line.Run("bench", "-t", "winogrande", "--limit", "1", "--prompt-tokens", "8190", "--new-tokens", "3", "--device", "cpu", "-q");
        Assert.Equal((2, "cognito-eval: --prompt-tokens 8190: sequences of 8193 tokens, and the model takes 8192; give fewer, or fewer --new-tokens"),
            (outcome.Code, outcome.Error.Trim()));
    }

    [Fact]
    public async Task A_measurement_that_is_interrupted_ends_between_two_tokens()
    {
        using var process = line.Start([], "bench", "-t", "winogrande", "--limit", "1", "--prompts", "16", "--prompt-tokens", "20", "--new-tokens", "8000",
            "--device", "cpu");
        // The ceiling and the column are measured: generation is next, which takes minutes.
        for (var lines = 0; lines < 2; lines++)
            Assert.NotNull(await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken));
        using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{process.Id}"]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("cognito-eval: interrupted; nothing was written", (await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
    }

    [Theory]
    [InlineData(1.0, 4.0, 0.25)]
    [InlineData(0.0, 4.0, 0.0)]
    [InlineData(1.0, 0.0, null)]
    [InlineData(0.0, 0.0, null)]
    [InlineData(1.0, double.NaN, null)]
    [InlineData(double.PositiveInfinity, 2.0, null)]
    [InlineData(null, 2.0, null)]
    public void There_is_no_rate_where_nothing_is_divided_by(double? part, double whole, double? ratio) =>
        Assert.Equal(ratio, Bench.Ratio(part, whole));

    [Fact]
    public void A_column_without_seconds_or_published_documents_has_no_rate()
    {
        BenchedColumn column = new("made-up", PlanCounts.None, 0, null, 0) { TokenRatio = Bench.Ratio(0, 0) };
        Assert.Equal((null, null, null, null), (column.TokensPerSecond, column.Faster, column.TokenRatio, column.PublishedSeconds));
        Assert.Equal((0.0, null, null), (BenchedColumn.All([column, column])!.Seconds, BenchedColumn.All([column])!.TokenRatio,
            BenchedColumn.All([column])!.NaiveSeconds));
        Assert.Null(BenchedColumn.All([]));
        Assert.Null(new BenchedLoad(1, 0, 0, double.NaN, 0).FloorSeconds);
        Assert.Null(new BenchedGeneration(1, 1, 2, 0.5, 0.4, 0.1).StepSeconds());
    }
}
