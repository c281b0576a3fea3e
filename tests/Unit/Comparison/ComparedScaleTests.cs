using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>Perplexities are compared on the log scale, document by document.</summary>
public sealed class ComparedScaleTests
{
    [Theory]
    [InlineData("word_perplexity,none", 1)]
    [InlineData("byte_perplexity,none", 1)]
    [InlineData("bits_per_byte,none", 0.6931471805599453)]
    public void The_difference_is_that_of_the_logarithms(string metric, double unit)
    {
        double[] before = [-10, -42, -7.5, -30], after = [-9, -41, -8, -28], weights = [3, 11, 2, 9];
        double Log(double[] lls) => -lls.Sum() / weights.Sum() / unit;
        double Value(double[] lls) => metric.StartsWith("bits", StringComparison.Ordinal) ? Log(lls) : Math.Exp(Log(lls));
        var column = RunComparison.Create(MadeRuns.OfOneTask(metric, Value(before), before, weights), MadeRuns.OfOneTask(metric, Value(after), after, weights)).Columns.Single();
        Assert.True(column.IsPaired);
        Assert.Equal(-100 * Log(before), column.Baseline, 1e-9);
        Assert.Equal(100 * (Log(before) - Log(after)), column.Difference, 1e-9);
        Assert.Equal((3, 1), (column.Wins, column.Losses));
        double[] differences = [.. before.Zip(after, (a, b) => (b - a) / weights.Average() / unit)];
        var mean = differences.Average();
        Assert.Equal(100 * Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean)) / 3 / 4), column.StandardError!.Value, 1e-9);
        Assert.InRange(column.Difference, column.Interval!.Value.Low, column.Interval.Value.High);
    }

    [Theory]
    [InlineData("word_perplexity,none", "-ln word_perplexity,none")]
    [InlineData("brier_score,none", "-brier_score,none")]
    public void Less_of_it_is_better_in_words_too(string metric, string compared)
    {
        double[] weights = [.. Enumerable.Repeat(10.0, 40)], before = [.. Enumerable.Range(0, 40).Select(i => -20.0 - i % 5)];
        var isLogarithm = metric.StartsWith("word", StringComparison.Ordinal);
        var (worse, better) = (MadeRuns.OfOneTask(metric, 9, isLogarithm ? before : [.. before.Select(x => x / -50)], isLogarithm ? weights : null),
            MadeRuns.OfOneTask(metric, 8, isLogarithm ? [.. before.Select((x, i) => x + 2 + i % 2)] : [.. before.Select((x, i) => x / -50 - 0.1 - 0.01 * (i % 2))], isLogarithm ? weights : null));
        Assert.Matches($@"^Beyond chance B is better than A on t \(by \d+\.\d\d points of {compared}\)\.$",
            VerdictText.Of(RunComparison.Create(worse, better), "A", "B"));
        Assert.StartsWith("Beyond chance B is worse than A on t ", VerdictText.Of(RunComparison.Create(better, worse), "A", "B"));
        if (isLogarithm)
            Assert.Equal("A has 9.00 as word_perplexity,none of t.", VerdictText.Of("A", worse, []));
    }

    [Fact]
    public void One_that_is_no_mean_over_documents_is_refused() => Assert.Contains("no mean over documents", Assert.Throws<InputException>(() =>
        RunComparison.Create(MadeRuns.OfOneTask("f1,none", 0.5, [1, 0], [1, 1]), MadeRuns.OfOneTask("f1,none", 0.5, [1, 0], [1, 1]))).Message);
}
