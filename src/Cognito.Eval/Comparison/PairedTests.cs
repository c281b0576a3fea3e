using MathNet.Numerics.Distributions;

namespace Cognito.Eval.Comparison;

/// <summary>Tests of whether paired scores differ, two-sided, and Holm's correction over several.</summary>
public static class PairedTests
{
    /// <summary>Names of the tests.</summary>
    internal const string MidP = "McNemar mid-p", Score = "score", StratifiedScore = "stratified score";

    /// <summary>Most non-zero differences whose signs are all enumerated: 2²⁰ sums are milliseconds.</summary>
    internal const int MostEnumerated = 20;

    /// <summary>
    /// McNemar's test, exact (McNemar 1947): whether, of the documents that one run got right and the other wrong, each run
    /// is as likely to have got one right. It is the binomial sign test on them.
    /// </summary>
    public static double McNemar(int wins, int losses) => wins == losses
        ? 1
        : Math.Min(1, 2 * Binomial.CDF(0.5, wins + losses, Math.Min(wins, losses)));

    /// <summary>
    /// The same, what was seen counting half of its own probability (Lancaster 1961): its size is near the level, where the
    /// exact one's is about half of it, and it is an interval's verdict nearly always.
    /// </summary>
    public static double McNemarMidP(int wins, int losses)
    {
        var (n, fewer) = (wins + losses, Math.Min(wins, losses));
        return wins == losses ? 1 : Math.Min(1, 2 * Binomial.CDF(0.5, n, fewer) - Binomial.PMF(0.5, n, fewer));
    }

    /// <summary>
    /// Paired test of a mean difference of 0: all sign flips where few documents differ (Fisher 1935), else the score test
    /// that the interval inverts. The flips approach that with more documents. Ties are none that differ.
    /// </summary>
    public static (string Test, double P) MeanDifference(IReadOnlyList<double> differences)
    {
        double[] moved = [.. differences.Where(d => Math.Abs(d) >= Stratum.Tie)];
        return moved.Length <= MostEnumerated
            ? ("sign flips", SignFlips(moved))
            : (Score, WeightedMean.Of(Stratum.Differences(differences)).P(0));
    }

    /// <summary>Share of the 2ⁿ sign patterns whose sum is at least as far from 0.</summary>
    internal static double SignFlips(ReadOnlySpan<double> differences)
    {
        var (sum, scale) = (0.0, 0.0);
        foreach (var d in differences)
            (sum, scale) = (sum + d, scale + Math.Abs(d));
        // Sums of the same numbers in another order differ by rounding.
        var (observed, patterns, asFar) = (Math.Abs(sum) - 1e-12 * scale, 1 << differences.Length, 0);
        Span<bool> flipped = stackalloc bool[differences.Length];
        for (var i = 1; ; i++)
        {
            if (Math.Abs(sum) >= observed)
                asFar++;
            if (i == patterns)
                return (double)asFar / patterns;
            // Gray code: one sign changes at a time.
            var k = System.Numerics.BitOperations.TrailingZeroCount(i);
            sum += flipped[k] ? 2 * differences[k] : -2 * differences[k];
            flipped[k] = !flipped[k];
        }
    }

    /// <summary>Holm's step-down adjusted p-values (Holm 1979), in the order given.</summary>
    public static IReadOnlyList<double> Holm(IReadOnlyList<double> p)
    {
        var adjusted = new double[p.Count];
        var largest = 0.0;
        foreach (var (rank, i) in Enumerable.Range(0, p.Count).OrderBy(i => p[i]).Index())
            adjusted[i] = largest = Math.Max(largest, Math.Min(1, (p.Count - rank) * p[i]));
        return adjusted;
    }
}
