using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>Runs as tables: CSV to compute with, Markdown to read.</summary>
public static class ScoreTables
{
    private sealed record Line(
        string Run, string Level, string Name, string Metric, double? Value, double? Stderr, int? Documents, int? NumFewshot,
        bool? Headline, bool Complete, int? NotFiniteRequests, string Notes);

    /// <summary>
    /// One line for each run, task and metric, then one for each column and one for the average (<c>level</c> says which).
    /// Values are in percent, unrounded, but for perplexities and bits per byte, which are as they are. A new column comes last, so that the others keep their places.
    /// </summary>
    public static string Csv(IReadOnlyList<ReportedRun> runs, IReadOnlyList<Column> columns)
    {
        using var csv = new Csv("run", "level", "name", "metric", "value", "stderr", "documents", "num_fewshot", "headline", "complete",
            "not_finite_requests", "notes");
        foreach (var line in runs.SelectMany(run => Lines(run, columns)))
            csv.Add(
                line.Run, line.Level, line.Name, line.Metric, line.Value, line.Stderr, line.Documents, line.NumFewshot, line.Headline, line.Complete,
                line.NotFiniteRequests, line.Notes);
        return csv.ToString();
    }

    private static IEnumerable<Line> Lines(ReportedRun reported, IReadOnlyList<Column> columns)
    {
        var (run, label) = (reported.Run, reported.Label);
        // What another program or a card says is not known to be of finite numbers.
        int? Counted(int notFinite) => run.Provenance.Kind == Provenance.Measured ? notFinite : null;
        var reasons = string.Join("; ", ColumnScore.Reasons(run, columns));
        string Noted(bool isComplete) => isComplete ? "" : reasons;
        foreach (var (name, task) in run.Tasks)
            foreach (var metric in task.Scores.Keys)
                yield return new(
                    label, "task", name, metric, run.Results.GetValueOrDefault(name)?.GetValueOrDefault(metric) * Metric.Points(metric),
                    run.Results.GetValueOrDefault(name)?.GetValueOrDefault(Metric.ErrorOf(metric)) * Metric.Points(metric), task.Documents,
                    task.NumFewshot, metric == task.Headline, task.IsComplete, Counted(task.NotFiniteRequests), Noted(task.IsComplete));
        foreach (var score in ColumnScore.FromColumns(run, columns).Where(score => score.Value is not null))
            yield return new(
                label, "column", score.Key, score.Metric, score.Value, score.StandardError,
                score.Tasks.Count > 0 ? score.Documents : null,
                score.Tasks.Count > 0 ? run.Tasks[score.Tasks[0]].NumFewshot : null, null, score.IsComplete,
                Counted(score.NotFinite), Noted(score.IsComplete));
        var (average, error) = ColumnScore.Average(run, columns);
        if (average is not null)
            yield return new(
                label, "average", "Average", "", average, error, null, null, null, run.Leaderboard.IsComplete, Counted(run.NotFiniteRequests),
                Noted(run.Leaderboard.IsComplete));
    }

    /// <summary>
    /// The verdict in words, a row a column and a column a run: value ± standard error; of two runs their differences; how they
    /// were made, and what they lack.
    /// </summary>
    public static string Markdown(IReadOnlyList<ReportedRun> runs, IReadOnlyList<Column> columns) => ScoresInMarkdown.Of(runs, columns);
}
