using System.Globalization;
using Cognito.Eval.Comparison;

namespace Cognito.Eval.Reports;

/// <summary>More than two runs in Markdown: a table against the first, their means, and a matrix of all pairs.</summary>
public static class ManyRunsText
{
    /// <param name="against">Each later run against the first.</param>
    /// <param name="pairs">[row][column]: the row's run against the column's; null where it is the same run.</param>
    public static string Of(
        IReadOnlyList<string> names, IReadOnlyList<RunComparison> against,
        IReadOnlyList<IReadOnlyList<RunComparison?>> pairs) => Markdown.From(
        $"{Verdict(names[0], against)}\n{Values(names, against).ToMarkdown()}\nPoints. In brackets the difference from {names[0]}; * where p, Holm's over the "
        + $"columns, is below 0.05. Where fewer documents were compared, value, difference and {names[0]}'s own value are of these.\n\n"
        + $"{Means(names, against).ToMarkdown()}\n{Matrix(names, pairs)}"
        + $"{against.SelectMany(c => c.Notes).Distinct().Select(note => Markdown.From($"* {note}\n"))}").Text;

    private static IEnumerable<Markdown> Verdict(string first, IReadOnlyList<RunComparison> against) =>
        VerdictText.Of(first, [.. against.Select(comparison => (comparison.Candidate, (RunComparison?)comparison))])
            .Select(sentences => Markdown.From($"- {sentences}\n"));

    private static IEnumerable<Contrast> Rows(RunComparison comparison) =>
        comparison.Columns.Concat(comparison.Average is { } mean ? [mean] : []);

    /// <summary>
    /// Every column and mean that some comparison has; the first run's value is of the most documents that were compared.
    /// </summary>
    private static TextTable Values(IReadOnlyList<string> names, IReadOnlyList<RunComparison> against)
    {
        var table = new TextTable(["Metric", .. names.Select(name => (Markdown)name)]);
        // Columns before means, each as first met.
        var labels = against.SelectMany(c => c.Columns).Select(c => c.Label).Distinct()
            .Concat(against.Select(c => c.Average?.Label).OfType<string>().Distinct());
        foreach (var label in labels)
        {
            var row = against.Select(it => Rows(it).FirstOrDefault(contrast => contrast.Label == label)).ToList();
            var first = row.OfType<Contrast>().MaxBy(contrast => contrast.Documents)!;
            table.Add([
                Markdown.From($"{label}"), ComparisonText.Points(first.Baseline, first.BaselineNotFinite),
                .. row.Select(contrast => Change(contrast, first)),
            ]);
        }
        return table;
    }

    private static Markdown Change(Contrast? contrast, Contrast first) => contrast is null ? Markdown.From($"-")
        : Markdown.From($"{ComparisonText.Points(contrast.Candidate, contrast.CandidateNotFinite)} ("
            + $"{Marked(contrast.Difference, contrast.AdjustedP ?? contrast.P)}{Beside(contrast, first)})");

    private static Markdown Beside(Contrast contrast, Contrast first) => contrast.Documents == first.Documents ? Markdown.None
        : Markdown.From($" from {ComparisonText.Points(contrast.Baseline)}, {Count(contrast.Documents)} documents");

    private static TextTable Means(IReadOnlyList<string> names, IReadOnlyList<RunComparison> against) => against.Aggregate(
        new TextTable(Markdown.From($"Against {names[0]}"), "Mean", "Difference", "Stderr", "95 % interval", "p") { TextColumns = 2 },
        (table, comparison) => table.Add(comparison.Candidate, comparison.Average?.Label ?? "-",
            comparison.Average is { } mean ? ComparisonText.Signed(mean.Difference) + ComparisonText.NotFinite(mean) : Markdown.From($"-"),
            ComparisonText.Points(comparison.Average?.StandardError), ComparisonText.Range(comparison.Average?.Interval),
            ComparisonText.P(comparison.Average?.P)));

    /// <summary>Differences of one mean: of the columns that every pair has.</summary>
    private static Markdown Matrix(IReadOnlyList<string> names, IReadOnlyList<IReadOnlyList<RunComparison?>> pairs)
    {
        var all = pairs.SelectMany(row => row).OfType<RunComparison>().ToList();
        var common = all.Select(pair => pair.Average?.Averaged ?? (pair.Columns is [var only] ? [only.Name] : []))
            .Aggregate((one, other) => [.. one.Where(other.Contains)]);
        if (common.Count == 0)
            return Markdown.From($"No column is there in every run, so no mean of theirs can be set against each other.\n");
        Contrast Of(RunComparison pair) => pair.Average is { } mean && mean.Averaged!.Count == common.Count ? mean
            : pair.Columns.Where(column => common.Contains(column.Name)).ToList() is [var only] ? only
            : RunComparison.Mean([.. pair.Columns.Where(column => common.Contains(column.Name))], all: int.MaxValue);
        var cells = pairs.Select(row => row.Select(pair => pair is null ? null : Of(pair)).ToList()).ToList();
        var most = cells.SelectMany(row => row).Max(cell => cell?.Documents ?? 0);
        var label = cells.SelectMany(row => row).OfType<Contrast>().First().Label;
        var table = new TextTable([Markdown.From($"{label}, row - column"), .. names.Select(name => (Markdown)name)]);
        foreach (var (i, name) in names.Index())
            table.Add([name, .. cells[i].Select(cell => cell is null ? Markdown.None : Marked(cell.Difference, cell.P) + ComparisonText.NotFinite(cell)
                + (cell.Documents == most ? Markdown.None : Markdown.From($" ({Count(cell.Documents)} documents)")))]);
        return Markdown.From($"{table.ToMarkdown()}\n* where p is below 0.05, not adjusted for the number of pairs.\n");
    }

    private static Markdown Marked(double difference, double? p) =>
        ComparisonText.Signed(difference) + (p < 0.05 ? Markdown.From($"*") : Markdown.None);

    private static string Count(int documents) => documents.ToString("N0", CultureInfo.InvariantCulture);
}
