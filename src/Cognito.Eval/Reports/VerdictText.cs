using System.Globalization;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>
/// What runs come to, in a few sentences: the page, tables, Markdown and the gate all begin with these. More is better on the
/// scale that is compared (<see cref="ComparedScale"/>), so "worse" is true of a perplexity too.
/// </summary>
internal static class VerdictText
{
    /// <summary>Columns that are named one by one.</summary>
    internal const int MostNamed = 4;

    private const int MostCounted = 2;

    /// <summary>Whether a difference would be as large by chance in fewer than 5 of 100 comparisons, adjusted over the columns.</summary>
    public static bool IsBeyondChance(Contrast contrast) => (contrast.AdjustedP ?? contrast.P) < Power.Level;

    /// <summary>Of one run what it scores; of several what the later ones differ by from the first.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<ReportedRun> runs, IReadOnlyList<Column> columns) => runs is [var only]
        ? [Of(only.Label, only.Run, columns)]
        : Of(runs[0].Label, [.. runs.Skip(1).Select(run => (run.Label, Comparison(runs[0].Run, run.Run)))]);

    /// <summary>Null where they were asked different questions.</summary>
    internal static RunComparison? Comparison(Run first, Run later)
    {
        try
        {
            return RunComparison.Create(first, later);
        }
        catch (InputException)
        {
            return null;
        }
    }

    /// <summary>What one run scores.</summary>
    public static string Of(string name, Run run, IReadOnlyList<Column> columns)
    {
        var values = Measured.FromRun(run).ToDictionary(column => column.Name);
        var doubt = Doubt(run) + NotFinite(run.NotFiniteRequests);
        if (values.GetValueOrDefault(RunComparison.AverageName) is { } average)
            return $"{name} scores {Score(average.Value, average.Interval)} on average of {run.Leaderboard.Columns.Count} benchmarks.{doubt}";
        return ColumnScore.FromRun(run, columns).Where(score => score.Value is not null).ToList() switch
        {
            [] => $"{name} has no score.",
            [var only] when Metric.IsPercent(only.Metric) =>
                $"{name} scores {Score(only.Value!.Value, values.GetValueOrDefault(only.Key)?.Interval)} on {only.Key}.{doubt}",
            [var only] => $"{name} has {Decimals.Of(only.Value!.Value)} as {only.Metric} of {only.Key}.{doubt}",
            var scores => $"{name} has scores of {Listed([.. scores.Select(score => score.Key)])}, and no average.{doubt}",
        };
    }

    private static string Doubt(Run run) => run.Leaderboard.Notes.Count == 0 ? ""
        : Protocol.Of(run.Provenance.Protocol) is LmEval04 ? " The notes say more of it." : " It is no leaderboard score; the notes say why.";

    private static string Score(double value, Interval? interval) =>
        Decimals.Of(value) + (interval is { } it ? $" ({Decimals.Of(it.Low, 1)} to {Decimals.Of(it.High, 1)})" : "");

    /// <summary>What later runs differ by from the first: those that differ one by one, the others together.</summary>
    /// <param name="later">Null where one cannot be compared.</param>
    public static IReadOnlyList<string> Of(string first, IReadOnlyList<(string Name, RunComparison? Comparison)> later)
    {
        string Names(IEnumerable<(string Name, RunComparison?)> some) => Listed([.. some.Select(run => run.Name)]);
        if (later is [var (name, only)])
            return only is null ? [Incomparable(name)] : [Of(only, first, name)];
        var differing = later.Where(run => run.Comparison?.Columns.Any(IsBeyondChance) is true).ToList();
        var alike = later.Where(run => run.Comparison is not null).Except(differing).ToList();
        var not = later.Where(run => run.Comparison is null).ToList();
        return
        [
            .. differing.Take(MostNamed).Select(run => Of(run.Comparison!, first, run.Name)),
            .. differing.Count > MostNamed ? [$"So do {differing.Count - MostNamed} more."] : Array.Empty<string>(),
            .. alike is [var one] ? [Of(one.Comparison!, first, one.Name)]
                : alike.Count > 1 ? [$"{Names(alike)} differ from {first} on no benchmark beyond chance."] : Array.Empty<string>(),
            .. not.Count > 0 ? [Incomparable(Names(not))] : Array.Empty<string>(),
        ];

        string Incomparable(string names) => $"{names} cannot be compared with {first}; compare --why shows what their settings differ in.";
    }

    /// <summary>What a candidate differs by from a baseline, and how many documents would decide where nothing can be said.</summary>
    public static string Of(RunComparison comparison, string baseline, string candidate)
    {
        var isOpen = !comparison.Columns.Append(comparison.Average).OfType<Contrast>().Any(IsBeyondChance);
        return Differences(comparison, baseline, candidate) + (AreTheSame(comparison) ? ""
            : Average(comparison.Average) + (isOpen ? Deciding(comparison) : "")) + NotFinite(comparison);
    }

    /// <summary>Which columns differ beyond chance, by how much, and what could have been seen of the others.</summary>
    public static string Differences(RunComparison comparison, string baseline, string candidate)
    {
        if (AreTheSame(comparison))
            return $"{candidate} and {baseline} score the same on {Every(comparison.Columns.Sum(column => column.Documents))}"
                + $"{(comparison.Columns.All(column => column.Difference == 0) ? "" : ", to 0.0001")}.";
        var tested = comparison.Columns.Where(column => column.P is not null).ToList();
        var unknown = comparison.Columns.Except(tested).ToList();
        var silent = unknown.Count == 0 ? "" : $" Of {Names(unknown)} nothing can be said: the error of a difference is not known.";
        if (tested.Count == 0)
            return $"{candidate} and {baseline} were compared.{silent}";
        var sure = tested.Where(IsBeyondChance).ToList();
        var open = tested.Except(sure).ToList();
        var (worse, better) = (sure.Where(column => column.Difference < 0).ToList(), sure.Where(column => column.Difference > 0).ToList());
        var found = (worse.Count, better.Count) switch
        {
            (0, 0) when tested is [var only] => $"{candidate} and {baseline} do not differ beyond chance on {only.Name}",
            (0, 0) => $"{candidate} and {baseline} differ on {(unknown.Count == 0 ? "no benchmark" : "no other benchmark")} beyond chance",
            (0, _) => $"Beyond chance {candidate} is better than {baseline} on {By(better)}",
            (_, 0) => $"Beyond chance {candidate} is worse than {baseline} on {By(worse)}",
            _ => $"Beyond chance {candidate} is worse than {baseline} on {By(worse)}, and better on {By(better)}",
        };
        return silent.TrimStart() + (silent.Length > 0 ? " " : "") + found + Seen(open, tested.Count, isRest: sure.Count > 0) + ".";
    }

    private static bool AreTheSame(RunComparison comparison) =>
        comparison.Columns.All(column => column is { IsPaired: true, Wins: 0, Losses: 0 });

    private static string Every(int documents) =>
        documents == 1 ? "the one document that both were asked" : $"each of the {Count(documents)} documents that both were asked";

    /// <summary>What columns without a verdict could have shown: their tests' level is at least that of Holm's first step.</summary>
    private static string Seen(IReadOnlyList<Contrast> open, int tested, bool isRest)
    {
        if (open.Count == 0)
            return "";
        var least = open.Select(column => (column.Name, Points: column.DetectableAt(Power.Level / tested))).ToList();
        double[] known = [.. least.Select(column => column.Points).OfType<double>()];
        var blind = least.Where(column => column.Points is null).Select(column => column.Name).ToList();
        var (low, high) = known.Length == 0 ? ("", "") : (Up(known.Min()), Up(known.Max()));
        var seen = known.Length == 0 ? "" : known.Length == 1
            ? $"{(isRest ? $"on {open.First(column => !blind.Contains(column.Name)).Name} " : "")}a true difference of {low} points would be seen in 4 of 5 comparisons"
            : $"{(isRest ? "on the others " : "")}true differences of {(low == high ? low : $"{low} to {high}")} points would be seen in 4 of 5 comparisons";
        var unseen = blind.Count == 0 ? "" : $"{Listed(blind)} had too few documents to show any";
        return string.Concat(new[] { seen, unseen }.Where(part => part.Length > 0).Select(part => "; " + part));
    }

    private static string Up(double points) => Decimals.Of(Math.Ceiling(10 * points - 1e-9) / 10, 1);

    private static string Average(Contrast? average) => average is not { Interval: { } interval } ? ""
        : $" {(average.Averaged is null || average.Name == RunComparison.AverageName ? "The average" : $"The mean of {Listed(average.Averaged)}")} is "
            + $"{Moved(average.Difference)}, {(IsBeyondChance(average) ? "beyond" : "within")} chance "
            + $"(95 % interval: {Moved(interval.Low, 1)} to {Moved(interval.High, 1)}).";

    /// <summary>How many documents would show 1 point, those columns first that need fewest.</summary>
    private static string Deciding(RunComparison comparison)
    {
        var level = Power.Level / Math.Max(1, comparison.Columns.Count(column => column.P is not null));
        var needs = comparison.Columns.Where(column => column.DetectableAt(level) is not <= Margin.Least)
            .Select(column => (column, More: SampleSize.More(column, Margin.Least, level)))
            .Where(need => need.More > 0).OrderBy(need => need.More).ToList();
        var shown = needs.Count == MostCounted + 1 ? needs : needs.Take(MostCounted).ToList();
        string[] named = [.. shown.Select((need, i) => More(need.column, need.More!.Value, isFirst: i == 0)),
            .. needs.Count > shown.Count ? [$"more of {needs.Count - shown.Count} others"] : Array.Empty<string>()];
        return named.Length == 0 ? "" : $" About {Listed(named, most: MostCounted + 1)} would decide on 1 point.";
    }

    /// <summary>"3,900 more documents of ARC", and how many there are, where that is fewer.</summary>
    internal static string More(Contrast column, int more, bool isFirst) =>
        $"{Count(more)} {(isFirst ? more == 1 ? "more document " : "more documents " : "")}of "
        + (column.Averaged is { } averaged ? $"the {averaged.Count} benchmarks together" : column.Name)
        + (column.Published is { } published && published < (long)column.Documents + more
            ? $" ({(column.Averaged is null ? "it has" : "they have")} {Count(published)})" : "");

    /// <summary>With the metric, where that is turned round to be compared.</summary>
    private static string By(IReadOnlyList<Contrast> columns) => Listed([.. columns.Select((column, i) =>
    {
        var metric = column.Metric?.StartsWith('-') is true ? $" of {column.Metric}" : "";
        return $"{column.Name} ({(i == 0 ? "by " : "")}{Decimals.Of(Math.Abs(column.Difference))}{(i == 0 || metric.Length > 0 ? " points" : "")}{metric})";
    })]);

    private static string Names(IReadOnlyList<Contrast> columns) => Listed([.. columns.Select(column => column.Name)]);

    /// <summary>A difference without a sign.</summary>
    internal static string Moved(double points, int digits = 2) => Decimals.Of(Math.Abs(points), digits) is var text
        && !text.AsSpan().ContainsAnyInRange('1', '9') ? "unchanged" : $"{text} {(digits == 2 ? "points " : "")}{(points < 0 ? "lower" : "higher")}";

    internal static string NotFinite(RunComparison comparison) =>
        NotFinite(comparison.Columns.Sum(column => column.BaselineNotFinite + column.CandidateNotFinite));

    private static string NotFinite(int requests) => requests == 0 ? ""
        : $" {Count(requests)} {(requests == 1 ? "request is" : "requests are")} not finite: those scores say nothing of a model.";

    internal static string Count(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    internal static string Listed(IReadOnlyList<string> names, int most = MostNamed) => names.Count > most
        ? $"{string.Join(", ", names.Take(most - 1))} and {names.Count - most + 1} more"
        : names.Count == 1 ? names[0] : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";
}
