using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>What a watch says of the newest run.</summary>
public enum WatchVerdict
{
    /// <summary>No drop beyond δ is certain. That is not a pass.</summary>
    Quiet,

    /// <summary>It dropped for certain, perhaps by more than δ.</summary>
    Dropped,

    /// <summary>It dropped by more than δ for certain.</summary>
    Alarm,
}

/// <summary>One value of one run, against the baseline.</summary>
/// <param name="Name">A column's key, or what mean of columns it is.</param>
/// <param name="Delta">Points that it may drop.</param>
/// <param name="Drop">Baseline − candidate, in points.</param>
/// <param name="DropInterval">That of the sequence: all of them, over however many looks, hold their truths in 95 of 100
/// watches.</param>
public sealed record Watched(string Name, WatchVerdict Verdict, double Delta, double Drop, Interval? DropInterval);

/// <summary>A look at one run of the lineage.</summary>
/// <param name="Number">1 for the oldest.</param>
/// <param name="Level">The chance that one of its intervals misses, as a fraction.</param>
/// <param name="Values">The mean first, where there is one; then the columns.</param>
public sealed record Look(
    int Number, string Name, DateTimeOffset? Started, double Level, WatchVerdict Verdict, string? Flaw, IReadOnlyList<Watched> Values);

/// <summary>
/// Runs of one lineage against one baseline that stays. Each look has intervals, and all of them together hold: look t has
/// the level α / (t (t + 1)), and those add up to α. It needs nothing of how the runs depend on each other, which on the
/// same documents is much (docs/statistics.md).
/// </summary>
public sealed record Watch(string Baseline, IReadOnlyList<Look> Looks)
{
    /// <summary>Chance of a false alarm, ever: by the mean, and by all columns together.</summary>
    internal const double MeanAlpha = 0.04, ColumnsAlpha = 0.01;

    /// <summary>Of the newest run.</summary>
    public WatchVerdict Verdict => Looks.Count == 0 ? WatchVerdict.Quiet : Looks[^1].Verdict;

    /// <param name="runs">By name; they are taken in the order in which they were started.</param>
    /// <exception cref="InputException">A run was asked other questions than the baseline, or lacks what is
    /// required.</exception>
    public static Watch Over(Run baseline, IReadOnlyList<(string Name, Run Run)> runs, GatePolicy policy)
    {
        var looks = runs.OrderBy(run => run.Run.Circumstances?.Started ?? DateTimeOffset.MinValue)
            .ThenBy(run => run.Name, StringComparer.Ordinal)
            .Select((run, i) => At(i + 1, baseline, run.Name, run.Run, policy));
        return new(baseline.Provenance.Model, [.. looks]);
    }

    private static Look At(int number, Run baseline, string name, Run run, GatePolicy policy)
    {
        GateInputs.RequireTasks(baseline, run, policy);
        var comparison = RunComparison.Create(baseline, run);
        var values = Values(number, comparison.Columns, comparison.Average, policy);
        var bad = GateInputs.Asked(run, baseline).Count(task => task.Value.NotFiniteRequests > 0);
        return new(number, name, run.Circumstances?.Started, Level(number, MeanAlpha + ColumnsAlpha),
            bad > 0 ? WatchVerdict.Alarm : values.Max(value => value.Verdict), bad > 0 ? Gate.NotANumber : null, values);
    }

    /// <summary>The share of α that a look has.</summary>
    internal static double Level(int look, double alpha) => alpha / look / (look + 1.0);

    internal static IReadOnlyList<Watched> Values(int look, IReadOnlyList<Contrast> columns, Contrast? mean, GatePolicy policy)
    {
        var ofColumn = Level(look, (mean is null ? MeanAlpha + ColumnsAlpha : ColumnsAlpha) / columns.Count);
        return
        [
            .. mean is null ? Array.Empty<Watched>()
                : [Of(mean, Margin.Of(RunComparison.AverageName, columns, policy), Level(look, MeanAlpha))],
            .. columns.Select(column => Of(column, Margin.Of(column.Name, [column], policy), ofColumn)),
        ];
    }

    private static Watched Of(Contrast contrast, Margin margin, double level)
    {
        var drop = 0 - contrast.Difference;
        if (contrast.DropInterval(1 - level) is not { } interval)
            return new(contrast.Label, WatchVerdict.Quiet, margin.Delta, drop, null);
        var low = contrast.LeastDrop(level / 2);
        return new(contrast.Label, low > margin.Delta ? WatchVerdict.Alarm : low > 0 ? WatchVerdict.Dropped : WatchVerdict.Quiet,
            margin.Delta, drop, interval with { Low = Math.Max(-100, Math.Min(low, interval.High)) });
    }
}
