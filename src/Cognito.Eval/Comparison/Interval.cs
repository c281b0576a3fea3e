using System.Collections.Concurrent;
using MathNet.Numerics.Distributions;

namespace Cognito.Eval.Comparison;

/// <summary>The values that the data do not contradict at a level of confidence.</summary>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>The level where none is named.</summary>
    public const double Usual = 0.95;

    public bool Contains(double value) => Low <= value && value <= High;

    /// <summary>Student's t interval; the normal one where the degrees of freedom are infinite.</summary>
    public static Interval Student(double centre, double error, double freedom, double level = Usual)
    {
        var reach = error * Quantile(freedom, (1 + level) / 2);
        return new(centre - reach, centre + reach);
    }

    /// <summary>Wilson's score interval of a proportion (Wilson 1927): not degenerate where none or all are right.</summary>
    public static Interval Wilson(double right, int documents, double level = Usual)
    {
        var (z, n) = (Normal.InvCDF(0, 1, (1 + level) / 2), (double)documents);
        var (p, shrink) = (right / n, 1 + z * z / n);
        var centre = (p + z * z / (2 * n)) / shrink;
        var reach = z * Math.Sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / shrink;
        return new(Math.Max(0, centre - reach), Math.Min(1, centre + reach));
    }

    /// <summary>MathNet finds one by search, in some 20 µs; many are asked for again.</summary>
    private static readonly ConcurrentDictionary<(double Freedom, double P), double> Quantiles = new();

    /// <summary>
    /// Of Student's t, or the normal one. Degrees of freedom are rounded down to whole ones, as for printed tables.
    /// </summary>
    internal static double Quantile(double freedom, double p) => Quantiles.GetOrAdd((Math.Max(1, Math.Floor(freedom)), p), static asked =>
    {
        if (double.IsPositiveInfinity(asked.Freedom))
            return Normal.InvCDF(0, 1, asked.P);
        // The search ends with 8 or 9 digits; a step of Newton's doubles them.
        var t = StudentT.InvCDF(0, 1, asked.Freedom, asked.P);
        return t - (StudentT.CDF(0, 1, asked.Freedom, t) - asked.P) / StudentT.PDF(0, 1, asked.Freedom, t);
    });

    public static Interval operator *(Interval interval, double factor) => new(interval.Low * factor, interval.High * factor);
}
