using Cognito.Eval.Comparison;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports.Html;

/// <summary>The scores: a table with intervals, and the same as a plot.</summary>
internal static class ScoreSection
{
    public static Section Create(RunScores scores) => new("scores", "Scores", HtmlText.From($"""
        <p class="note" id="scores-note">Percent, and the 95 % interval{(scores.Pairs is [{ Comparison: not null }]
            ? "; differences in points, bold where they are beyond chance" : "")}. A star marks what is not {Standing(scores)}.</p>
        <div class="beside"><div>{Table(scores)}{Notes(scores)}</div><div>{Figure(scores)}</div></div>
        """));

    private static HtmlText Table(RunScores scores) => HtmlText.From($"""
        <div class="scroll" tabindex="0" role="region" aria-label="Scores">
        <table class="{(scores.Runs.Count == 1 ? "" : scores.Runs.Count == 2 ? "stack two-lines" : "stack early two-lines")}" aria-label="Scores" aria-describedby="scores-note">
        <thead><tr><th scope="col">Benchmark</th>{Heads(scores)}{(scores.Pairs is [_]
            ? HtmlText.From($"<th scope=\"col\" class=\"num\">Difference</th>") : HtmlText.None)}<th scope="col" class="num">Documents</th></tr></thead>
        <tbody>{scores.Rows.Select(row => Row(scores, row))}{Total(scores)}</tbody>
        </table>
        </div>
        """);

    private static string Standing(RunScores scores) =>
        string.Join(" or ", scores.Runs.Select(run => Protocol.Of(run.Run.Provenance.Protocol).Standing).Distinct());

    private static HtmlText Heads(RunScores scores) =>
        scores.Runs.Count == 1 ? HtmlText.From($"<th scope=\"col\" class=\"num\">Value</th>") : scores.Heads;

    private static HtmlText Row(RunScores scores, ScoreRow row) => HtmlText.From($"""
        <tr><th scope="row">{row.First.Title} <span class="pm">{row.First.Metric}</span></th>
        {row.Scores.Zip(row.Values, scores.Runs).Select(it =>
            Cell(it.Third, it.Second?.Value ?? it.First?.Value, it.Second?.Interval,
                starred: it.First is { IsComplete: false, Tasks.Count: > 0 }, it.First?.NotFinite ?? 0))}
        {Difference(scores, pair => pair.Of(row))}{Words.Cell("Documents", Documents(row))}</tr>
        """);

    /// <summary>Of two runs the second's difference; nothing where there are one or more than two.</summary>
    private static HtmlText Difference(RunScores scores, Func<Pair, Contrast?> of)
    {
        if (scores.Pairs is not [var pair])
            return HtmlText.None;
        if (of(pair) is not { } contrast)
            return Words.Cell("Difference", "–");
        var value = Words.Difference(contrast.Difference, contrast.Interval);
        return Words.Cell("Difference", VerdictText.IsBeyondChance(contrast) ? HtmlText.From($"<strong>{value}</strong>") : value);
    }

    private static HtmlText Total(RunScores scores) => scores.Averages.All(average => average is null) ? HtmlText.None : HtmlText.From($"""
        <tr class="total"><th scope="row">Average</th>
        {scores.Averages.Zip(scores.Runs, (average, run) =>
            Cell(run, average?.Value, average?.Interval, starred: run.Run.Leaderboard.Notes.Count > 0,
                run.Run.NotFiniteRequests))}
        {Difference(scores, pair => pair.Comparison?.Average is { Name: RunComparison.AverageName } average ? average : null)}
        {Words.Cell("Documents", Link(scores.Averages.OfType<Measured>().Select(average => average.Documents), BrowserSection.OfAverage))}</tr>
        """);

    /// <summary>The star's room is taken where there is none, so that figures stand below each other.</summary>
    private static HtmlText Cell(DetailedRun run, double? value, Interval? interval, bool starred, int notFinite) => Words.Cell(
        run.Label, HtmlText.From(
            $"{Words.Estimate(value, interval, HtmlText.From($"<span class=\"star\">{(starred ? "*" : "")}</span>"))}{Mark(notFinite)}"));

    public static HtmlText Mark(int notFinite) => notFinite == 0 ? HtmlText.None
        : HtmlText.From($"<strong>{ColumnScore.Mark(notFinite)}</strong>");

    private static HtmlText Documents(ScoreRow row) =>
        Link(row.Scores.Select(score => score?.Documents ?? 0), BrowserSection.OfColumn(row.Name));

    /// <summary>Counts, by run where they differ, that lead to their documents.</summary>
    private static HtmlText Link(IEnumerable<int> documents, string task)
    {
        int[] counts = [.. documents.Distinct()];
        var text = string.Join(" / ", counts.Select(count => count > 0 ? Words.Count(count) : "–"));
        return counts.All(count => count == 0) ? HtmlText.From($"{text}")
            : HtmlText.From($"<a href=\"{BrowserSection.Link(task)}\">{text}</a>");
    }

    private static HtmlText Notes(RunScores scores)
    {
        var doubted = scores.Runs.Where(run => run.Run.Leaderboard.Notes.Count > 0).ToList();
        return doubted.Count == 0 ? HtmlText.None : HtmlText.From($"""
            <details><summary>Why not {Standing(scores)}</summary>
            {doubted.Select(run => HtmlText.From($"<p class=\"small\"><bdi>{run.Label}</bdi></p>{HtmlText.List(run.Run.Leaderboard.Notes)}"))}
            </details>
            """);
    }

    private static HtmlText Figure(RunScores scores)
    {
        if (scores.Rows.Count == 0)
            return HtmlText.None;
        var rows = scores.Rows.Select(row => new Plots.Row(
            row.Name, [.. row.Values.Select(Point)], Chance(scores.Docs(row), row.First.Metric))).ToList();
        if (scores.Averages.Any(average => average is not null))
            rows.Add(new("Average", [.. scores.Averages.Select(Point)]));
        var plot = Plots.Forest(rows, scores.Names, "percent");
        var names = string.Join(", ", rows.Select(row => row.Name));
        var chance = rows.Any(row => row.Chance is not null) ? "The short upright stroke is what guessing would score. " : "";
        return HtmlText.From($"""
            {scores.Key}
            <figure>{SvgPlot.Draw(plot, "forest", $"Scores with 95 % intervals of {names}; the table has the figures.")}
            <figcaption>{chance}An interval covers the true value in 19 of 20 draws of as many documents.</figcaption></figure>
            """);
    }

    public static Plots.Point? Point(Measured? value) => value is null ? null : new(value.Value, value.Interval);

    /// <summary>The mean of one over the number of choices; not known where answers are generated or scores are shares.</summary>
    private static double? Chance(IReadOnlyList<IReadOnlyList<DocDetail>> runs, string metric) =>
        runs.FirstOrDefault(docs => docs.Count > 0) is { } docs && metric.StartsWith("acc", StringComparison.Ordinal)
        && docs.All(doc => doc.ChoiceLogprobs.Count > 0 && doc.Gold is not null)
            ? docs.Average(doc => 100.0 / doc.ChoiceLogprobs.Count) : null;
}
