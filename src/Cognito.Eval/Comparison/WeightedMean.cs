using MathNet.Numerics.Distributions;
using MathNet.Numerics.RootFinding;

namespace Cognito.Eval.Comparison;

/// <summary>
/// A mean of strata, each with its weight: a task, MMLU's subjects, the columns of the average, a candidate less a
/// baseline. Its interval holds the values that the score test does not reject: those whose distance from what was seen is
/// within the standard error that the likeliest distribution with that very mean has. For one stratum of 0/1 scores that is
/// Wilson's interval (1927), for paired ones Tango's (1998); strata beside each other have n − 1 for n (Miettinen and
/// Nurminen 1985).
/// </summary>
internal sealed class WeightedMean
{
    /// <param name="Inflation">How many times as large the variance is as if documents did not depend on each other.</param>
    public readonly record struct Part(Stratum Stratum, double Weight, double Inflation = 1);

    // What each part's variance is multiplied with: weight², and what corrects it.
    private readonly (Stratum Stratum, double Weight, double Factor)[] _parts;

    public WeightedMean(IReadOnlyList<Part> parts)
    {
        Parts = parts;
        // One document says nothing of its variance; it takes the mean of the others' strata.
        var several = parts.Where(part => part.Stratum.Documents > 1).ToList();
        var usual = several.Count == 0 ? double.NaN
            : several.Average(part => part.Stratum.Variance * part.Stratum.Documents * part.Stratum.Correction * part.Inflation);
        _parts = [.. parts.Select(part => (
            parts.Count > 1 && part.Stratum.Documents == 1 ? Stratum.Normal(part.Stratum.Mean, usual) : part.Stratum, part.Weight,
            part.Weight * part.Weight * part.Inflation
                * (parts.Count > 1 || double.IsFinite(part.Stratum.Freedom) ? part.Stratum.Correction : 1)))];
        Mean = _parts.Sum(part => part.Weight * part.Stratum.Mean);
        Variance = At(0).Variance;
        var spread = _parts.Sum(part => Math.Pow(part.Factor * part.Stratum.Variance, 2) / part.Stratum.Freedom);
        Freedom = spread > 0 ? Math.Max(1, Math.Floor(Variance * Variance / spread)) : double.PositiveInfinity;
    }

    public IReadOnlyList<Part> Parts { get; }

    public double Mean { get; }

    /// <summary>As estimated from what was seen; NaN where a stratum's is not known.</summary>
    public double Variance { get; }

    /// <summary>
    /// Satterthwaite's (1946), of the strata whose mean does not determine their variance; rounded down as for printed
    /// tables.
    /// </summary>
    public double Freedom { get; }

    public static WeightedMean Of(Stratum stratum) => new([new(stratum, 1)]);

    /// <summary>Of means that are means of strata themselves.</summary>
    public static WeightedMean Of(IEnumerable<(WeightedMean Mean, double Weight)> means) =>
        new([.. means.SelectMany(it => it.Mean.Parts.Select(part => part with { Weight = part.Weight * it.Weight }))]);

    /// <summary>The same with a variance so many times as large.</summary>
    public WeightedMean Inflated(double times) =>
        times == 1 ? this : new([.. Parts.Select(part => part with { Inflation = part.Inflation * times })]);

    /// <summary>Null where a variance is not known.</summary>
    public Interval? Interval(double level = Comparison.Interval.Usual)
    {
        if (double.IsNaN(Variance))
            return null;
        var quantile = Comparison.Interval.Quantile(Freedom, (1 + level) / 2);
        return new(End(quantile, 1), End(quantile, -1));
    }

    /// <summary>
    /// Two-sided p-value of the score test that the true mean is <paramref name="value"/>; NaN where a variance is not
    /// known.
    /// </summary>
    public double P(double value)
    {
        if (double.IsNaN(Variance))
            return double.NaN;
        if (Mean == value)
            return 1;
        var direction = Math.Sign(Mean - value);
        var far = Farther(tilt => direction * (At(direction * tilt).Mean - value) <= 0);
        if (!double.IsFinite(far))
            return 0;
        var tilt = Root(tilt => direction * (value - At(direction * tilt).Mean), far);
        var z = Math.Abs(Mean - value) / Math.Sqrt(At(direction * tilt).Variance);
        return 2 * (double.IsPositiveInfinity(Freedom) ? Normal.CDF(0, 1, -z) : StudentT.CDF(0, 1, Freedom, -z));
    }

    private (double Mean, double Variance) At(double tilt)
    {
        var (mean, variance) = (0.0, 0.0);
        foreach (var (stratum, weight, factor) in _parts)
        {
            var (m, v) = stratum.At(tilt * weight);
            (mean, variance) = (mean + weight * m, variance + factor * v);
        }
        return (mean, variance);
    }

    /// <summary>The lower end with direction 1, the upper one with −1.</summary>
    private double End(double quantile, int direction)
    {
        double Beyond(double tilt)
        {
            var (mean, variance) = At(direction * tilt);
            // A tilt that moves nothing is too small.
            return mean == Mean && variance == 0 ? -1 : Math.Abs(Mean - mean) - quantile * Math.Sqrt(variance);
        }
        var far = Farther(tilt => Beyond(tilt) > 0);
        return double.IsFinite(far) ? At(direction * Root(Beyond, far)).Mean : Mean;
    }

    /// <summary>A tilt at which something holds, the first of those found by doubling; infinite if it never does.</summary>
    private double Farther(Func<double, bool> holds)
    {
        for (var tilt = Variance > 0 ? 1 / Math.Sqrt(Variance) : 1; tilt < 1e30; tilt *= 2)
            if (holds(tilt))
                return tilt;
        return double.PositiveInfinity;
    }

    /// <summary>Where a function that is below 0 at 0, and not at <paramref name="far"/>, crosses 0.</summary>
    private static double Root(Func<double, double> function, double far) =>
        far * Brent.FindRoot(part => function(part * far), 0, 1, 1e-14, 200);
}
