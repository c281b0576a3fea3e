using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Comparison;

/// <summary>A mean, the variance of that mean, and the degrees of freedom of the variance. NaN variance: not known.</summary>
internal readonly record struct MeanOf(double Mean, double Variance, double Freedom)
{
    public double? Error => double.IsNaN(Variance) ? null : Math.Sqrt(Variance);

    public Interval? Interval(double level = Comparison.Interval.Usual) =>
        Error is { } error ? Comparison.Interval.Student(Mean, error, Freedom, level) : null;

    /// <summary>Of documents drawn independently; one document has no variance.</summary>
    public static MeanOf Documents(IReadOnlyCollection<double> values)
    {
        var estimate = Estimate.FromValues(values);
        return new(estimate.Mean, estimate.StandardError * estimate.StandardError ?? double.NaN, values.Count - 1);
    }

    /// <summary>The same for paired differences of 0/1 scores, from what it depends on.</summary>
    public static MeanOf Discordant(int documents, int wins, int losses)
    {
        var mean = (wins - losses) / (double)documents;
        var squares = wins + losses - documents * mean * mean;
        return new(mean, documents == 1 ? double.NaN : squares / (documents - 1) / documents, documents - 1);
    }

    /// <summary>
    /// Of fixed strata, each counting the same: MMLU's subjects, the average's columns. Variances add up; their degrees
    /// of freedom are Satterthwaite's (1946).
    /// </summary>
    public static MeanOf Strata(IReadOnlyList<MeanOf> strata)
    {
        if (strata.Count == 1)
            return strata[0];
        var (sum, variance, spread, freedom) = (0.0, 0.0, 0.0, 0.0);
        foreach (var stratum in strata)
        {
            sum += stratum.Mean;
            variance += stratum.Variance;
            spread += stratum.Variance * stratum.Variance / stratum.Freedom;
            freedom += stratum.Freedom;
        }
        return new(sum / strata.Count, variance / strata.Count / strata.Count,
            spread > 0 ? variance * variance / spread : freedom);
    }

    /// <summary>
    /// The variance is not below what two discordant documents would give. Where 0/1 scores hardly differ, what was not seen
    /// in n documents may still happen in 3 of n.
    /// </summary>
    /// <param name="documents">In each stratum.</param>
    public MeanOf AtLeastTwoDiscordant(IReadOnlyList<int> documents)
    {
        var (total, inverse) = (0.0, 0.0);
        foreach (var n in documents)
            (total, inverse) = (total + n, inverse + 1.0 / n);
        return this with { Variance = Math.Max(Variance, 2 / total * inverse / documents.Count / documents.Count) };
    }

    /// <summary>Cluster-robust variance: of the means of clusters that might have been others.</summary>
    public static double? ClusterError(IReadOnlyCollection<double> clusterMeans) => Estimate.FromValues(clusterMeans).StandardError;
}
