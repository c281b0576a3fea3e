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
    /// <summary>The columns that a run has, the leaderboard's first; and where all of the leaderboard's are there, their average.</summary>
    public static IReadOnlyList<Measured> FromRun(Run run)
    {
        var columns = run.Leaderboard.Columns.Keys.Union(run.Tasks.Values.Select(task => task.Column))
            .Select(column => Column(run, column)).OfType<(Measured Shown, MeanOf Mean)>().ToList();
        var averaged = columns.Where(column => run.Leaderboard.Columns.ContainsKey(column.Shown.Name)).ToList();
        if (averaged.Count == 0 || averaged.Count < run.Leaderboard.Columns.Count)
            return [.. columns.Select(column => column.Shown)];
        var average = MeanOf.Strata([.. averaged.Select(column => column.Mean)]);
        return [.. columns.Select(column => column.Shown),
            Show(RunComparison.AverageName, null, averaged.Sum(column => column.Shown.Documents),
                average with { Mean = run.Leaderboard.Average / 100 ?? average.Mean }, [])];
    }

    private static (Measured, MeanOf)? Column(Run run, string column)
    {
        var tasks = run.Tasks.Where(task => task.Value.Column == column).Select(task => Task(run, task.Key, task.Value)).ToList();
        if (tasks.Count == 0)
            return run.Leaderboard.Columns.GetValueOrDefault(column) is { } reported
                ? (new(column, null, 0, reported, null, null, []), new(reported / 100, double.NaN, 1)) : null;
        if (tasks is [var (only, itsMean)])
            return (only with { Name = column }, itsMean);
        var mean = MeanOf.Strata([.. tasks.Select(task => task.Mean)]);
        var shown = tasks.Select(task => task.Shown).ToList();
        return (Show(column, shown[0].Metric, shown.Sum(task => task.Documents), mean, shown), mean);
    }

    private static (Measured Shown, MeanOf Mean) Task(Run run, string name, TaskRecord task)
    {
        var result = run.Results.GetValueOrDefault(name);
        var (value, error) = (result?.GetValueOrDefault(task.Headline) ?? 0, result?.GetValueOrDefault(Eval.Tasks.Metric.ErrorOf(task.Headline)));
        var mean = new MeanOf(value, error * error ?? double.NaN, Math.Max(1, task.Documents - 1));
        var shown = Show(name, task.Headline, task.Documents, mean, []);
        var areBinary = task.Scores.GetValueOrDefault(task.Headline)?.All(score => score is 0 or 1) ?? false;
        return (areBinary ? shown with { Interval = Comparison.Interval.Wilson(value * task.Documents, task.Documents) * 100 } : shown, mean);
    }

    private static Measured Show(string name, string? metric, int documents, MeanOf mean, IReadOnlyList<Measured> tasks) => new(
        name, metric, documents, mean.Mean * 100, mean.Error * 100,
        mean.Interval() is { } interval ? new Interval(Math.Max(0, interval.Low), Math.Min(1, interval.High)) * 100 : null, tasks);
}
