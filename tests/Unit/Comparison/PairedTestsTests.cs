using Cognito.Eval.Comparison;

namespace Cognito.Eval.Tests;

/// <summary>Tests and intervals against cases worked out by hand.</summary>
public sealed partial class PairedTestsTests
{
    [Theory]
    [InlineData(1, 5, 14.0 / 64)] // 2 (1 + 6) / 2⁶
    [InlineData(5, 1, 14.0 / 64)]
    [InlineData(0, 5, 2.0 / 32)]
    [InlineData(2, 7, 92.0 / 512)] // 2 (1 + 9 + 36) / 2⁹
    [InlineData(3, 3, 1)]
    [InlineData(4, 3, 1)]
    [InlineData(0, 0, 1)]
    [InlineData(0, 1, 1)]
    public void McNemar_is_the_sign_test_of_what_differs(int wins, int losses, double p) =>
        Assert.Equal(p, PairedTests.McNemar(wins, losses), 11);

    [Theory]
    [InlineData(new[] { 1.0, 2, 3 }, 2.0 / 8)]
    [InlineData(new[] { 1.0, 2, -3 }, 1)]
    [InlineData(new[] { -1.0, 2, 3 }, 4.0 / 8)] // |sum| of at least 4: ±(1+2+3), ±(-1+2+3)
    [InlineData(new[] { 0.1, 0.2, 0.3, 0.4 }, 2.0 / 16)]
    [InlineData(new double[0], 1)]
    public void Few_differences_have_all_their_signs_flipped(double[] differences, double p)
    {
        Assert.Equal(p, PairedTests.SignFlips(differences));
        Assert.Equal(("sign flips", p), PairedTests.MeanDifference([.. differences, 0, 0, 0]));
    }

    [Fact]
    public void Holm_steps_down()
    {
        Assert.Equal([0.03, 0.06, 0.06], PairedTests.Holm([0.01, 0.04, 0.03]), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([1.0, 1.0], PairedTests.Holm([0.7, 0.6]));
        Assert.Empty(PairedTests.Holm([]));
    }

    [Fact]
    public void Intervals_are_the_tabulated_ones()
    {
        Assert.Equal(2.228139, Interval.Student(0, 1, 10).High, 6);
        Assert.Equal(1.959964, Interval.Student(0, 1, double.PositiveInfinity).High, 6);
        Assert.Equal(-12.706205, Interval.Student(0, 1, 1).Low, 6);
        var (low, high) = Interval.Wilson(0, 20); // z² / (n + z²)
        Assert.Equal(0, low, 12);
        Assert.Equal(3.841459 / 23.841459, high, 6);
        Assert.Equal(2.8015852, Power.Factor(double.PositiveInfinity), 7);
    }

    [Fact]
    public void A_mean_of_paired_scores_follows_from_wins_and_losses()
    {
        double[] differences = [1, 1, 1, -1, 0, 0, 0, 0];
        var (counted, listed) = (MeanOf.Discordant(8, 3, 1), MeanOf.Documents(differences));
        Assert.Equal(0.25, counted.Mean);
        Assert.Equal(3.5 / 7 / 8, counted.Variance, 12); // Σd² - n·mean² = 4 - 0.5
        Assert.Equal(listed.Variance, counted.Variance, 12);
        Assert.Equal(7, counted.Freedom);
    }

    [Fact]
    public void Strata_count_alike_whatever_their_size()
    {
        var mean = MeanOf.Strata([new(0.2, 0.04, 9), new(0.4, 0.01, 99)]);
        Assert.Equal(0.3, mean.Mean, 12);
        Assert.Equal(0.05 / 4, mean.Variance, 12);
        Assert.Equal(0.0025 / (0.0016 / 9 + 0.0001 / 99), mean.Freedom, 9); // Satterthwaite
    }

    [Fact]
    public void Runs_that_do_not_differ_still_have_an_error()
    {
        var same = MeanOf.Discordant(200, 0, 0).AtLeastTwoDiscordant([200]);
        Assert.Equal(Math.Sqrt(2) / 200, same.Error!.Value, 12);
        var strata = MeanOf.Strata([MeanOf.Discordant(100, 0, 0), MeanOf.Discordant(300, 0, 0)]).AtLeastTwoDiscordant([100, 300]);
        Assert.Equal(2.0 / 400 * (1.0 / 100 + 1.0 / 300) / 4, strata.Variance, 15);
        Assert.Null(MeanOf.Discordant(1, 1, 0).Error);
        Assert.Null(MeanOf.Discordant(1, 1, 0).AtLeastTwoDiscordant([1]).Interval());
    }
}
