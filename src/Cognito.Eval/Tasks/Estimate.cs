namespace Cognito.Eval.Tasks;

/// <summary>A mean, and how sure we are of it.</summary>
/// <param name="StandardError">Sample standard deviation / √n; null for one value (protocol 6.5).</param>
public sealed record Estimate(double Mean, double? StandardError)
{
    /// <summary>Sums run left to right, as the reference's do: the last digit depends on it.</summary>
    public static Estimate FromValues(IReadOnlyCollection<double> values)
    {
        var n = values.Count;
        ArgumentOutOfRangeException.ThrowIfZero(n);
        var mean = LeftToRight(values) / n;
        var squares = LeftToRight(values.Select(x => (x - mean) * (x - mean)));
        return new(mean, n == 1 ? null : Math.Sqrt(squares / (n - 1)) / Math.Sqrt(n));
    }

    private static double LeftToRight(IEnumerable<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value;
        return sum;
    }
}
