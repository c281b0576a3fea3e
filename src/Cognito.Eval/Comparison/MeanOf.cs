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
    /// of freedom are Satterthwaite's (1946). A stratum of one document takes the mean variance of the others' documents.
    /// </summary>
    public static MeanOf Strata(IReadOnlyList<MeanOf> strata) => strata.Count == 1 ? strata[0]
        : Weighted([.. strata.Select(stratum => (stratum, 1.0 / strata.Count))]);

    /// <summary>The same with a weight for each.</summary>
    public static MeanOf Weighted(IReadOnlyList<(MeanOf Mean, double Weight)> strata)
    {
        bool IsOne(MeanOf stratum) => double.IsNaN(stratum.Variance) && stratum.Freedom == 0;
        var usual = strata.Where(it => it.Mean.Freedom is > 0 and < double.PositiveInfinity)
            .Select(it => it.Mean.Variance * (it.Mean.Freedom + 1)).DefaultIfEmpty(double.NaN).Average();
        var (sum, variance, spread, freedom) = (0.0, 0.0, 0.0, 0.0);
        foreach (var (stratum, weight) in strata)
        {
            var v = weight * weight * (IsOne(stratum) ? usual : stratum.Variance);
            sum += weight * stratum.Mean;
            variance += v;
            spread += IsOne(stratum) ? 0 : v * v / stratum.Freedom;
            freedom += stratum.Freedom;
        }
        return new(sum, variance, spread > 0 ? variance * variance / spread : freedom);
    }

    /// <summary>
    /// The variance is not below what two discordant documents would give. Where 0/1 scores hardly differ, what was not seen
    /// in n documents may still happen in 3 of n.
    /// </summary>
    /// <param name="documents">In each stratum.</param>
    /// <param name="weights">Of each stratum; each the same if null.</param>
    /// <param name="size">By how much such documents differ.</param>
    public MeanOf AtLeastTwoDiscordant(IReadOnlyList<int> documents, IReadOnlyList<double>? weights = null, double size = 1)
    {
        var (total, spread) = (0.0, 0.0);
        foreach (var (i, n) in documents.Index())
        {
            var weight = weights?[i] ?? 1.0 / documents.Count;
            (total, spread) = (total + n, spread + weight * weight / n);
        }
        return this with { Variance = Math.Max(Variance, 2 * size * size / total * spread) };
    }

    /// <summary>Cluster-robust variance: of the means of clusters that might have been others.</summary>
    public static double? ClusterError(IReadOnlyCollection<double> clusterMeans) => Estimate.FromValues(clusterMeans).StandardError;
}
