using Cognito.Eval.Comparison;

namespace Cognito.Eval.Tests;

/// <summary>By drawing signs many times.</summary>
public sealed partial class PairedTestsTests
{
    [Fact]
    public void Of_many_differences_the_t_test_says_what_flipping_signs_would()
    {
        // Skewed, like differences of mc2, with a mean that is worth a test.
        var random = new Random(7);
        double[] differences = [.. Enumerable.Range(0, 817).Select(_ => Math.Pow(random.NextDouble(), 3) - 0.214)];
        var observed = Math.Abs(differences.Sum());
        const int Draws = 20_000;
        var asFar = Enumerable.Range(0, Draws).Count(_ =>
            Math.Abs(differences.Sum(d => random.Next(2) == 0 ? d : -d)) >= observed);
        var (test, p) = PairedTests.MeanDifference(differences);
        Assert.Equal("paired t", test);
        Assert.InRange(p, 0.01, 0.2);
        // Four standard errors of the draws.
        Assert.Equal(p, (double)asFar / Draws, 4 * Math.Sqrt(p * (1 - p) / Draws) + 1e-3);
    }
}
