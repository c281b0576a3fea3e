using Cognito.Eval.Comparison;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports.Html;

/// <summary>The scores: a table with intervals, and the same as a plot.</summary>
internal static class ScoreSection
{
    public static Section Create(RunScores scores) => new("scores", "Scores", HtmlText.From($"""
        <p class="note" id="scores-note">Percent, and the 95 % interval. A star marks what is not {Standing(scores)}.</p>
        <div class="beside"><div>{Table(scores)}{Notes(scores)}</div><div>{Figure(scores)}</div></div>
        """));

    private static HtmlText Table(RunScores scores) => HtmlText.From($"""
        <div class="scroll" tabindex="0" role="region" aria-label="Scores">
        <table aria-label="Scores" aria-describedby="scores-note">
        <thead><tr><th scope="col">Benchmark</th>{Heads(scores)}<th scope="col" class="num">Documents</th></tr></thead>
        <tbody>{scores.Rows.Select(Row)}{Total(scores)}</tbody>
        </table>
        </div>
        """);

    private static string Standing(RunScores scores) =>
        string.Join(" or ", scores.Runs.Select(run => Protocol.Of(run.Run.Provenance.Protocol).Standing).Distinct());

    private static HtmlText Heads(RunScores scores) =>
        scores.Runs.Count == 1 ? HtmlText.From($"<th scope=\"col\" class=\"num\">Value</th>") : scores.Heads;

    private static HtmlText Row(ScoreRow row) => HtmlText.From($"""
        <tr><th scope="row">{row.First.Title} <span class="pm">{row.First.Metric}</span></th>
        {row.Scores.Zip(row.Values, (score, value) =>
            Cell(value?.Value ?? score?.Value, value?.Interval, starred: score is { IsComplete: false, Tasks.Count: > 0 },
                score?.NotFinite ?? 0))}
        <td class="num">{Documents(row)}</td></tr>
        """);

    private static HtmlText Total(RunScores scores) => scores.Averages.All(average => average is null) ? HtmlText.None : HtmlText.From($"""
        <tr class="total"><th scope="row">Average</th>
        {scores.Averages.Zip(scores.Runs, (average, run) =>
            Cell(average?.Value, average?.Interval, starred: run.Run.Leaderboard.Notes.Count > 0,
                run.Run.NotFiniteRequests))}
        <td></td></tr>
        """);

    /// <summary>The star's room is taken where there is none, so that figures stand below each other.</summary>
    private static HtmlText Cell(double? value, Interval? interval, bool starred, int notFinite) => HtmlText.From(
        $"<td class=\"num\">{Words.Estimate(value, interval, HtmlText.From($"<span class=\"star\">{(starred ? "*" : "")}</span>"))}{Mark(notFinite)}</td>");

    public static HtmlText Mark(int notFinite) => notFinite == 0 ? HtmlText.None
        : HtmlText.From($"<strong>{ColumnScore.Mark(notFinite)}</strong>");

    private static string Documents(ScoreRow row) => string.Join(" / ", row.Scores.Select(score =>
        score is { Documents: > 0 } ? Words.Count(score.Documents) : "–").Distinct());

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
        var (model, height) = Plots.Forest(rows, "percent");
        var names = string.Join(", ", rows.Select(row => row.Name));
        var chance = rows.Any(row => row.Chance is not null) ? "The short upright stroke is what guessing would score. " : "";
        return HtmlText.From($"""
            {scores.Key}
            <figure>{SvgPlot.Draw(model, height, "forest", $"Scores with 95 % intervals of {names}; the table has the figures.")}
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
