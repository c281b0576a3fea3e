namespace Cognito.Eval.Tasks;

/// <summary>One document's scores.</summary>
/// <param name="Values">A value for each of the task's metrics, in the task's order.</param>
/// <param name="Margin">
/// How far the verdict is from turning over: the difference between the right choice and the best wrong one under the
/// headline metric, in nats of log-likelihood. Null where a verdict does not hang on a difference.
/// </param>
public sealed record DocScores(IReadOnlyList<double> Values, double? Margin)
{
    /// <summary>The choice that the headline metric takes; of several true answers, mc1's. Null where there are no choices.</summary>
    public int? Prediction { get; init; }

    /// <summary>What goes with each value (<see cref="WeighedScore"/>), NaN where nothing does; none where nothing does with any.</summary>
    public IReadOnlyList<double> Weights { get; init; } = [];

    /// <summary>By metric, in the task's order.</summary>
    /// <param name="margins">Of the metrics that hang on a difference.</param>
    public static DocScores From(
        EvalTask task, Dictionary<string, double> scores, Dictionary<string, double>? margins = null) => new(
        [.. task.Metrics.Select(metric => scores[metric.Name])],
        margins is not null && margins.TryGetValue(task.Headline, out var margin) ? margin : null);
}

/// <summary>How a choice is made of likelihoods.</summary>
internal static class Choosing
{
    /// <summary>Index of the first maximum; a NaN counts as the maximum, and the first one wins, as in numpy.</summary>
    public static int ArgMax(IReadOnlyList<double> values)
    {
        var best = 0;
        for (var i = 0; i < values.Count; i++)
        {
            if (double.IsNaN(values[i]))
                return i;
            if (values[i] > values[best])
                best = i;
        }
        return best;
    }
}
