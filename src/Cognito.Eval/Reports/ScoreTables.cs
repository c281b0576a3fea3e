using System.Globalization;
using System.Text;
using CsvHelper;

namespace Cognito.Eval;

/// <summary>Runs as tables: CSV to compute with, Markdown to read.</summary>
public static class ScoreTables
{
    private sealed record Line(
        string Run, string Level, string Name, string Metric, double? Value, double? Stderr, int? Documents, int? NumFewshot,
        bool? Headline, bool Complete);

    /// <summary>
    /// One line a run, task and metric, then one a column and one for the average (<c>level</c> says which); values in
    /// percent, unrounded.
    /// </summary>
    public static string Csv(IReadOnlyList<ReportedRun> runs, IReadOnlyList<Column> columns)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        // Injection: a spreadsheet must not run what a model is called.
        using (var csv = CsvWriter.Create(text, new() { NewLine = "\n", Injection = CsvInjection.Escape }, leaveOpen: true))
        {
            csv.WriteHeader(
                "run", "level", "name", "metric", "value", "stderr", "documents", "num_fewshot", "headline", "complete");
            foreach (var line in runs.SelectMany(run => Lines(run, columns)))
            {
                csv.WriteField(line.Run);
                csv.WriteField(line.Level);
                csv.WriteField(line.Name);
                csv.WriteField(line.Metric);
                csv.WriteField(line.Value, "R");
                csv.WriteField(line.Stderr, "R");
                csv.WriteField(line.Documents, "");
                csv.WriteField(line.NumFewshot, "");
                csv.WriteField(Truth(line.Headline));
                csv.WriteField(Truth(line.Complete));
                csv.EndRecord();
            }
        }
        return text.ToString();
    }

    private static string Truth(bool? value) => value switch { true => "true", false => "false", null => "" };

    private static IEnumerable<Line> Lines(ReportedRun reported, IReadOnlyList<Column> columns)
    {
        var (run, label) = (reported.Run, reported.Label);
        foreach (var (name, task) in run.Tasks)
            foreach (var metric in task.Scores.Keys)
                yield return new(
                    label, "task", name, metric, run.Results.GetValueOrDefault(name)?.GetValueOrDefault(metric) * 100,
                    run.Results.GetValueOrDefault(name)?.GetValueOrDefault(metric + "_stderr") * 100, task.Documents,
                    task.NumFewshot, metric == task.Headline, task.IsComplete);
        foreach (var score in ColumnScore.Of(run, columns).Take(columns.Count).Where(score => score.Value is not null))
            yield return new(
                label, "column", score.Key, score.Metric, score.Value, score.StandardError,
                score.Tasks.Count > 0 ? score.Documents : null,
                score.Tasks.Count > 0 ? run.Tasks[score.Tasks[0]].NumFewshot : null, null, score.IsComplete);
        var (average, error) = ColumnScore.Average(run, columns);
        if (average is not null)
            yield return new(label, "average", "Average", "", average, error, null, null, null, run.Leaderboard.IsComplete);
    }

    /// <summary>A row a column, a column a run: value ± standard error; what the runs lack is said below.</summary>
    public static string Markdown(IReadOnlyList<ReportedRun> runs, IReadOnlyList<Column> columns)
    {
        var scores = runs.Select(run => ColumnScore.Of(run.Run, columns)).ToList();
        string[] titles = [.. scores.SelectMany(run => run.Select(score => score.Title)).Distinct()];
        var text = new StringBuilder();
        Row(text, ["Metric", .. runs.Select(run => Escaped(run.Label))]);
        Row(text, ["---", .. runs.Select(_ => "---:")]);
        foreach (var title in titles)
        {
            var found = scores.Select(run => run.FirstOrDefault(score => score.Title == title)).ToList();
            if (found.Any(score => score?.Value is not null))
                Row(text, [Escaped($"{title}, {found.OfType<ColumnScore>().First().Metric}"), .. found.Select(Cell)]);
        }
        Row(text, ["Average", .. runs.Select(run =>
            Cell(ColumnScore.Average(run.Run, columns), starred: run.Run.Leaderboard.Notes.Count > 0)
            + ColumnScore.Mark(run.Run.Tasks.Values.Sum(task => task.NotFiniteRequests)))]);
        foreach (var run in runs.Where(run => run.Run.Leaderboard.Notes.Count > 0))
            text.Append($"\n\\* {Escaped(run.Label)} is not a leaderboard score:\n\n")
                .Append(string.Concat(run.Run.Leaderboard.Notes.Select(note => $"- {Escaped(note)}\n")));
        return text.ToString();
    }

    private static void Row(StringBuilder text, IEnumerable<string> cells) =>
        text.Append($"| {string.Join(" | ", cells)} |\n");

    private static string Cell(ColumnScore? score) =>
        Cell((score?.Value, score?.StandardError), starred: score is { IsComplete: false, Tasks.Count: > 0 })
        + ColumnScore.Mark(score?.NotFinite ?? 0);

    private static string Cell((double? Value, double? Error) estimate, bool starred) => estimate.Value is not { } value ? "-"
        : ModelCard.Cell(value) + (estimate.Error is { } error ? $" ± {ModelCard.Cell(error)}" : "") + (starred ? " \\*" : "");

    /// <summary>Names from a checkpoint or dataset: no markup of their own.</summary>
    private static string Escaped(string text) => string.Concat(text.ReplaceLineEndings(" ").Select(c =>
        c is '\\' or '`' or '*' or '_' or '[' or ']' or '<' or '>' or '|' or '#' or '&' or '~' or '!' ? $"\\{c}" : $"{c}"));
}
