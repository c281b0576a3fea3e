using Cognito.Eval.Comparison;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>A column of a table, or a task outside them, as a run scored it.</summary>
/// <param name="Title">As on the card, with the shots that were asked.</param>
/// <param name="Tasks">The run's tasks that make the column.</param>
/// <param name="Value">Percent; null where it was not measured.</param>
/// <param name="StandardError">Percent; null where it is not known.</param>
/// <param name="IsComplete">Whether every published document of every task was asked as its protocol asks.</param>
public sealed record ColumnScore(
    string Key, string Title, string Metric, IReadOnlyList<string> Tasks, double? Value, double? StandardError, int Documents,
    bool IsComplete)
{
    /// <summary>Requests whose answers come of a NaN or an infinity: the value then says nothing of the model.</summary>
    public int NotFinite { get; init; }

    /// <summary>Whether a table marks it: it is a score, but not one of all that its protocol asks.</summary>
    internal bool IsMarked => !IsComplete && Tasks.Count > 0;

    /// <summary>
    /// Percent, for a share of documents of which none or all are right: their standard error is 0, and says nothing of how sure that
    /// is. Null for any other score.
    /// </summary>
    internal Interval? AtBound => StandardError == 0 && Value is 0 or 100 && Documents > 0 && Eval.Tasks.Metric.IsPercent(Metric)
        ? Interval.Wilson(Value.Value / 100 * Documents, Documents) * 100 : null;

    /// <summary>Why scores of the run are marked, one sentence each: what the run says of itself, and of tasks outside the columns what they lack.</summary>
    internal static IReadOnlyList<string> Reasons(Run run, IReadOnlyList<Column> columns) =>
        [.. run.Leaderboard.Notes, .. Others(run, columns).Where(score => score.IsMarked && !NotesOn(run, score.Tasks).Any()).Select(score => Reason(run, score.Tasks[0]))];

    /// <summary>What the run says of these tasks and columns that keeps their scores from being its protocol's.</summary>
    internal static IEnumerable<string> NotesOn(Run run, IEnumerable<string> names) => run.Leaderboard.Notes.Where(note =>
        note.EndsWith($"not {Protocol.Of(run.Provenance.Protocol).Standing}", StringComparison.Ordinal)
        && names.Any(name => note.StartsWith($"{name}: ", StringComparison.Ordinal)));

    private static string Reason(Run run, string name) => run.Tasks[name] is var task && $"not {Protocol.Of(run.Provenance.Protocol).Standing}" is var not
        && task.Documents < task.SplitRows ? $"{name}: {task.Documents} of {task.SplitRows} documents; {not}"
        : task.PublishedRows is null ? $"{name}: how many rows of {task.Split} were published is not known here; {not}"
        : task.PublishedRows != task.SplitRows ? $"{name}: {task.SplitRows} rows in {task.Split}, {task.PublishedRows} were published; {not}"
        : $"{name}: other examples or other shots than its own; {not}";

    /// <summary>What stands after a score in a table; nothing where all is finite.</summary>
    public static string Mark(int notFinite) => notFinite == 0 ? "" : $" ({notFinite} not finite)";

    /// <summary>The columns that the run's protocol fills, in their order.</summary>
    public static IReadOnlyList<Column> Of(Run run, IReadOnlyList<Column> columns) =>
        Protocol.Of(run.Provenance.Protocol).Name is var name ? [.. columns.Where(column => column.Protocol == name)] : [];

    /// <summary>The columns in their order, then tasks outside them; columns not asked have no value.</summary>
    public static IReadOnlyList<ColumnScore> FromRun(Run run, IReadOnlyList<Column> columns) =>
        [.. FromColumns(run, columns), .. Others(run, columns)];

    /// <summary>The columns in their order; those not asked have no value.</summary>
    public static IReadOnlyList<ColumnScore> FromColumns(Run run, IReadOnlyList<Column> columns)
    {
        var values = ModelCard.Values(run, columns);
        return
        [
            .. Of(run, columns).Select(column =>
            {
                string[] tasks = [.. run.Tasks.Where(task => task.Value.Column == column.Key).Select(task => task.Key)];
                return new ColumnScore(
                    column.Key, ModelCard.Title(run, column), column.Metric, tasks, values[column.Key],
                    Error(run, tasks, column.Metric), tasks.Sum(task => run.Tasks[task].Documents),
                    tasks.Length == column.Tasks && tasks.All(task => run.Tasks[task].IsComplete)
                        && run.Provenance.Data != "samples" && !NotesOn(run, [column.Key, .. tasks]).Any())
                {
                    NotFinite = tasks.Sum(task => run.Tasks[task].NotFiniteRequests),
                };
            }),
        ];
    }

    /// <summary>A protocol that is not the usual one is named.</summary>
    private static string Asked(Run run) => Protocol.Of(run.Provenance.Protocol) is var protocol && protocol.Name == Protocol.Default.Name ? "" : $", {protocol.Name}";

    /// <summary>The run's tasks outside the columns.</summary>
    internal static IEnumerable<ColumnScore> Others(Run run, IReadOnlyList<Column> columns) =>
        run.Tasks.Where(task => Of(run, columns).All(column => column.Key != task.Value.Column)).Select(task => new ColumnScore(
            task.Value.Column, $"{task.Key} ({task.Value.NumFewshot}-shot{Asked(run)})", task.Value.Headline, [task.Key],
            run.Results.GetValueOrDefault(task.Key)?.GetValueOrDefault(task.Value.Headline) * Eval.Tasks.Metric.Points(task.Value.Headline),
            Error(run, [task.Key], task.Value.Headline) / 100 * Eval.Tasks.Metric.Points(task.Value.Headline), task.Value.Documents,
            task.Value.IsComplete && !NotesOn(run, [task.Key]).Any())
        {
            NotFinite = task.Value.NotFiniteRequests,
        });

    /// <summary>The mean of the leaderboard's columns, and its standard error; null while one is missing.</summary>
    public static (double? Value, double? StandardError) Average(Run run, IReadOnlyList<Column> columns)
    {
        var average = ModelCard.Average(run, columns);
        return (average, average is null ? null : LeaderboardV1.Pooled([.. FromColumns(run, columns).Select(score => score.StandardError)]));
    }

    private static double? Error(Run run, IReadOnlyList<string> tasks, string metric) => Protocol.Of(run.Provenance.Protocol).ColumnError(
        [.. tasks.Select(task => Score(run, task, metric))]);

    /// <summary>A task's score, as its column takes it.</summary>
    internal static TaskScore Score(Run run, string task, string metric) => run.Results.GetValueOrDefault(task) is var results
        ? new(results?.GetValueOrDefault(metric), run.Tasks[task].Documents, results?.GetValueOrDefault(Eval.Tasks.Metric.ErrorOf(metric))) : default;
}
