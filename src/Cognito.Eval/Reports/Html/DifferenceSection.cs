namespace Cognito.Eval;

/// <summary>What the other runs differ by from the first, document by document.</summary>
internal static class DifferenceSection
{
    public static Html Of(RunScores scores) => scores.Runs.Count < 2 ? Html.None : Html.Of($"""
        <section id="differences"><h2>Differences</h2>
        {Enumerable.Range(1, scores.Runs.Count - 1).Select(other => Pair(scores, other))}
        </section>
        """);

    private static Html Pair(RunScores scores, int other)
    {
        var (first, second) = (scores.Runs[0], scores.Runs[other]);
        var heading = Html.Of($"<h3><bdi>{second.Label}</bdi> less <bdi>{first.Label}</bdi></h3>");
        Comparison comparison;
        try
        {
            comparison = Comparison.Of(first.Run, second.Run);
        }
        catch (InputException e)
        {
            return Html.Of($"{heading}<p class=\"warning\">Not compared: {e.Message}.</p>");
        }
        Contrast[] rows = [.. comparison.Columns, .. comparison.Average is { } average ? (Contrast[])[average] : []];
        var moves = rows.Select(row => Moves(scores, row.Name, other)).ToList();
        return Html.Of($"""
            {heading}
            {Table(rows, moves, other, first.Label, second.Label)}
            {(comparison.Notes.Count > 0 ? Html.Of($"<ul class=\"notes\">{comparison.Notes.Select(note => Html.Of($"<li>{note}</li>"))}</ul>") : Html.None)}
            {Plot(rows, other)}
            {Unlikes(comparison)}
            """);
    }

    private static Html Table(Contrast[] rows, IReadOnlyList<Move?> moves, int other, string first, string second) => Html.Of($"""
        <p class="note" id="differences-note-{other}">Points, with the 95 % interval of the paired difference; p by the test named, adjusted over the
        benchmarks by Holm's method. What it could show is the true difference that 4 of 5 such comparisons would find.</p>
        <div class="scroll" tabindex="0" role="region" aria-label="Differences"><table class="wide" aria-describedby="differences-note-{other}">
        <thead><tr><th scope="col">Benchmark</th><th scope="col" class="num">Difference</th><th scope="col" class="num">p</th>
        <th scope="col" class="num">Higher in <bdi>{first}</bdi></th><th scope="col" class="num">Higher in <bdi>{second}</bdi></th>
        <th scope="col" class="num">Could show</th><th scope="col" class="num">Same answer</th><th scope="col" class="num">Change of margin, nats</th></tr></thead>
        <tbody>{rows.Zip(moves, (row, move) => Row(row, move, other))}</tbody></table></div>
        """);

    private static Html Row(Contrast row, Move? move, int other)
    {
        var total = row.Metric is null ? " class=\"total\"" : "";
        Html Count(int? count, string show) => count is not { } n || !row.IsPaired ? Html.Of($"–")
            : n > 0 && row.Metric?.StartsWith("acc", StringComparison.Ordinal) == true
                ? Html.Of($"<a href=\"#documents\" data-show=\"{show}\" data-column=\"{row.Name}\" data-other=\"{other}\">{Words.Count(n)}</a>")
                : Html.Of($"{Words.Count(n)}");
        return Html.Of($"""
            <tr{new Html(total)}><th scope="row">{row.Name} <span class="pm">{row.Metric}</span></th>
            <td class="num">{Words.Difference(row.Difference, row.Interval)}</td>
            <td class="num">{Words.P(row.AdjustedP ?? row.P)} <span class="pm">{row.Test}</span></td>
            <td class="num">{Count(row.Losses, "lost")}</td><td class="num">{Count(row.Wins, "gained")}</td>
            <td class="num">{(row.Detectable is { } least ? Words.Fixed(least, 1) : "–")}</td>
            <td class="num">{(move is null ? "–" : $"{Words.Fixed(100 * move.Same, 1)} %")}</td>
            <td class="num">{(move?.Margin is { } margin ? Words.Difference(margin.Mean, margin.Interval) : Html.Of($"–"))}</td></tr>
            """);
    }

    /// <summary>How documents moved that both runs kept details of.</summary>
    /// <param name="Same">Share of documents with the same prediction.</param>
    /// <param name="Margin">Mean change of the margin.</param>
    private sealed record Move(double Same, (double Mean, Interval? Interval)? Margin);

    private static Move? Moves(RunScores scores, string column, int other)
    {
        if (scores.Rows.FirstOrDefault(row => row.Name == column && row.Scores[0] is not null && row.Scores[other] is not null) is not { } row)
            return null;
        var pairs = row.Scores[0]!.Tasks.Intersect(row.Scores[other]!.Tasks).SelectMany(task =>
            scores.Runs[0].Of([task]).Join(scores.Runs[other].Of([task]), doc => doc.DocId, doc => doc.DocId, (a, b) => (A: a, B: b))).ToList();
        if (pairs.Count == 0)
            return null;
        double[] changes = [.. pairs.Select(pair => pair.B.Margin - pair.A.Margin).Where(double.IsFinite)];
        var mean = changes.Length == 0 ? (MeanOf?)null : MeanOf.Documents(changes);
        return new(
            pairs.Average(pair => (pair.A.Prediction, pair.A.PredictedAnswer) == (pair.B.Prediction, pair.B.PredictedAnswer) ? 1.0 : 0),
            mean is { } m ? (m.Mean, m.Interval()) : null);
    }

    private static Html Plot(Contrast[] rows, int other)
    {
        string[] names = [.. rows.Select(row => row.Name)];
        var (model, height) = Plots.Forest(
            names, [.. rows.Select(row => (IReadOnlyList<Plots.Point?>)[new(row.Difference, row.Interval)])], new double?[rows.Length],
            "points", line: 0, firstColour: other);
        return Html.Of($"""
            <div class="plots large"><figure>{SvgPlot.Draw(model, Plots.Width, height, $"differences-{other}-",
                $"Differences with 95 % intervals of {string.Join(", ", names)}; the table above has the figures.")}
            <figcaption>To the right of the upright line the later run scores higher. An interval that holds the line does not tell which is better.</figcaption></figure></div>
            """);
    }

    private static Html Unlikes(Comparison comparison) => comparison.Provenance.Count == 0 ? Html.None : Html.Of($"""
        <details><summary>What the runs were not alike in</summary><ul class="notes">{comparison.Provenance.Select(unlike =>
            Html.Of($"<li>{unlike.ToString()}: {unlike.Effect}</li>"))}</ul></details>
        """);
}
