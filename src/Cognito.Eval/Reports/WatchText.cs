using Cognito.Eval.Comparison;
using Cognito.Eval.Reports.Html;

namespace Cognito.Eval.Reports;

/// <summary>A lineage under watch: its history as Markdown, and as a page with a plot.</summary>
public static class WatchText
{
    public static string Markdown(Watch watch)
    {
        var table = new TextTable("Look", "Run", "Started", "Value", "Drop", "Interval", "δ", "Verdict")
        {
            TextColumns = 4,
            EndsInText = true,
        };
        foreach (var look in watch.Looks)
            foreach (var value in Shown(look))
                table.Add($"{look.Number}", look.Name, Date(look), value.Name, ComparisonText.Signed(value.Drop),
                    ComparisonText.Range(value.DropInterval, value.Delta), ComparisonText.Points(value.Delta), Word(look, value));
        return Reports.Markdown.From($"{Headline(watch)}\n\nBaseline: {watch.Baseline}.\n\n{table.ToMarkdown()}\n{Legend}\n").Text;
    }

    public static string Headline(Watch watch)
    {
        if (watch.Looks is not [.., var newest])
            return "Watch: no run";
        var earlier = watch.Looks.SkipLast(1).Where(look => look.Verdict == WatchVerdict.Alarm).Select(look => look.Name).ToList();
        return (watch.Verdict switch
        {
            WatchVerdict.Alarm => $"Watch: alarm at {newest.Name}",
            WatchVerdict.Dropped => $"Watch: {newest.Name} dropped, perhaps by more than δ",
            _ => "Watch: quiet",
        }) + (earlier.Count > 0 ? $"; alarms before: {string.Join(", ", earlier)}" : "");
    }

    private const string Legend = "Points; a drop above 0 is a loss. Look t has intervals at the level 5 % / (t (t + 1)), so that all of "
        + "them, over any number of looks, hold their true values in 95 of 100 watches. Quiet is not a pass: gate --candidate says that of one run.";

    /// <summary>The mean, or the only column; and what dropped for certain.</summary>
    private static IEnumerable<Watched> Shown(Look look) =>
        look.Values.Where((value, i) => i == 0 || value.Verdict != WatchVerdict.Quiet);

    private static string Date(Look look) =>
        look.Started is { } at ? FormattableString.Invariant($"{at.UtcDateTime:yyyy-MM-dd HH:mm}") : "-";

    private static string Word(Look look, Watched value) =>
        value.Verdict.ToString().ToLowerInvariant() + (look.Flaw is { } flaw ? $", {flaw}" : "");

    /// <summary>One page without network, as the report's.</summary>
    public static string Page(Watch watch)
    {
        var history = new Section("history", "History", HtmlText.From($"""
            <p class="note" id="history-note">{Legend}</p>
            {Plots(watch)}
            <div class="scroll" tabindex="0" role="region" aria-label="History">
            <table class="wide stack" aria-describedby="history-note">
            <thead><tr><th scope="col" class="num">Look</th><th scope="col">Run</th><th scope="col">Started, UTC</th>
            <th scope="col">Value</th><th scope="col" class="num">Drop</th><th scope="col" class="num">δ</th><th scope="col">Verdict</th></tr></thead>
            <tbody>{watch.Looks.SelectMany(look => Shown(look).Select(value => Row(look, value)))}</tbody></table></div>
            """));
        return HtmlReport.Page($"Watch against {watch.Baseline}", HtmlText.From($"Watch against <bdi>{watch.Baseline}</bdi>"),
            Headline(watch) + ".", HtmlText.None, [history]).Text;
    }

    private static HtmlText Row(Look look, Watched value) => HtmlText.From($"""
        <tr>{Words.Cell("Look", $"{look.Number}")}<th scope="row"><bdi>{look.Name}</bdi></th><td data-label="Started, UTC">{Date(look)}</td><td data-label="Value">{value.Name}</td>
        {Words.Cell("Drop", HtmlText.From($"{Words.Signed(value.Drop)} <span class=\"pm\">[{End(value, value.DropInterval?.Low)}, {End(value, value.DropInterval?.High)}]</span>"))}
        {Words.Cell("δ", Words.Fixed(value.Delta))}<td data-label="Verdict">{Word(look, value)}</td></tr>
        """);

    private static string End(Watched value, double? end) =>
        end is { } at ? Decimals.Beside(at, value.Delta, signed: true).Replace('-', '−') : "–";

    /// <summary>One a mean or column that any look has first.</summary>
    private static HtmlText Plots(Watch watch) => HtmlText.All(watch.Looks
        .SelectMany(look => look.Values.Take(1)).Select(value => value.Name).Distinct().Select((name, i) =>
        {
            var points = watch.Looks.SelectMany(look => look.Values.Where(value => value.Name == name)).ToList();
            var delta = points[0].Delta;
            var plot = Html.Plots.History(
                [.. points.Select(value => new Plots.Point(value.Drop, value.DropInterval))], delta, "drop, points");
            var says = $"Drop of {name} by run, with intervals and the margin of {Words.Fixed(delta)} points; the table has the figures.";
            return HtmlText.From($"""
                <div class="plots large"><figure>{SvgPlot.Draw(plot, $"history-{i}-", says)}
                <figcaption>{name}: an alarm is an interval that lies above the dashed line.</figcaption></figure></div>
                """);
        }));
}
