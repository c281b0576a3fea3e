using Cognito.Eval.Comparison;

namespace Cognito.Eval.Tests;

/// <summary>By drawing signs many times.</summary>
public sealed partial class PairedTestsTests
{
    [Fact]
    public void Of_many_differences_the_score_test_says_what_flipping_signs_would()
    {
        // With long tails, like differences of mc2, and a mean that is worth a test. Flips take either side to be alike; so are these.
        var random = new Random(7);
        double[] differences = [.. Enumerable.Range(0, 817).Select(_ => 0.04 + Math.Pow(2 * random.NextDouble() - 1, 3))];
        var observed = Math.Abs(differences.Sum());
        const int Draws = 20_000;
        var asFar = Enumerable.Range(0, Draws).Count(_ =>
            Math.Abs(differences.Sum(d => random.Next(2) == 0 ? d : -d)) >= observed);
        var (test, p) = PairedTests.MeanDifference(differences);
        Assert.Equal("score", test);
        Assert.InRange(p, 0.01, 0.2);
        // Four standard errors of the draws.
        Assert.Equal(p, (double)asFar / Draws, 4 * Math.Sqrt(p * (1 - p) / Draws) + 1e-3);
    }
}
