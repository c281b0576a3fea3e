using Cognito.Eval.Results;

namespace Cognito.Eval.Reports.Html;

/// <summary>What a mixture's routers did, layer by layer: whether they tell the tasks apart.</summary>
internal static class RoutingSection
{
    private const int MostPlots = 8;

    /// <summary>Null where no run recorded it.</summary>
    public static Section? Create(RunScores scores)
    {
        var runs = scores.Runs.Select((run, i) => (Run: run, Tasks: Tasks(scores, run.Run, i)))
            .Where(run => run.Tasks.Count > 0).ToList();
        return runs.Count == 0 ? null : new("routing", "Routing", HtmlText.From($"""
            <p class="note">What each layer's router does where a token of an answer is predicted: how often an expert weighs most, and how undecided the router is
            (entropy; the dashed line is one that weighs all experts alike). Layers without a router are left out, and so is what every token meets beside the experts: that is
            no router's choice. Lines that lie on each other are tasks that it does not tell apart. Subjects of
            a column are taken together, each token alike; results.json has them one by one. Generated answers are not recorded.</p>
            {runs.Select((run, i) => HtmlText.From($"""
                {(scores.Runs.Count == 1 ? HtmlText.None : HtmlText.From($"<h3><bdi>{run.Run.Label}</bdi></h3>"))}
                <ul class="key" aria-label="Tasks">{run.Tasks.Select((task, t) => HtmlText.From($"<li>{RunScores.Swatch(t)}{task.Name}</li>"))}</ul>
                <div class="plots">{Figures(run.Tasks, i)}</div>
                {Untold(run.Tasks[0].Routing.Layers[0].FirstShare.Count)}
                <details><summary>The same as a table</summary>
                <div class="scroll" tabindex="0" role="region" aria-label="Routing">{Table(run.Tasks)}</div></details>
                """))}
            """));
    }

    private static HtmlText Untold(int experts) => experts <= MostPlots ? HtmlText.None
        : HtmlText.From($"<p class=\"note\">Drawn are the first {MostPlots} of {experts} experts; the table has all.</p>");

    private static IEnumerable<HtmlText> Figures(IReadOnlyList<(string Name, RoutingRecord Routing)> tasks, int run)
    {
        var experts = tasks[0].Routing.Layers[0].FirstShare.Count;
        // The share of the second of two experts is what the first one's leaves.
        for (var expert = 0; expert < Math.Min(MostPlots, experts == 2 ? 1 : experts); expert++)
        {
            var e = expert;
            yield return Figure(tasks, $"expert {e} weighs most, % of tokens", "% of tokens", $"routing-{run}-{e}-", 100, null,
                layer => 100 * layer.FirstShare[e], 1, " points");
        }
        yield return Figure(tasks, "entropy, nats", "nats", $"routing-{run}-entropy-", Math.Log(experts), Math.Log(experts),
            layer => layer.Entropy, 3, " nats");
    }

    private static HtmlText Figure(
        IReadOnlyList<(string Name, RoutingRecord Routing)> tasks, string title, string axis, string id, double most, double? line,
        Func<RoutingLayer, double> value, int digits, string unit)
    {
        var layers = tasks[0].Routing.Numbers;
        var curves = tasks.Select(task => (IReadOnlyList<double>)[.. task.Routing.Layers.Select(value)]).ToList();
        var (apart, layer) = Enumerable.Range(0, curves[0].Count)
            .Select(l => (curves.Max(curve => curve[l]) - curves.Min(curve => curve[l]), l)).MaxBy(spread => spread.Item1);
        var all = curves.SelectMany(curve => curve).ToList();
        var says = $"{Words.Fixed(all.Min(), digits)} to {Words.Fixed(all.Max(), digits)}"
            + (line is { } at ? $" (all experts alike: {Words.Fixed(at, digits)})" : "")
            + (curves.Count == 1 ? "" : $"; tasks differ most at layer {layers[layer]}, by {Words.Fixed(apart, digits)}{unit}");
        return HtmlText.From($"""
            <figure><h3>{title}</h3>
            {SvgPlot.Draw(Plots.Layers(layers, curves, [.. tasks.Select(task => task.Name)], axis, most, line), id, $"{title}, by layer: {says}")}
            <figcaption>{says}</figcaption></figure>
            """);
    }

    private static HtmlText Table(IReadOnlyList<(string Name, RoutingRecord Routing)> tasks)
    {
        var experts = Enumerable.Range(0, tasks[0].Routing.Layers[0].FirstShare.Count).ToList();
        HtmlText Heads(string what) => HtmlText.All(experts.Select(e => HtmlText.From($"<th scope=\"col\" class=\"num\">{what} {e}</th>")));
        HtmlText Cells(string what, IEnumerable<double> values, int digits) =>
            HtmlText.All(values.Select((value, e) => Words.Cell($"{what} {e}", Words.Fixed(value, digits))));
        return HtmlText.From($"""
            <table class="stack"><thead><tr><th scope="col">Task</th><th scope="col" class="num">Layer</th>{Heads("mean weight,")}{Heads("first, %,")}
            <th scope="col" class="num">Entropy</th></tr></thead>
            <tbody>{tasks.Select(task => HtmlText.All(task.Routing.Layers.Zip(task.Routing.Numbers, (layer, number) => HtmlText.From($"""
                <tr><th scope="row">{task.Name}</th>{Words.Cell("Layer", $"{number}")}{Cells("mean weight,", layer.MeanWeight, 3)}{Cells("first, %,", layer.FirstShare.Select(share => 100 * share), 1)}
                {Words.Cell("Entropy", Words.Fixed(layer.Entropy, 3))}</tr>
                """))))}</tbody></table>
            """);
    }

    /// <summary>By column, in the order of the score table; records of another shape than the first are somebody else's.</summary>
    private static IReadOnlyList<(string Name, RoutingRecord Routing)> Tasks(RunScores scores, Run run, int i)
    {
        if (run.Routing is null)
            return [];
        var first = run.Routing.Values.FirstOrDefault(record => Fits(record, record));
        return [.. scores.Rows.Select(row => (row.Name, Records: (row.Scores[i]?.Tasks ?? []).Select(task => run.Routing.GetValueOrDefault(task))
                .OfType<RoutingRecord>().Where(record => first is not null && Fits(record, first)).ToList()))
            .Where(row => row.Records.Count > 0).Select(row => (row.Name, Pooled(row.Records)))];
    }

    private static bool Fits(RoutingRecord record, RoutingRecord first) =>
        record.Tokens > 0 && record.Layers.Count > 0 && record.Numbers.SequenceEqual(first.Numbers)
        && record.Numbers.Prepend(-1).Zip(record.Numbers, (before, number) => number > before).All(rises => rises)
        && record.Layers.All(layer => layer.FirstShare.Count > 0 && layer.FirstShare.Count == first.Layers[0].FirstShare.Count
            && layer.MeanWeight.Count == layer.FirstShare.Count
            && layer.FirstShare.Concat(layer.MeanWeight).Append(layer.Entropy).All(double.IsFinite));

    /// <summary>Tasks together, each token alike.</summary>
    private static RoutingRecord Pooled(IReadOnlyList<RoutingRecord> records)
    {
        var tokens = records.Sum(record => record.Tokens);
        double Mean(Func<RoutingRecord, double> value) => records.Sum(record => value(record) * record.Tokens) / tokens;
        return new(tokens, [.. records[0].Layers.Select((layer, l) => new RoutingLayer(
            [.. layer.MeanWeight.Select((_, e) => Mean(record => record.Layers[l].MeanWeight[e]))],
            [.. layer.FirstShare.Select((_, e) => Mean(record => record.Layers[l].FirstShare[e]))],
            Mean(record => record.Layers[l].Entropy)) { Layer = layer.Layer })]);
    }
}
