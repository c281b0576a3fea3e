using MathNet.Numerics.Distributions;

namespace Cognito.Eval.Comparison;

/// <summary>How large a true difference has to be for a comparison to find it in 4 of 5 times, two-sided at 5 %.</summary>
internal static class Power
{
    /// <summary>Of a test, two-sided; and how often it is to find the difference.</summary>
    internal const double Level = 0.05, Wanted = 0.8;

    /// <summary>With more discordant documents the normal approximation is within 0.5 % of the power.</summary>
    private const int MostEnumerated = 500;

    /// <summary>In standard errors of so many degrees of freedom: the quantiles of 97.5 % (at the usual level) and of 80 %.</summary>
    public static double Factor(double freedom, double level = Level) =>
        Interval.Quantile(freedom, 1 - level / 2) + Interval.Quantile(freedom, Wanted);

    /// <summary>
    /// For the score test of one task's other scores, as a fraction: the least drop that it rejects, had what was seen been lowered to it,
    /// and what a mean falls short of in 1 of 5 comparisons. With few documents the test's critical value is not Student's. Null where
    /// no drop is rejected.
    /// </summary>
    public static double? OfScore(Stratum seen, double error, double level = Level)
    {
        bool IsFound(double drop) => WeightedMean.Of(seen.Lowered(seen.Mean + drop)).P(0) < level;
        if (!(error > 0) || !IsFound(8 * error))
            return null;
        var (low, high) = (0.0, 8 * error);
        while (high - low > 1e-4 * error)
        {
            var middle = (low + high) / 2;
            (low, high) = IsFound(middle) ? (low, middle) : (middle, high);
        }
        return high + error * Interval.Quantile(seen.Freedom, Wanted);
    }

    /// <summary>
    /// For McNemar's mid-p test, as a fraction. Of documents as many are discordant as were seen, or, where a difference needs
    /// more, as many as it is. Null where not even a difference of 1 would do.
    /// </summary>
    public static double? Detectable(int documents, int discordant, double level = Level)
    {
        var share = (double)discordant / documents;
        if (discordant > MostEnumerated)
            return Approximate(documents, share, level);
        if (OfMidP(documents, share, 1, level) < Wanted)
            return null;
        var (low, high) = (0.0, 1.0);
        while (high - low > 1e-6)
        {
            var middle = (low + high) / 2;
            (low, high) = OfMidP(documents, share, middle, level) < Wanted ? (middle, high) : (low, middle);
        }
        return high;
    }

    /// <summary>Connor's (1987): Δ √n = z √s + z' √(s − Δ²), for a share s of discordant documents.</summary>
    private static double Approximate(int documents, double share, double level)
    {
        var (a, b) = (Normal.InvCDF(0, 1, 1 - level / 2), Normal.InvCDF(0, 1, Wanted));
        var difference = 0.0;
        for (var i = 0; i < 50; i++)
            difference = (a * Math.Sqrt(share) + b * Math.Sqrt(Math.Max(0, share - difference * difference))) / Math.Sqrt(documents);
        return difference;
    }

    /// <summary>The chance of p below the level, summed over how many documents are discordant and how they split.</summary>
    /// <param name="share">Of discordant documents; at least the difference.</param>
    public static double OfMidP(int documents, double share, double difference, double level = Level)
    {
        var discordant = Math.Max(share, difference);
        var losing = discordant == 0 ? 0.5 : (1 - difference / discordant) / 2;
        var reach = 8 * Math.Sqrt(documents * discordant) + 10;
        var (power, critical) = (0.0, -1);
        var most = (int)Math.Min(documents, documents * discordant + reach);
        for (var m = (int)Math.Max(0, documents * discordant - reach); m <= most; m++)
        {
            // The most documents on the rarer side at which the test rejects; it never falls as m rises.
            while (2 * (critical + 1) < m && PairedTests.McNemarMidP(critical + 1, m - critical - 1) < level)
                critical++;
            if (critical >= 0)
                power += Binomial.PMF(discordant, documents, m)
                    * (Binomial.CDF(losing, m, critical) + Binomial.CDF(1 - losing, m, critical));
        }
        return power;
    }
}
