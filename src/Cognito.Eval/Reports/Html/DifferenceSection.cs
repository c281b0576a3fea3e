using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Reports.Html;

/// <summary>What the other runs differ by from the first, document by document.</summary>
internal static class DifferenceSection
{
    /// <summary>Null where there is one run.</summary>
    public static Section? Create(RunScores scores) => scores.Runs.Count < 2 ? null : new(
        "differences", "Differences", HtmlText.All(Enumerable.Range(1, scores.Runs.Count - 1).Select(other => Pair(scores, other))));

    private static HtmlText Pair(RunScores scores, int other)
    {
        var (first, second) = (scores.Runs[0], scores.Runs[other]);
        var heading = HtmlText.From($"<h3><bdi>{second.Label}</bdi> less <bdi>{first.Label}</bdi></h3>");
        RunComparison comparison;
        try
        {
            comparison = RunComparison.Create(first.Run, second.Run);
        }
        catch (InputException e)
        {
            return HtmlText.From($"{heading}<p class=\"warning\">Not compared: {e.Message}.</p>");
        }
        Contrast[] contrasts = [.. comparison.Columns, .. comparison.Average is { } average ? (Contrast[])[average] : []];
        var unlike = comparison.Provenance.Select(unlike => $"{unlike}: {unlike.Effect}").ToList();
        return HtmlText.From($"""
            {heading}
            {Table(scores, contrasts, other)}
            {HtmlText.List(comparison.Notes)}
            {Plot(contrasts, other)}
            {(unlike.Count == 0 ? HtmlText.None
                : HtmlText.From($"<details><summary>What the runs were not alike in</summary>{HtmlText.List(unlike)}</details>"))}
            """);
    }

    private static HtmlText Table(RunScores scores, Contrast[] contrasts, int other)
    {
        HtmlText Higher(int run) => HtmlText.From($"<th scope=\"col\" class=\"num\">Higher in <bdi>{scores.Runs[run].Label}</bdi></th>");
        return HtmlText.From($"""
            <p class="note" id="differences-note-{other}">Points, with the 95 % interval of the paired difference, by score; p by the test named,
            adjusted over the benchmarks by Holm's method. What it could show is the true difference that 4 of 5 such comparisons would find
            with a p below 0.05 that is not adjusted. The
            change of margin is that of the right choice's log-likelihood over the best wrong one's, whatever the metric.</p>
            <div class="scroll" tabindex="0" role="region" aria-label="Differences">
            <table class="wide" aria-describedby="differences-note-{other}">
            <thead><tr><th scope="col">Benchmark</th><th scope="col" class="num">Difference</th><th scope="col" class="num">p</th>
            {Higher(0)}{Higher(other)}<th scope="col" class="num">Could show</th><th scope="col" class="num">Same answer</th>
            <th scope="col" class="num">Change of margin, nats</th></tr></thead>
            <tbody>{contrasts.Select(contrast => Row(contrast, Moves(scores, contrast.Name, other), other))}</tbody></table></div>
            """);
    }

    private static HtmlText Row(Contrast row, Move? move, int other)
    {
        var margin = move?.Shift is { } shift ? Words.Difference(shift.Margin, shift.MarginInterval) : HtmlText.From($"–");
        return HtmlText.From($"""
            <tr{new HtmlText(row.Metric is null ? " class=\"total\"" : "")}>
            <th scope="row">{row.Label} <span class="pm">{row.Metric}</span></th>
            <td class="num">{Words.Difference(row.Difference, row.Interval)}{ScoreSection.Mark(row.BaselineNotFinite + row.CandidateNotFinite)}</td>
            <td class="num">{Words.P(row.AdjustedP ?? row.P)} <span class="pm">{row.Test}</span></td>
            <td class="num">{Count(row, row.Losses, "lost", other)}</td><td class="num">{Count(row, row.Wins, "gained", other)}</td>
            <td class="num">{(row.Detectable is { } least ? Words.Fixed(least, 1) : "–")}</td>
            <td class="num">{(move is null ? "–" : $"{Words.Fixed(move.Same, 1)} %")}</td>
            <td class="num">{margin}</td></tr>
            """);
    }

    /// <summary>A count of documents that leads to them, where the browser of documents has a filter for them.</summary>
    private static HtmlText Count(Contrast row, int? count, string show, int other) =>
        count is not { } n || !row.IsPaired ? HtmlText.From($"–")
        : n == 0 || row.Metric?.StartsWith("acc", StringComparison.Ordinal) != true ? HtmlText.From($"{Words.Count(n)}")
        : HtmlText.From(
            $"<a href=\"#documents\" data-show=\"{show}\" data-column=\"{row.Name}\" data-other=\"{other}\">{Words.Count(n)}</a>");

    /// <summary>How documents moved that both runs kept details of, as compare --details says it.</summary>
    /// <param name="Same">Share of documents with the same answer, in percent.</param>
    private sealed record Move(double Same, ChoiceShift? Shift);

    private static Move? Moves(RunScores scores, string column, int other)
    {
        bool Both(ScoreRow row) => row.Name == column && row.Scores[0] is not null && row.Scores[other] is not null;
        if (scores.Rows.FirstOrDefault(Both) is not { } row)
            return null;
        var tasks = row.Scores[0]!.Tasks.Intersect(row.Scores[other]!.Tasks)
            .Select(task => (Before: scores.Runs[0].Of([task]).ToList(), After: scores.Runs[other].Of([task]).ToList())).ToList();
        if (ChoiceShift.Create(column, tasks.Select(task => (Choices(task.Before), Choices(task.After)))) is { } shift)
            return new(shift.SameChoice, shift);
        var pairs = tasks.SelectMany(task => task.Before.Join(task.After, doc => doc.DocId, doc => doc.DocId, (a, b) => (A: a, B: b))).ToList();
        return pairs.Count == 0 ? null
            : new(100 * pairs.Average(pair => pair.A.PredictedAnswer == pair.B.PredictedAnswer ? 1.0 : 0), null);
    }

    private static IReadOnlyList<ChoiceDetail> Choices(IEnumerable<DocDetail> docs) => [.. docs.Select(ChoiceDetail.From).OfType<ChoiceDetail>()];

    private static HtmlText Plot(Contrast[] contrasts, int other)
    {
        var rows = contrasts.Select(row => new Plots.Row(row.Name, [new(row.Difference, row.Interval)])).ToList();
        var (model, height) = Plots.Forest(rows, "points", line: 0, firstColour: other);
        var says = $"Differences with 95 % intervals of {string.Join(", ", rows.Select(row => row.Name))}; the table has the figures.";
        return HtmlText.From($"""
            <div class="plots large"><figure>{SvgPlot.Draw(model, height, $"differences-{other}-", says)}
            <figcaption>To the right of the upright line the later run scores higher. An interval that holds the line does not tell which
            is better.</figcaption></figure></div>
            """);
    }
}
