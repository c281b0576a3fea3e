using System.Globalization;
using Cognito.Eval.Comparison;

namespace Cognito.Eval.Reports;

/// <summary>Comparisons in Markdown: two runs in full, and why they may differ.</summary>
public static class ComparisonText
{
    /// <param name="showTasks">Whether each task of a column that has several gets a row.</param>
    public static string OfTwo(RunComparison comparison, bool showTasks = false)
    {
        var table = new TextTable(
            "Metric", "Baseline", "Candidate", "Difference", "Stderr", "95 % interval", "Wins", "Losses", "p", "p (Holm)", "Detectable");
        foreach (var column in comparison.Columns)
        {
            table.Add(Row(column, column.Metric is null ? column.Name : Markdown.From($"{column.Name}, {column.Metric}")));
            if (showTasks)
                foreach (var task in column.Tasks)
                    table.Add(Row(task, Markdown.From($"  {task.Name}")));
        }
        if (comparison.Average is { } average)
            table.Add(Row(average, Markdown.From($"{average.Label}")));
        return Markdown.From(
            $"{VerdictText.Of(comparison, comparison.Baseline, comparison.Candidate)}\n\nBaseline: {comparison.Baseline}. Candidate: {comparison.Candidate}.\n\n{table.ToMarkdown()}\n{Legend(comparison)}{Facts(comparison)}").Text;
    }

    private static Markdown[] Row(Contrast contrast, Markdown name) =>
    [
        contrast.IsPaired ? name : Markdown.From($"{name} (unpaired)"), Points(contrast.Baseline, contrast.BaselineNotFinite),
        Points(contrast.Candidate, contrast.CandidateNotFinite), Signed(contrast.Difference),
        Points(contrast.StandardError), Range(contrast.Interval), Count(contrast.Wins), Count(contrast.Losses), P(contrast.P),
        P(contrast.AdjustedP), Points(contrast.Detectable),
    ];

    private static Markdown Legend(RunComparison comparison) => Markdown.From(
        $"Points; difference = candidate - baseline; intervals by score. Detectable: the smallest true difference for which p, before "
        + $"Holm, would be below 0.05 in 4 of 5 comparisons.\n{Clusters(comparison)}{Pooled(comparison)}");

    private static IEnumerable<Markdown> Pooled(RunComparison comparison) =>
        from column in comparison.Columns
        where column.PooledP is not null
        select Markdown.From($"{column.Name}: p is of the mean over its tasks; of all documents pooled, each counting the same, "
            + $"McNemar's mid-p is {P(column.PooledP)}.\n");

    private static IEnumerable<Markdown> Clusters(RunComparison comparison) =>
        (from column in comparison.Columns
         where column.RobustError is not null
         select Markdown.From($"{column.Name}: documents hang together ({column.Cluster}); if these were drawn, and not single "
             + $"documents, the standard error is {Points(column.RobustError)} for {Points(column.StandardError)}. The gate goes by the "
             + $"larger.\n")).Concat(
        from column in comparison.Columns
        where column.ClusterError is not null
        select Markdown.From($"{column.Name}: its {column.Tasks.Count} tasks are fixed and count alike; if they might have been others, "
            + $"the standard error is {Points(column.ClusterError)}.\n"));

    private static Markdown Facts(RunComparison comparison) => Markdown.All(
    [
        .. comparison.Missing.Count > 0 ? [Markdown.From($"* only in one of the runs: {string.Join(", ", comparison.Missing)}\n")] : Array.Empty<Markdown>(),
        .. comparison.Notes.Select(note => Markdown.From($"* {note}\n")),
        .. comparison.Provenance.Count > 0 ? [new("\nWhy the numbers may differ:\n")] : Array.Empty<Markdown>(),
        .. comparison.Provenance.Select(Differs),
    ]);

    internal static Markdown Differs(SettingDifferences unlike) => Markdown.From($"- {unlike.ToString()}: {unlike.Effect}\n");

    /// <summary>What two runs are not alike in, without a comparison.</summary>
    public static string Why(string baseline, string candidate, IReadOnlyList<SettingDifferences> unlike) => unlike.Count == 0
        ? Markdown.From($"{baseline} and {candidate}: nothing that results.json records differs\n").Text
        : unlike.Aggregate(new TextTable("Setting", baseline, candidate, "Effect") { TextColumns = 4 },
            (table, u) => table.Add(u.What, u.Baseline, u.Candidate, u.Effect)).ToMarkdown().Text;

    /// <summary>What moved beside the scores.</summary>
    public static string Shifts(IReadOnlyList<ChoiceShift> shifts) => shifts.Aggregate(
        new TextTable("Right choice", "Documents", "Same choice, %", "Margin, nats", "Stderr", "Probability, points", "Stderr"),
        (table, shift) => table.Add(shift.Name, Count(shift.Documents), Points(shift.SameChoice), Signed(shift.Margin), Points(shift.MarginError),
            Signed(shift.Probability), Points(shift.ProbabilityError))).ToMarkdown().Text
        + "\nMean changes, candidate - baseline. Margin: the right choice's log-likelihood less the best wrong one's; probability: among the choices.\n";

    internal static Markdown NotFinite(Contrast contrast) =>
        new(ColumnScore.Mark(contrast.BaselineNotFinite + contrast.CandidateNotFinite));

    internal static Markdown Points(double? value) => new(value is { } points ? Decimals.Of(points) : "-");

    internal static Markdown Points(double value, int notFinite) => Markdown.From($"{Points(value)}{new Markdown(ColumnScore.Mark(notFinite))}");

    internal static Markdown Signed(double? value) => new(value is { } points ? Decimals.Signed(points) : "-");

    /// <param name="beside">A number that the ends are held against: as many decimals are shown as tell them from it.</param>
    internal static Markdown Range(Interval? interval, double? beside = null) => new(interval is { } range
        ? $"{Decimals.Beside(range.Low, beside, signed: true)} .. {Decimals.Beside(range.High, beside, signed: true)}" : "-");

    internal static Markdown P(double? p) => new(p switch
    {
        null => "-",
        < 0.0001 => "<0.0001",
        { } value => value.ToString("0.0000", CultureInfo.InvariantCulture),
    });

    private static Markdown Count(int? count) => new(count?.ToString(CultureInfo.InvariantCulture) ?? "-");
}
