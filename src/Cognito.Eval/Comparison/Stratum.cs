namespace Cognito.Eval.Comparison;

/// <summary>
/// Documents drawn independently from one task, as the values that were seen and how often. Of all distributions on the
/// possible values that have a given mean, the likeliest one says what the variance would be there: score intervals
/// rest on it (Tango 1998 for paired 0/1 scores; Owen 1988 for other values).
/// </summary>
internal sealed class Stratum
{
    /// <summary>Differences that are closer to 0 are ties: rounding moves mc2 by as much.</summary>
    public const double Tie = 1e-4;

    private readonly double[] _values;
    private readonly double[] _counts;
    private readonly double _low;
    private readonly double _high;
    private readonly double _rest;

    /// <param name="seen">Value and count, the lowest value first; no count is 0.</param>
    /// <param name="low">The lowest value that is possible, seen or not.</param>
    /// <param name="mean">Of all documents, ties as they are.</param>
    private Stratum(IReadOnlyList<(double Value, double Count)> seen, double low, double high, double mean, double freedom)
    {
        (_values, _counts) = ([.. seen.Select(it => it.Value)], [.. seen.Select(it => it.Count)]);
        (_low, _high, Mean, Freedom, Documents) = (low, high, mean, freedom, _counts.Sum());
        _rest = mean - _values.Zip(_counts, (x, count) => x * count).Sum() / Documents;
        Variance = At(0).Variance;
    }

    private Stratum(double mean, double variance, double freedom) =>
        (_values, _counts, Mean, Variance, Freedom) = ([], [], mean, variance, freedom);

    public double Mean { get; }

    /// <summary>Of the mean, as estimated from what was seen; NaN where it is not known.</summary>
    public double Variance { get; }

    /// <summary>The most by which a document may differ from none.</summary>
    public double Most => Math.Max(-_low, _high);

    /// <summary>Degrees of freedom of the variance; infinite where the mean determines it.</summary>
    public double Freedom { get; }

    /// <summary>0 where they are not known.</summary>
    public double Documents { get; }

    /// <summary>What makes an estimate of the variance unbiased: n / (n − 1).</summary>
    public double Correction => Documents > 1 ? Documents / (Documents - 1) : 1;

    /// <summary>0/1 scores; the number of right ones need not be whole where only their mean is known.</summary>
    public static Stratum Right(double documents, double right) =>
        new(Seen((0, documents - right), (1, right)), 0, 1, right / documents, double.PositiveInfinity);

    /// <summary>Differences of paired 0/1 scores.</summary>
    public static Stratum Discordant(int documents, int wins, int losses) => new(
        Seen((-1, losses), (0, documents - wins - losses), (1, wins)), -1, 1, (wins - losses) / (double)documents,
        double.PositiveInfinity);

    /// <summary>
    /// Differences of other paired scores. A document that was not drawn may differ by as much as the one that differs most,
    /// and by 1 / (k + 1)² more for what k documents that differ have not shown: by anything if none differs.
    /// </summary>
    public static Stratum Differences(IReadOnlyCollection<double> differences)
    {
        double[] moved = [.. differences.Where(d => Math.Abs(d) >= Tie).Order()];
        var most = Math.Min(1, (moved.Length == 0 ? 0 : Math.Max(-moved[0], moved[^1])) + Math.Pow(moved.Length + 1, -2));
        return new(
            Seen([
                .. moved.Where(d => d < 0).Select(d => (d, 1.0)),
                (0, differences.Count - moved.Length),
                .. moved.Where(d => d > 0).Select(d => (d, 1.0)),
            ]),
            -most, most, differences.Average(), differences.Count - 1);
    }

    /// <summary>Whether the values themselves are known, and differ by what a document may.</summary>
    public bool HasValues => _values.Length > 0;

    /// <summary>Differences that were seen, with a mean lower by so much, as documents that differ are lower; ties stay ties.</summary>
    public Stratum Lowered(double by)
    {
        var each = by * Documents / _values.Zip(_counts, (value, count) => value == 0 ? 0 : count).Sum();
        return Differences([.. _values.SelectMany((value, i) => Enumerable.Repeat(value == 0 ? 0 : value - each, (int)_counts[i]))]);
    }

    /// <summary>A mean of which no more is known than its variance; it is taken as normal.</summary>
    public static Stratum Normal(double mean, double variance, double freedom = double.PositiveInfinity) =>
        new(mean, variance, freedom);

    private static (double, double)[] Seen(params IEnumerable<(double Value, double Count)> values) =>
        [.. values.Where(it => it.Count > 0)];

    /// <summary>
    /// The mean, and the variance of an observed one, under the likeliest distribution when the mean is weighed down by a
    /// <paramref name="tilt"/>; up if that is below 0.
    /// </summary>
    public (double Mean, double Variance) At(double tilt)
    {
        if (_values.Length == 0)
            return (Mean - tilt * Variance, Variance);
        var (edge, unseen, size) = tilt >= 0 ? (_values[0], _low, tilt) : (_values[^1], _high, -tilt);
        var (multiplier, isEnough) = Multiplier(edge, size, size * Math.Abs(unseen - edge));
        var (mass, sum, squares) = (0.0, 0.0, 0.0);
        for (var i = 0; i < _values.Length; i++)
        {
            var (x, p) = (_values[i], _counts[i] / (multiplier + size * Math.Abs(_values[i] - edge)));
            (mass, sum, squares) = (mass + p, sum + p * x, squares + p * x * x);
        }
        if (!isEnough)
            (sum, squares) = (sum + (1 - mass) * unseen, squares + (1 - mass) * unseen * unseen);
        return (tilt == 0 ? Mean : sum + _rest, Math.Max(0, squares - sum * sum) / Documents);
    }

    /// <summary>
    /// Lagrange's multiplier μ with Σ count / (μ + size · |x − edge|) = 1. Its least value is <paramref name="least"/>, where
    /// the unseen value takes what is missing from 1; then the seen ones are not enough.
    /// </summary>
    private (double Multiplier, bool IsEnough) Multiplier(double edge, double size, double least)
    {
        if (size == 0)
            return (Documents, true);
        if (least > 0 && Sum(least).Value <= 1)
            return (least, false);
        // 1 / Σ is concave and rises, so Newton's steps come from below and never pass the root.
        var mu = Math.Max(least, _values[0] == edge ? _counts[0] : _counts[^1]);
        for (var i = 0; i < 100; i++)
        {
            var (value, slope) = Sum(mu);
            var step = value * (value - 1) / -slope;
            mu += step;
            if (step <= 1e-13 * mu)
                break;
        }
        return (mu, true);

        (double Value, double Slope) Sum(double multiplier)
        {
            var (value, slope) = (0.0, 0.0);
            for (var i = 0; i < _values.Length; i++)
            {
                var inverse = 1 / (multiplier + size * Math.Abs(_values[i] - edge));
                (value, slope) = (value + _counts[i] * inverse, slope - _counts[i] * inverse * inverse);
            }
            return (value, slope);
        }
    }
}
