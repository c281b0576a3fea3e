using Cognito.Eval.Tasks;

namespace Cognito.Eval.Protocols;

/// <summary>
/// A document's value under a metric: a number; [right, predicted] of f1 and mcc; [log-likelihood, words or bytes] of perplexities; the
/// right choice and the choices' probabilities of brier_score.
/// </summary>
public readonly record struct DocValue(double A, double B = 0, IReadOnlyList<double>? Many = null)
{
    public static implicit operator DocValue(double value) => new(value);
}

/// <summary>One number of all documents', as lm-evaluation-harness 0.4 makes it, and its standard error (protocol 6.5).</summary>
public sealed class HarnessAggregation
{
    private readonly Func<IReadOnlyList<DocValue>, double> _apply;
    private readonly Func<IReadOnlyList<DocValue>, IResampling>? _resample;

    private HarnessAggregation(string name, Func<IReadOnlyList<DocValue>, double> apply, Func<IReadOnlyList<DocValue>, IResampling>? resample = null) =>
        (Name, _apply, _resample) = (name, apply, resample);

    public string Name { get; }

    /// <summary>Whether its error is drawn, not computed.</summary>
    public bool IsBootstrapped => _resample is not null;

    public static IReadOnlyList<HarnessAggregation> All { get; } =
    [
        new("mean", Mean),
        new("nanmean", values => NanMean([.. values.Select(value => value.A)]), values => new NanMeanResampling(values)),
        new("median", Median, values => new MedianResampling(values)),
        new("perplexity", values => Math.Exp(-Mean(values)), values => new PerplexityResampling(values)),
        new("weighted_perplexity", values => Math.Exp(-WeightedMean(values))),
        new("bits_per_byte", values => -WeightedMean(values) / Math.Log(2)),
        new("f1", values => new LabelCounts(values, mustBeBinary: true).F1(), values => new LabelResampling(values, isF1: true)),
        new("matthews_corrcoef", values => new LabelCounts(values, mustBeBinary: false).Correlation(), values => new LabelResampling(values, isF1: false)),
        new("brier_score", BrierScore),
        new("bypass", _ => 999),
    ];

    /// <summary>Null where there is none by that name that is done here.</summary>
    public static HarnessAggregation? Find(string name) => All.FirstOrDefault(aggregation => aggregation.Name == name);

    /// <exception cref="MetricException">The reference fails on these values too.</exception>
    public double Apply(IReadOnlyList<DocValue> values) => values.Count > 0 || Name is "nanmean" or "bypass"
        ? _apply(values)
        : throw new MetricException("ZeroDivisionError", $"{Name} of no documents");

    /// <summary>Of a mean computed; of what the reference resamples, drawn as it draws.</summary>
    /// <param name="rounds">Resamples, in thousands; 0 asks for no error.</param>
    /// <returns>Null where the reference writes "N/A".</returns>
    public double? StandardError(IReadOnlyList<DocValue> values, int rounds = 100_000, CancellationToken cancel = default)
    {
        if (values.Count < 2 || rounds <= 0)
            return null;
        if (Name == "mean")
            return Estimate.FromValues([.. values.Select(value => value.A)]).StandardError;
        return _resample is null ? null : Bootstrap.StandardError(_resample(values), values.Count, rounds, cancel);
    }

    private static double Mean(IReadOnlyList<DocValue> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value.A;
        return sum / values.Count;
    }

    private static double WeightedMean(IReadOnlyList<DocValue> values)
    {
        var (sum, weight) = (0.0, 0.0);
        foreach (var value in values)
            (sum, weight) = (sum + value.A, weight + value.B);
        return sum / weight;
    }

    internal static double NanMean(IReadOnlyList<double> values)
    {
        var (sum, count) = (0.0, 0);
        foreach (var value in values)
            if (!double.IsNaN(value))
                (sum, count) = (sum + value, count + 1);
        return count > 0 ? sum / count : double.NaN;
    }

    private static double Median(IReadOnlyList<DocValue> values) => values.Select(value => value.A).Order().ElementAt(values.Count / 2);

    private static double BrierScore(IReadOnlyList<DocValue> values)
    {
        var choices = values[0].Many!.Count;
        var sum = 0.0;
        foreach (var value in values)
        {
            if (value.Many!.Count != choices)
                throw new MetricException("ValueError", "brier_score takes documents with equally many choices");
            var gold = (int)value.A < 0 ? (int)value.A + choices : (int)value.A;
            if (gold < 0 || gold >= choices)
                throw new MetricException("IndexError", "brier_score takes a right choice that there is");
            for (var choice = 0; choice < choices; choice++)
                sum += Math.Pow(value.Many[choice] - (choice == gold ? 1 : 0), 2);
        }
        return sum / values.Count;
    }
}

/// <summary>Groups of tasks, as lm-evaluation-harness 0.4 sums them up.</summary>
public static class HarnessGroups
{
    /// <param name="sizes">Documents of each task.</param>
    public static double Mean(IReadOnlyList<double> values, IReadOnlyList<int> sizes, bool weightBySize)
    {
        int[] weights = weightBySize ? [.. sizes] : [.. sizes.Select(_ => 1)];
        var sum = 0.0;
        foreach (var (i, value) in values.Index())
            sum += value * weights[i];
        return sum / weights.Sum(weight => (long)weight);
    }

    /// <summary>Pooled by size, also where the mean is not weighted.</summary>
    /// <returns>Null, the reference's "N/A", where a task has none.</returns>
    public static double? PooledError(IReadOnlyList<double?> errors, IReadOnlyList<int> sizes)
    {
        if (errors.Count != sizes.Count || errors.Any(error => error is null))
            return null;
        var (variance, total) = (0.0, sizes.Sum(size => (long)size));
        foreach (var (i, error) in errors.Index())
            variance += (sizes[i] - 1) * (error!.Value * error.Value) * sizes[i];
        return total == sizes.Count
            ? throw new MetricException("ZeroDivisionError", "a pooled error takes tasks with more than one document")
            : Math.Sqrt(variance / (total - sizes.Count) / total);
    }
}
