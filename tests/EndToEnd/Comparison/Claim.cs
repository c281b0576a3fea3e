using Cognito.Eval.Comparison;

namespace Cognito.Eval.Tests;

/// <summary>How often what is said of a truth holds, as shares of all comparisons.</summary>
/// <param name="Covered">The 95 % interval holds the truth.</param>
/// <param name="TooLow">The interval lies below the truth, so a drop looks larger than it is.</param>
/// <param name="Passes">The gate's verdict on it alone, with a margin δ; likewise <paramref name="Regressions"/>.</param>
/// <param name="Found">p below 0.05.</param>
/// <param name="Parted">p and the interval say otherwise of no difference.</param>
/// <param name="Before">By Student's t intervals and McNemar's exact p, which scores and mid-p took the place of.</param>
internal sealed record Claim(double Covered, double TooLow, double Passes, double Regressions, double Found, double Parted, Before Before)
{
    /// <param name="delta">Points.</param>
    private static bool[] Of(Contrast contrast, double truth, double delta)
    {
        var (interval, t) = (contrast.Interval!.Value, contrast.Mean.Interval()!.Value * 100);
        var verdict = Gate.Drops([contrast], null, new() { Delta = { [contrast.Name] = delta } }).Single().Verdict;
        var found = Truth.P(contrast) < 0.05;
        return
        [
            interval.Contains(truth), interval.High < truth, verdict == Verdict.Pass, verdict == Verdict.Regression, found, found == interval.Contains(0),
            t.Contains(truth), -t.Low <= delta, -t.High > delta,
            contrast.Wins is { } wins && contrast.Losses is { } losses && PairedTests.McNemar(wins, losses) < 0.05,
        ];
    }

    /// <summary>By all that may happen.</summary>
    public static Claim Enumerated(Counted truth, double delta) =>
        Sum(truth.All().Select(it => (Of(it.Contrast, truth.Difference, delta), it.Chance)));

    public static Claim Drawn(Truth truth, double delta, int draws, int seed)
    {
        var random = new Random(seed);
        return Sum(Enumerable.Range(0, draws).Select(_ => (Of(truth.Draw(random), truth.Difference, delta), 1.0 / draws)));
    }

    private static Claim Sum(IEnumerable<(bool[] Facts, double Chance)> all)
    {
        var sum = new double[10];
        foreach (var (facts, chance) in all)
            for (var i = 0; i < facts.Length; i++)
                sum[i] += facts[i] ? chance : 0;
        return new(sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], new(sum[6], sum[7], sum[8], sum[9]));
    }
}

/// <param name="Passes">With the margin δ, the upper end of the drop within it.</param>
internal sealed record Before(double Covered, double Passes, double Regressions, double Found);
