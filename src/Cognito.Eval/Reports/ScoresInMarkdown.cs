using Cognito.Eval.Comparison;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>
/// Runs in Markdown, for a pull request or an issue: the verdict, a row a column and a column a run, of two runs their
/// differences, how they were made, and what they lack.
/// </summary>
internal static class ScoresInMarkdown
{
    public static string Of(IReadOnlyList<ReportedRun> runs, IReadOnlyList<Column> columns)
    {
        var verdicts = VerdictText.Of(runs, columns);
        var mark = verdicts.Count > 1 ? Markdown.From($"- ") : Markdown.None;
        return Markdown.From($"{verdicts.Select(verdict => Markdown.From($"{mark}{verdict}\n"))}\n"
            + $"{Table(runs, columns).ToMarkdown()}\n{Legend(runs)}{runs.Select(run => Made(run, runs.Count > 1))}{Notes(runs)}").Text;
    }

    private static TextTable Table(IReadOnlyList<ReportedRun> runs, IReadOnlyList<Column> columns)
    {
        var scores = runs.Select(run => ColumnScore.FromRun(run.Run, columns)).ToList();
        var measured = runs.Select(run => Measured.FromRun(run.Run).ToDictionary(column => column.Name)).ToList();
        var comparison = Comparison(runs);
        var table = new TextTable(
            ["Benchmark", "Metric", .. runs.Select(run => (Markdown)run.Label), .. comparison is null ? Array.Empty<Markdown>() : ["Difference"]])
        {
            TextColumns = 2,
        };
        foreach (var title in scores.SelectMany(run => run.Select(score => score.Title)).Distinct())
        {
            var found = scores.Select(run => run.FirstOrDefault(score => score.Title == title)).ToList();
            if (found.OfType<ColumnScore>().FirstOrDefault(score => score.Value is not null) is { } first)
                table.Add([title, first.Metric, .. found.Zip(measured, Cell),
                    .. Difference(comparison, comparison?.Columns.FirstOrDefault(column => column.Name == first.Key))]);
        }
        if (runs.Any(run => ModelCard.HasAverage(run.Run)))
            table.Add(["Average", "", .. runs.Zip(measured, (run, its) => Average(run.Run, columns, its)),
                .. Difference(comparison, comparison?.Average is { Name: RunComparison.AverageName } average ? average : null)]);
        return table;
    }

    private static RunComparison? Comparison(IReadOnlyList<ReportedRun> runs) =>
        runs is [var first, var later] ? VerdictText.Comparison(first.Run, later.Run) : null;

    private static Markdown Cell(ColumnScore? score, Dictionary<string, Measured> measured) => score is null ? Markdown.From($"-") : Markdown.From(
        $"{Value(score.Value, score.StandardError, Metric.IsPercent(score.Metric) ? measured.GetValueOrDefault(score.Key)?.Interval : null)}"
        + $"{Star(score is { IsComplete: false, Tasks.Count: > 0 })}{Mark(score.NotFinite)}");

    private static Markdown Average(Run run, IReadOnlyList<Column> columns, Dictionary<string, Measured> measured)
    {
        var (value, error) = ColumnScore.Average(run, columns);
        return Markdown.From($"{Value(value, error, measured.GetValueOrDefault(RunComparison.AverageName)?.Interval)}"
            + $"{Star(value is not null && run.Leaderboard.Notes.Count > 0)}{Mark(run.NotFiniteRequests)}");
    }

    private static Markdown Mark(int notFinite) => notFinite == 0 ? Markdown.None : Markdown.From($" {ColumnScore.Mark(notFinite)}");

    private static Markdown Star(bool isStarred) => isStarred ? Markdown.From($" \\*") : Markdown.None;

    /// <summary>An error of 0 says nothing of documents that might have been asked: then the interval stands there.</summary>
    private static Markdown Value(double? value, double? error, Interval? interval) => value is not { } number ? Markdown.From($"-")
        : error is { } some && ModelCard.Rounded(some) > 0 ? Markdown.From($"{ModelCard.Cell(number)} ± {ModelCard.Cell(some)}")
        : interval is { } it ? Markdown.From($"{ModelCard.Cell(number)} ({Decimals.Of(it.Low)} to {Decimals.Of(it.High)})")
        : Markdown.From($"{ModelCard.Cell(number)}");

    /// <summary>Bold where it is beyond chance; nothing where runs are not compared.</summary>
    private static IEnumerable<Markdown> Difference(RunComparison? comparison, Contrast? contrast)
    {
        if (comparison is null)
            yield break;
        if (contrast is null)
            yield return Markdown.From($"-");
        else
        {
            var text = ComparisonText.Signed(contrast.Difference)
                + (contrast.Interval is null ? Markdown.None : Markdown.From($" ({ComparisonText.Range(contrast.Interval)})"));
            yield return VerdictText.IsBeyondChance(contrast) ? Markdown.From($"**{text}**") : text;
        }
    }

    private static Markdown Legend(IReadOnlyList<ReportedRun> runs) => Comparison(runs) is null
        ? Markdown.From($"Percent ± standard error.\n\n")
        : Markdown.From($"Percent ± standard error; differences in points with their 95 % intervals, bold where they are beyond chance.\n\n");

    /// <summary>How a run was made, in a line.</summary>
    private static Markdown Made(ReportedRun reported, bool isNamed)
    {
        var (run, about) = (reported.Run, reported.Run.Provenance);
        string?[] facts =
        [
            run.Tasks.Count == 0 ? $"numbers as {about.Kind}"
                : $"{VerdictText.Count(run.Tasks.Values.Sum(task => task.Documents))} documents of "
                    + $"{run.Tasks.Count} {(run.Tasks.Count == 1 ? "task" : "tasks")}",
            about.Protocol is { } protocol ? $"protocol {protocol}" : null,
            about.Dtype is { } dtype ? $"{dtype}{(about.Device is { } device ? $" on {device}" : "")}" : null,
            about.WeightsSha256 is { Length: >= 12 } weights ? $"weights {weights[..12]}" : null,
            about.Versions?.GetValueOrDefault("cognito-eval") is { } version ? $"cognito-eval {version}" : null,
        ];
        return Markdown.From($"{(isNamed ? Markdown.From($"- {reported.Label}: ") : Markdown.None)}{string.Join(", ", facts.OfType<string>())}\n");
    }

    /// <summary>Runs that lack the same are named together.</summary>
    private static IEnumerable<Markdown> Notes(IReadOnlyList<ReportedRun> runs) =>
        from run in runs
        where run.Run.Leaderboard.Notes.Count > 0
        group run by (Protocol.Of(run.Run.Provenance.Protocol).Standing, string.Join('\n', run.Run.Leaderboard.Notes)) into alike
        select Markdown.From($"\n\\* {string.Join(" and ", alike.Select(run => run.Label))} "
            + $"{(alike.Count() == 1 ? "is" : "are each")} not {alike.Key.Standing}:\n\n"
            + $"{alike.First().Run.Leaderboard.Notes.Select(note => Markdown.From($"- {Short(note)}\n"))}");

    /// <summary>A list of names may be long; results.json has it whole.</summary>
    private static string Short(string note)
    {
        const int Most = 200;
        return note.Length <= Most ? note : note[..(note.LastIndexOf(' ', Most) is > 0 and var space ? space : Most)] + " ... (all in results.json)";
    }
}
