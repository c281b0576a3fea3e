namespace Cognito.Eval;

/// <summary>The scores: a table with intervals, and the same as a plot.</summary>
internal static class ScoreSection
{
    public static Html Of(RunScores scores) => Html.Of($"""
        <section id="scores"><h2>Scores</h2>
        <p class="note" id="scores-note">Percent, and the 95 % interval. A star marks what is not a leaderboard score.</p>
        <div class="beside"><div>{Table(scores)}{Notes(scores)}</div><div>{Figures(scores)}</div></div>
        </section>
        """);

    private static Html Table(RunScores scores)
    {
        var one = scores.Runs.Count == 1;
        var totals = scores.Averages.Any(average => average is not null) ? Html.Of($"""
            <tr class="total"><th scope="row">Average</th>{scores.Averages.Zip(scores.Runs, (average, run) =>
                Html.Of($"<td class=\"num\">{Words.Estimate(average?.Value, average?.Interval, Star(average is not null && run.Run.Leaderboard.Notes.Count > 0))}</td>"))}<td></td></tr>
            """) : Html.None;
        return Html.Of($"""
            <div class="scroll" tabindex="0" role="region" aria-label="Scores">
            <table aria-label="Scores" aria-describedby="scores-note">
            <thead><tr><th scope="col">Benchmark</th>{scores.Runs.Select(run =>
                Html.Of($"<th scope=\"col\" class=\"num\">{(one ? Html.Of($"Value") : Html.Of($"<bdi>{run.Label}</bdi>"))}</th>"))}<th scope="col" class="num">Documents</th></tr></thead>
            <tbody>{scores.Rows.Select(Row)}{totals}</tbody>
            </table>
            </div>
            """);
    }

    private static Html Row(ScoreRow row) => Html.Of($"""
        <tr><th scope="row">{row.First.Title} <span class="pm">{row.First.Metric}</span></th>{row.Scores.Zip(row.Values, (score, value) =>
            Html.Of($"<td class=\"num\">{Words.Estimate(value?.Value ?? score?.Value, value?.Interval, Star(score is { IsComplete: false, Tasks.Count: > 0 }))}</td>"))}<td class="num">{Documents(row)}</td></tr>
        """);

    /// <summary>Takes the same room where there is none, so that figures stand below each other.</summary>
    private static Html Star(bool starred) => new(starred ? "<span class=\"star\">*</span>" : "<span class=\"star\"></span>");

    private static string Documents(ScoreRow row) => string.Join(" / ", row.Scores.Select(score =>
        score is { Documents: > 0 } ? Words.Count(score.Documents) : "–").Distinct());

    private static Html Notes(RunScores scores)
    {
        var notes = scores.Runs.Where(run => run.Run.Leaderboard.Notes.Count > 0).ToList();
        return notes.Count == 0 ? Html.None : Html.Of($"""
            <details><summary>Why not a leaderboard score</summary>{notes.Select(run => Html.Of(
                $"<p class=\"small\"><bdi>{run.Label}</bdi></p><ul class=\"notes\">{run.Run.Leaderboard.Notes.Select(note => Html.Of($"<li>{note}</li>"))}</ul>"))}</details>
            """);
    }

    private static Html Figures(RunScores scores)
    {
        if (scores.Rows.Count == 0)
            return Html.None;
        var average = scores.Averages.Any(average => average is not null);
        string[] names = [.. scores.Rows.Select(row => row.Name), .. average ? (string[])["Average"] : []];
        IReadOnlyList<Plots.Point?>[] points =
        [
            .. scores.Rows.Select(row => row.Values.Select(Point).ToArray()),
            .. average ? (IReadOnlyList<Plots.Point?>[])[scores.Averages.Select(Point).ToArray()] : [],
        ];
        double?[] chance = [.. scores.Rows.Select(row => Chance(scores.Docs(row), row.First.Metric)), .. average ? (double?[])[null] : []];
        var (model, height) = Plots.Forest(names, points, chance, "percent");
        return Html.Of($"""
            {scores.Key}
            <figure>{SvgPlot.Draw(model, Plots.Width, height, "forest", $"Scores with 95 % intervals of {string.Join(", ", names)}; the table above has the figures.")}
            <figcaption>{(chance.Any(guess => guess is not null) ? Html.Of($"The short upright stroke is what guessing would score. ") : Html.None)}An interval covers the true value in 19 of 20 draws of as many documents.</figcaption></figure>
            """);
    }

    public static Plots.Point? Point(Measured? value) => value is null ? null : new(value.Value, value.Interval);

    /// <summary>The mean of one over the number of choices; not known where answers are generated or scores are shares.</summary>
    private static double? Chance(IReadOnlyList<IReadOnlyList<DocDetail>> runs, string metric) =>
        runs.FirstOrDefault(docs => docs.Count > 0) is { } docs && metric.StartsWith("acc", StringComparison.Ordinal)
        && docs.All(doc => doc.ChoiceLogprobs.Count > 0)
            ? docs.Average(doc => 100.0 / doc.ChoiceLogprobs.Count) : null;
}
