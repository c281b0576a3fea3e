using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports.Html;

/// <summary>The plots that show more than the scores: subjects, calibration, margins, lengths.</summary>
internal static class PlotSection
{
    private const int RowsOfAPlot = 20;

    /// <summary>Columns of several tasks, task by task; null where there are none.</summary>
    public static Section? Subjects(RunScores scores)
    {
        var columns = scores.Rows.Where(row => row.Scores.Any(score => score?.Tasks.Count > 1)).ToList();
        return columns.Count == 0 ? null : new(
            "subjects", $"{string.Join(", ", columns.Select(row => row.Name))} by subject",
            HtmlText.From($"{scores.Key}{columns.Select(row => Subjects(scores, row))}"));
    }

    private static HtmlText Subjects(RunScores scores, ScoreRow row)
    {
        string[] tasks = [.. row.Scores.SelectMany(score => score?.Tasks ?? []).Distinct()];
        var metric = row.First.Metric;
        Plots.Row[] rows = [.. tasks.Zip(Names(tasks), (task, name) => new Plots.Row(
            name, [.. row.Values.Select(value => ScoreSection.Point(value?.Tasks.FirstOrDefault(measured => measured.Name == task)))]))];
        // Runs of another protocol have a row of their own.
        var weighs = scores.Runs.Where((_, i) => row.Scores[i] is not null).Any(run => Protocol.Of(run.Run.Provenance.Protocol).WeighsDocuments);
        var plots = (rows.Length - 1) / RowsOfAPlot + 1;
        return HtmlText.From($"""
            <p class="note">{metric} of each of the {tasks.Length} subjects with its 95 % interval. The column is their {(weighs ? "mean, weighed by documents" : "unweighted mean")}.</p>
            <div class="plots">{rows.Chunk((rows.Length + plots - 1) / plots).Select((some, i) => Subjects(scores, some, metric, $"{Id(row)}-{i}"))}</div>
            <details><summary>The same as a table</summary>
            <div class="scroll" tabindex="0" role="region" aria-label="Subjects"><table class="{(scores.Runs.Count == 1 ? "" : scores.Runs.Count == 2 ? "stack two-lines" : "stack early two-lines")}">
            <thead><tr><th scope="col">Subject</th>{scores.Heads}</tr></thead>
            <tbody>{rows.Zip(tasks, (subject, task) => Subject(scores, subject, task))}</tbody>
            </table></div></details>
            """);
    }

    private static HtmlText Subjects(RunScores scores, Plots.Row[] rows, string metric, string id)
    {
        var plot = Plots.Forest(rows, scores.Names, $"{metric}, percent", ends: (0, 100));
        var says = $"{metric} of {rows[0].Name} to {rows[^1].Name} with 95 % intervals; the table below has the figures.";
        return HtmlText.From($"<figure>{SvgPlot.Draw(plot, $"subjects-{id}-", says)}</figure>");
    }

    private static HtmlText Subject(RunScores scores, Plots.Row row, string task) => HtmlText.From($"""
        <tr><th scope="row">{row.Name}</th>
        {row.Points.Zip(scores.Runs, (point, run) => Words.Cell(scores.Runs.Count == 1 ? "Value" : run.Label, HtmlText.From(
            $"{Words.Estimate(point?.Value, point?.Interval)}{NotFinite(run.Run, task)}")))}</tr>
        """);

    private static HtmlText NotFinite(Run run, string task) => ScoreSection.Mark(run.Tasks.GetValueOrDefault(task)?.NotFiniteRequests ?? 0);

    /// <summary>Tasks' names without what they all begin with.</summary>
    private static string[] Names(string[] tasks)
    {
        var common = tasks.Length < 2 ? 0 : tasks[1..].Min(task => task.AsSpan().CommonPrefixLength(tasks[0]));
        common = tasks[0].AsSpan(0, common).LastIndexOfAny('-', '_') + 1;
        return [.. tasks.Select(task => task[common..].Replace('_', ' '))];
    }

    public static Section? Calibrations(RunScores scores)
    {
        var rows = scores.Rows.Select(row => (Row: row, Runs: scores.Docs(row).Select(Calibration.FromDetails).ToList()))
            .Where(row => row.Runs.Any(calibration => calibration is not null)).ToList();
        return rows.Count == 0 ? null : new("calibration", "Calibration", HtmlText.From($"""
            <p class="note">How often the likeliest choice is right, against the probability it has among the document's choices (softmax of their
            log-likelihoods), by tenths of that probability; a mark is as large as its documents are many, and no line joins those of fewer than {Plots.Few}. On the dashed line the model is as sure as it is right.</p>
            {scores.Key}<div class="plots">{rows.Select(row => HtmlText.From($"""
                <figure><h3>{row.Row.Name}</h3>
                {SvgPlot.Draw(Plots.Calibration(row.Runs, scores.Names), $"calibration-{Id(row.Row)}-",
                    $"Calibration on {row.Row.Name}: {Errors(scores, row.Runs)}")}
                <figcaption>{Errors(scores, row.Runs)}{LeftOut(scores, row.Row)}</figcaption></figure>
                """))}</div>
            """));
    }

    private static string Errors(RunScores scores, IReadOnlyList<Calibration?> runs) => "Calibration error "
        + string.Join(", ", runs.Zip(scores.Runs).Where(run => run.First is not null).Select(run =>
            $"{Words.Fixed(100 * run.First!.Error, 1)} points{(runs.Count > 1 ? $" ({run.Second.Isolated})" : "")}"));

    /// <summary>How many requests of a row are not finite, whose documents no plot shows.</summary>
    private static HtmlText LeftOut(RunScores scores, ScoreRow row) => HtmlText.All(scores.Runs.Zip(row.Scores)
        .Where(run => run.Second?.NotFinite > 0).Select(run => HtmlText.From(
            $"; {ScoreSection.Mark(run.Second!.NotFinite)}{(scores.Runs.Count > 1 ? $" in {run.First.Isolated}" : "")}, left out")));

    public static Section? Margins(RunScores scores)
    {
        var rows = scores.Rows.Select(row => (Row: row, Runs: Values(scores, row, doc => doc.Margin))).Where(Any).ToList();
        return rows.Count == 0 ? null : new("margins", "Margins", HtmlText.From($"""
            <p class="note">Nats between the right choice and the best wrong one under the column's metric: documents right of zero were answered right,
            and how far from zero says how nearly they were not. The outermost bins hold what lies beyond them.</p>
            {scores.Key}<div class="plots">{rows.Select(row =>
            {
                var reach = Nice(Quantile([.. row.Runs.SelectMany(run => run).Select(Math.Abs)], 0.98));
                return Figure(scores, row.Row, row.Runs, "margins", "margin, nats", -reach, reach, 40, zero: true,
                    docs => $"median {Words.Signed(Quantile(docs, 0.5))}");
            })}</div>
            """));
    }

    public static Section? Lengths(RunScores scores)
    {
        var prompts = scores.Rows.Select(row => (Row: row, Runs: Values(scores, row, doc => doc.PromptTokens))).Where(Any).ToList();
        var answers = scores.Rows.Select(row => (Row: row, Runs: Values(scores, row, doc => doc.GeneratedTokens ?? double.NaN)))
            .Where(Any).ToList();
        HtmlText Draw((ScoreRow Row, IReadOnlyList<IReadOnlyList<double>> Runs) row, string what)
        {
            var most = Nice(Quantile([.. row.Runs.SelectMany(run => run)], 0.99));
            return Figure(scores, row.Row, row.Runs, $"lengths-{what}", $"{what}, tokens", 0, most, 40, zero: false,
                docs => $"median {Words.Fixed(Quantile(docs, 0.5), 0)}");
        }
        return prompts.Count == 0 ? null : new("lengths", "Lengths", HtmlText.From($"""
            <p class="note">Tokens of the prompts with their examples, before truncation{(answers.Count > 0
                ? ", and of the answers that were generated" : "")}. The last bin holds what is longer.</p>
            {scores.Key}<div class="plots">{prompts.Select(row => Draw(row, "prompt"))}{answers.Select(row => Draw(row, "answer"))}</div>
            """));
    }

    private static HtmlText Figure(
        RunScores scores, ScoreRow row, IReadOnlyList<IReadOnlyList<double>> runs, string id, string axis, double least, double most,
        int bins, bool zero, Func<IReadOnlyList<double>, string> says)
    {
        var caption = string.Join(", ", runs.Zip(scores.Runs).Where(run => run.First.Count > 0).Select(run =>
            says(run.First) + (runs.Count > 1 ? $" ({run.Second.Isolated})" : "")));
        return HtmlText.From($"""
            <figure><h3>{row.Name} <span class="pm">{axis}</span></h3>
            {SvgPlot.Draw(Plots.Histogram(runs, scores.Names, least, most, bins, axis, zero), $"{id}-{Id(row)}-", $"{row.Name}, {axis}: {caption}")}
            <figcaption>{caption}{(zero ? LeftOut(scores, row) : HtmlText.None)}</figcaption></figure>
            """);
    }

    private static IReadOnlyList<IReadOnlyList<double>> Values(RunScores scores, ScoreRow row, Func<DocDetail, double> value) =>
        [.. scores.Docs(row).Select(docs => docs.Select(value).Where(double.IsFinite).Order().ToList())];

    private static bool Any((ScoreRow Row, IReadOnlyList<IReadOnlyList<double>> Runs) row) => row.Runs.Any(run => run.Count > 0);

    private static double Quantile(IReadOnlyList<double> values, double q) =>
        values.Count == 0 ? 0 : values.Order().ElementAt((int)Math.Round(q * (values.Count - 1)));

    /// <summary>The next of 1, 2, 2.5, 5 times a power of ten.</summary>
    private static double Nice(double value)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(value, 1e-6))));
        return new[] { 1, 2, 2.5, 5, 10 }.Select(step => step * power).First(step => step >= value * 0.999);
    }

    /// <summary>A name that an SVG's id may have.</summary>
    private static string Id(ScoreRow row) => string.Concat(row.Name.Where(char.IsAsciiLetterOrDigit));
}
