using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Comparison;

/// <summary>A run's value with its error: a column, a task or the average, in points (percent).</summary>
/// <param name="StandardError">Null where it cannot be known: one document, or a number as reported.</param>
/// <param name="Interval">95 %, for the documents that might have been asked.</param>
/// <param name="Tasks">The column's tasks, where it has several.</param>
public sealed record Measured(
    string Name, string? Metric, int Documents, double Value, double? StandardError, Interval? Interval, IReadOnlyList<Measured> Tasks)
{
    /// <summary>
    /// The columns that a run has, the leaderboard's first; and where all of the leaderboard's are there, their average.
    /// </summary>
    public static IReadOnlyList<Measured> FromRun(Run run)
    {
        var columns = run.Leaderboard.Columns.Keys.Union(run.Tasks.Values.Select(task => task.Column))
            .Select(column => Column(run, column)).OfType<Scored>().ToList();
        var averaged = columns.Where(column => run.Leaderboard.Columns.ContainsKey(column.Shown.Name)).ToList();
        if (averaged.Count == 0 || averaged.Count < run.Leaderboard.Columns.Count
            || run.Leaderboard.Average is null && Protocol.Of(run.Provenance.Protocol).Average([0.0]) is null)
            return [.. columns.Select(column => column.Shown)];
        var error = MeanOf.Strata([.. averaged.Select(column => column.Mean)]);
        return [.. columns.Select(column => column.Shown),
            Show(RunComparison.AverageName, null, averaged.Sum(column => column.Shown.Documents),
                error with { Mean = run.Leaderboard.Average / 100 ?? error.Mean },
                averaged.All(column => column.Scores is not null)
                    ? WeightedMean.Of(averaged.Select(column => (column.Scores!, 1.0 / averaged.Count))) : null, []).Shown];
    }

    /// <param name="Scores">What the interval follows from; null where that is not known.</param>
    private sealed record Scored(Measured Shown, MeanOf Mean, WeightedMean? Scores);

    private static Scored? Column(Run run, string column)
    {
        var tasks = run.Tasks.Where(task => task.Value.Column == column).Select(task => Task(run, task.Key, task.Value)).ToList();
        if (tasks.Count == 0)
            return run.Leaderboard.Columns.GetValueOrDefault(column) is { } reported
                ? new(new(column, null, 0, reported, null, null, []), new(reported / 100, double.NaN, 1), null) : null;
        if (tasks is [var only])
            return only with { Shown = only.Shown with { Name = column } };
        var weights = ColumnContrast.Weights([.. tasks.Select(task => task.Shown.Documents)], ColumnContrast.WeighsDocuments(run));
        var shown = tasks.Select(task => task.Shown).ToList();
        return Show(column, shown[0].Metric, shown.Sum(task => task.Documents),
            MeanOf.Weighted([.. tasks.Select((task, i) => (task.Mean, weights[i]))]),
            tasks.All(task => task.Scores is not null)
                ? WeightedMean.Of(tasks.Select((task, i) => (task.Scores!, weights[i]))) : null,
            shown);
    }

    private static Scored Task(Run run, string name, TaskRecord task)
    {
        var result = run.Results.GetValueOrDefault(name);
        var (value, error) = (result?.GetValueOrDefault(task.Headline) ?? 0, result?.GetValueOrDefault(Eval.Tasks.Metric.ErrorOf(task.Headline)));
        var mean = new MeanOf(value, error * error ?? double.NaN, Math.Max(0, task.Documents - 1));
        var areBinary = task.Scores.GetValueOrDefault(task.Headline)?.All(score => score is 0 or 1) ?? false;
        return Show(name, task.Headline, task.Documents, mean,
            task.Documents == 0 ? null : WeightedMean.Of(areBinary
                ? Stratum.Right(task.Documents, value * task.Documents)
                : Stratum.Normal(value, mean.Variance, Math.Max(1, mean.Freedom))), []);
    }

    private static Scored Show(
        string name, string? metric, int documents, MeanOf mean, WeightedMean? scores, IReadOnlyList<Measured> tasks) => new(
        new(name, metric, documents, mean.Mean * 100, mean.Error * 100,
            scores?.Interval() is { } interval ? new Interval(Math.Max(0, interval.Low), Math.Min(1, interval.High)) * 100 : null,
            tasks),
        mean, scores);
}
