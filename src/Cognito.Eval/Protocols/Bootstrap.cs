using Cognito.Eval.Tasks;

namespace Cognito.Eval.Protocols;

/// <summary>A statistic of documents that are drawn with replacement.</summary>
internal interface IResampling
{
    /// <param name="drawn">Places of documents, in the order of drawing.</param>
    double Of(ReadOnlySpan<int> drawn);
}

/// <summary>
/// The reference's bootstrap: a generator of Python's for each thousand resamples, seeded by its number, so that the threads make no
/// difference; the error is the sample deviation of all statistics.
/// </summary>
internal static class Bootstrap
{
    private const int Chunk = 1000;

    public static double StandardError(IResampling statistic, int documents, int rounds, CancellationToken cancel)
    {
        var chunk = Math.Min(Chunk, rounds);
        var values = new double[rounds / chunk * chunk];
        Parallel.For(0, rounds / chunk, new() { CancellationToken = cancel }, seed =>
        {
            var random = new PythonRandom(seed);
            var drawn = new int[documents];
            for (var round = 0; round < chunk; round++)
            {
                cancel.ThrowIfCancellationRequested();
                for (var i = 0; i < documents; i++)
                    drawn[i] = (int)(random.NextDouble() * documents);
                values[seed * chunk + round] = statistic.Of(drawn);
            }
        });
        return Deviation(values);
    }

    /// <summary>Of a sample, sums from left to right.</summary>
    private static double Deviation(double[] values)
    {
        var mean = 0.0;
        foreach (var value in values)
            mean += value;
        mean /= values.Length;
        var squares = 0.0;
        foreach (var value in values)
            squares += (value - mean) * (value - mean);
        return Math.Sqrt(squares / (values.Length - 1));
    }
}

internal sealed class PerplexityResampling(IReadOnlyList<DocValue> values) : IResampling
{
    private readonly double[] _lls = [.. values.Select(value => value.A)];

    public double Of(ReadOnlySpan<int> drawn)
    {
        var sum = 0.0;
        foreach (var at in drawn)
            sum += _lls[at];
        return Math.Exp(-(sum / drawn.Length));
    }
}

internal sealed class NanMeanResampling(IReadOnlyList<DocValue> values) : IResampling
{
    public double Of(ReadOnlySpan<int> drawn)
    {
        var sample = new double[drawn.Length];
        for (var i = 0; i < drawn.Length; i++)
            sample[i] = values[drawn[i]].A;
        return HarnessAggregation.NanMean(sample);
    }
}

internal sealed class MedianResampling : IResampling
{
    private readonly double[] _sorted;
    private readonly int[] _ranks;

    public MedianResampling(IReadOnlyList<DocValue> values)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(at => values[at].A)];
        _sorted = [.. order.Select(at => values[at].A)];
        _ranks = new int[values.Count];
        foreach (var (rank, at) in order.Index())
            _ranks[at] = rank;
    }

    public double Of(ReadOnlySpan<int> drawn)
    {
        var counts = new int[_sorted.Length];
        foreach (var at in drawn)
            counts[_ranks[at]]++;
        var rank = 0;
        for (var before = counts[0]; before <= drawn.Length / 2; before += counts[rank])
            rank++;
        return _sorted[rank];
    }
}

/// <summary>f1 and mcc of resamples: pairs of labels are counted.</summary>
internal sealed class LabelResampling(IReadOnlyList<DocValue> values, bool isF1) : IResampling
{
    private readonly LabelCounts _all = new(values, mustBeBinary: isF1);

    public double Of(ReadOnlySpan<int> drawn)
    {
        var counts = _all.Drawn(drawn);
        return isF1 ? counts.F1() : counts.Correlation();
    }
}

/// <summary>How often which label was predicted for which.</summary>
internal sealed class LabelCounts
{
    private readonly double[] _labels;
    private readonly int[] _pairs;
    private readonly long[] _counts;

    /// <exception cref="MetricException">There are more labels than two, or two of which none is 1, and f1 is asked.</exception>
    public LabelCounts(IReadOnlyList<DocValue> values, bool mustBeBinary)
    {
        _labels = [.. values.SelectMany(value => (double[])[value.A, value.B]).Distinct().Order()];
        if (mustBeBinary && (_labels.Length > 2 || _labels.Length == 2 && !_labels.Contains(1)))
            throw new MetricException("ValueError", $"f1 takes the labels 0 and 1, and there are {string.Join(", ", _labels.Take(5))}");
        _pairs = [.. values.Select(value => Array.IndexOf(_labels, value.A) * _labels.Length + Array.IndexOf(_labels, value.B))];
        _counts = Counted([.. Enumerable.Range(0, values.Count)]);
    }

    private LabelCounts(double[] labels, int[] pairs, long[] counts) => (_labels, _pairs, _counts) = (labels, pairs, counts);

    public LabelCounts Drawn(ReadOnlySpan<int> drawn) => new(_labels, _pairs, Counted(drawn));

    private long[] Counted(ReadOnlySpan<int> documents)
    {
        var counts = new long[_labels.Length * _labels.Length];
        foreach (var at in documents)
            counts[_pairs[at]]++;
        return counts;
    }

    private long Count(int right, int predicted) => _counts[right * _labels.Length + predicted];

    /// <summary>Of the label 1; 0 where it is neither right nor predicted.</summary>
    public double F1()
    {
        var one = Array.IndexOf(_labels, 1.0);
        if (one < 0)
            return 0;
        var (hits, right, predicted) = (Count(one, one), 0L, 0L);
        for (var label = 0; label < _labels.Length; label++)
            (right, predicted) = (right + Count(one, label), predicted + Count(label, one));
        if (hits == 0)
            return 0;
        var (precision, recall) = ((double)hits / predicted, (double)hits / right);
        return 2 * precision * recall / (precision + recall);
    }

    /// <summary>Matthews' correlation, of any number of labels; 0 where one side has one label alone.</summary>
    public double Correlation()
    {
        var (total, hits, both, rightSquares, predictedSquares) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (var label = 0; label < _labels.Length; label++)
        {
            var (right, predicted) = (0.0, 0.0);
            for (var other = 0; other < _labels.Length; other++)
                (right, predicted) = (right + Count(label, other), predicted + Count(other, label));
            hits += Count(label, label);
            total += right;
            both += right * predicted;
            rightSquares += right * right;
            predictedSquares += predicted * predicted;
        }
        var spread = (total * total - rightSquares) * (total * total - predictedSquares);
        return spread == 0 ? 0 : (hits * total - both) / Math.Sqrt(spread);
    }
}
