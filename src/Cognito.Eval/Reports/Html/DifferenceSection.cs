using Cognito.Eval.Comparison;
using Cognito.Eval.Results;

namespace Cognito.Eval.Reports.Html;

/// <summary>What the other runs differ by from the first, document by document.</summary>
internal static class DifferenceSection
{
    /// <summary>Null where there is one run.</summary>
    public static Section? Create(RunScores scores) => scores.Runs.Count < 2 ? null : new(
        "differences", "Differences", HtmlText.All(scores.Pairs.Select(pair => Of(scores, pair))));

    private static HtmlText Of(RunScores scores, Pair pair)
    {
        var heading = HtmlText.From($"<h3><bdi>{pair.Second.Label}</bdi> less <bdi>{pair.First.Label}</bdi></h3>");
        if (pair.Comparison is not { } comparison)
            return HtmlText.From($"{heading}<p class=\"warning\">Not compared: {pair.WhyNot}.</p>");
        var unlike = comparison.Provenance.Select(unlike => $"{unlike}: {unlike.Effect}").ToList();
        return HtmlText.From($"""
            {heading}
            {Table(scores, pair)}
            {HtmlText.List(comparison.Notes)}
            {Plot(pair)}
            {(unlike.Count == 0 ? HtmlText.None
                : HtmlText.From($"<details><summary>What the runs were not alike in</summary>{HtmlText.List(unlike)}</details>"))}
            """);
    }

    private static HtmlText Table(RunScores scores, Pair pair)
    {
        HtmlText Higher(DetailedRun run) => HtmlText.From($"<th scope=\"col\" class=\"num\">Higher in <bdi>{run.Label}</bdi></th>");
        var other = pair.Other;
        return HtmlText.From($"""
            <p class="note" id="differences-note-{other}">Points, with the 95 % interval of the paired difference, by score; p by the test named,
            adjusted over the benchmarks by Holm's method. What it could show is the true difference that 4 of 5 such comparisons would find
            with a p below 0.05 that is not adjusted. The
            change of margin is that of the right choice's log-likelihood over the best wrong one's, whatever the metric.</p>
            <div class="scroll" tabindex="0" role="region" aria-label="Differences">
            <table class="wide stack early" aria-describedby="differences-note-{other}">
            <thead><tr><th scope="col">Benchmark</th><th scope="col" class="num">Difference</th><th scope="col" class="num">p</th>
            {Higher(pair.First)}{Higher(pair.Second)}<th scope="col" class="num">Could show</th><th scope="col" class="num">Same answer</th>
            <th scope="col" class="num">Change of margin, nats</th></tr></thead>
            <tbody>{pair.Contrasts.Select(contrast => Row(contrast, Moves(scores, contrast.Name, other), pair))}</tbody></table></div>
            """);
    }

    private static HtmlText Row(Contrast row, Move? move, Pair pair)
    {
        var margin = move?.Shift is { } shift ? Words.Difference(shift.Margin, shift.MarginInterval) : HtmlText.From($"–");
        return HtmlText.From($"""
            <tr{new HtmlText(row.Metric is null ? " class=\"total\"" : "")}>
            <th scope="row">{row.Label} <span class="pm">{row.Metric}</span></th>
            {Words.Cell("Difference", HtmlText.From($"{Words.Difference(row.Difference, row.Interval)}{ScoreSection.Mark(row.BaselineNotFinite + row.CandidateNotFinite)}"))}
            {Words.Cell("p", HtmlText.From($"{Words.P(row.AdjustedP ?? row.P)} <span class=\"pm\">{row.Test}</span>"))}
            {Words.Cell($"Higher in {pair.First.Isolated}", Count(row, row.Losses, lower: true, pair.Other))}
            {Words.Cell($"Higher in {pair.Second.Isolated}", Count(row, row.Wins, lower: false, pair.Other))}
            {Words.Cell("Could show", row.Detectable is { } least ? Words.Fixed(least, 1) : "–")}
            {Words.Cell("Same answer", move is null ? "–" : $"{Words.Fixed(move.Same, 1)} %")}
            {Words.Cell("Change of margin, nats", margin)}</tr>
            """);
    }

    /// <summary>A count of documents that leads to them.</summary>
    private static HtmlText Count(Contrast row, int? count, bool lower, int other)
    {
        if (count is not { } n || !row.IsPaired)
            return HtmlText.From($"–");
        var task = row.Metric is null ? BrowserSection.OfAverage : BrowserSection.OfColumn(row.Name);
        return n == 0 ? HtmlText.From($"{Words.Count(n)}")
            : HtmlText.From($"<a href=\"{BrowserSection.Link(task, lower ? "lower" : "higher", other)}\">{Words.Count(n)}</a>");
    }

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

    private static HtmlText Plot(Pair pair)
    {
        var rows = pair.Contrasts.Select(row => new Plots.Row(row.Name, [new(row.Difference, row.Interval)])).ToList();
        var plot = Plots.Forest(rows, [], "points", line: 0, firstColour: pair.Other);
        var says = $"Differences with 95 % intervals of {string.Join(", ", rows.Select(row => row.Name))}; the table has the figures.";
        return HtmlText.From($"""
            <div class="plots large"><figure>{SvgPlot.Draw(plot, $"differences-{pair.Other}-", says)}
            <figcaption>To the right of the upright line the later run scores higher. An interval that holds the line does not tell which
            is better.</figcaption></figure></div>
            """);
    }
}
