using System.Globalization;
using Cognito.Eval.Comparison;

namespace Cognito.Eval.Reports;

/// <summary>A gate's decision in a few sentences: what decided, and where nothing did, how many documents would.</summary>
internal static class GateVerdictText
{
    private const int MostCounted = 3;

    /// <summary>The decision, then what differs beyond chance.</summary>
    public static string Of(Gate gate)
    {
        var (comparison, drops) = (gate.Comparison, gate.Criteria.Where(IsDrop).ToList());
        if (gate.Verdict == Verdict.Pass && drops.All(drop => drop.Reason == Gate.SameAnswers))
            return $"{comparison.Candidate} gives the same answers as {comparison.Baseline}.{VerdictText.NotFinite(comparison)}";
        var decision = gate.Verdict switch
        {
            Verdict.Regression => Regression(gate),
            Verdict.Undecided => Undecided(gate),
            _ => Pass(gate, drops),
        };
        return $"{decision} {VerdictText.Differences(comparison, comparison.Baseline, comparison.Candidate)}{VerdictText.NotFinite(comparison)}";
    }

    private static bool IsDrop(Criterion criterion) => criterion.Drop is not null;

    private static string Regression(Gate gate)
    {
        var found = gate.Criteria.Where(criterion => criterion.Verdict == Verdict.Regression).ToList();
        var (drops, others) = (found.Where(IsDrop).ToList(), found.Where(criterion => !IsDrop(criterion)).ToList());
        string[] sentences =
        [
            .. drops.Count == 0 ? Array.Empty<string>() :
                [$"{gate.Comparison.Candidate} dropped for certain by more than is tolerated: {VerdictText.Listed([.. drops.Select(Dropped)])}."],
            .. others.Take(MostCounted).Select(criterion => $"\"{criterion.Name}\" fails: {criterion.Reason}."),
            .. others.Count > MostCounted ? [$"{others.Count - MostCounted} more criteria fail."] : Array.Empty<string>(),
        ];
        return string.Join(' ', sentences);
    }

    /// <summary>Without a δ it is the most that a default tolerates.</summary>
    private static string Dropped(Criterion drop) =>
        $"{On(drop)} by {Decimals.Beside(drop.Drop!.Value, drop.Delta)} points, "
        + $"where {(drop.Delta is { } delta ? $"δ is {Decimals.Beside(delta, drop.Drop)}" : "so few documents have no δ")}";

    private static string Pass(Gate gate, IReadOnlyList<Criterion> drops)
    {
        var (candidate, baseline) = (gate.Comparison.Candidate, gate.Comparison.Baseline);
        var deciding = gate.Comparison.Average is { } average ? drops.Where(drop => drop.Name == average.Name).ToList() : drops;
        var noisy = drops.Where(drop => drop is { Verdict: Verdict.Undecided, Counts: false }).Select(drop => drop.Name).ToList();
        var decided = deciding switch
        {
            [{ Drop: { } drop, DropInterval: { } interval } one] =>
                $"{Sentence(On(one))} {candidate} is {VerdictText.Moved(-drop)}{(Math.Abs(drop) < 0.005 ? " from" : " than")} {baseline}, "
                + $"and for certain {(interval.High > 0 ? $"no more than {Decimals.Beside(interval.High, one.Delta)} lower" : "no lower")}"
                + $"{(one.Delta is { } delta ? $"; δ is {Decimals.Beside(delta, interval.High)}" : "")}.",
            [var one] => $"{Sentence(On(one))} {candidate} passes: {one.Reason}.",
            _ => $"On each of {deciding.Count} columns {candidate} is for certain no more than δ below {baseline}.",
        };
        return decided + (noisy.Count == 0 ? "" : $" Of {VerdictText.Listed(noisy)} too little is known to say so.");
    }

    private static string Undecided(Gate gate)
    {
        var open = gate.Criteria.Where(criterion => criterion is { Verdict: Verdict.Undecided, Counts: true }).ToList();
        var (drops, others) = (open.Where(IsDrop).ToList(), open.Where(criterion => !IsDrop(criterion)).ToList());
        string[] sentences =
        [
            .. drops.Count == 0 ? Array.Empty<string>() :
            [
                $"Whether {gate.Comparison.Candidate} dropped by more than is tolerated is open {VerdictText.Listed([.. drops.Select(On)])}: "
                    + $"{string.Join("; ", drops.Select(drop => drop.Reason).Distinct())}.",
            ],
            .. others.Select(criterion => $"\"{criterion.Name}\" is open: {criterion.Reason}."),
            .. Deciding(gate, drops),
        ];
        return string.Join(' ', sentences);
    }

    /// <summary>How many documents more would decide: on a policy's δ; a default narrows with them, down to a point.</summary>
    private static IEnumerable<string> Deciding(Gate gate, IReadOnlyList<Criterion> drops)
    {
        var needs = (from drop in drops
                     let contrast = gate.Comparison.Columns.Append(gate.Comparison.Average).First(it => it?.Name == drop.Name)!
                     where drop is { Delta: not null, DropInterval: not null } && contrast.Documents >= contrast.Asked
                     let points = drop.DeltaFrom == "policy" ? drop.Delta!.Value : Margin.Least
                     let more = SampleSize.More(contrast, points, error: contrast.CautiousError)
                     where more > 0
                     group (contrast, more.Value) by points).OrderBy(group => group.Key);
        foreach (var need in needs)
            yield return $"If nothing dropped, about {VerdictText.Listed([.. need.OrderBy(it => it.Value).Take(MostCounted)
                .Select((it, i) => VerdictText.More(it.contrast, it.Value, i == 0))])}"
                + $" would decide on {need.Key.ToString("0.##", CultureInfo.InvariantCulture)} {(need.Key == 1 ? "point" : "points")}.";
    }

    /// <summary>"on average", "on ARC".</summary>
    private static string On(Criterion drop) => drop.Name == RunComparison.AverageName ? "on average"
        : $"on {(drop.Name.StartsWith("Mean of ", StringComparison.Ordinal) ? $"the mean of {drop.Name["Mean of ".Length..]} columns" : drop.Name)}";

    private static string Sentence(string words) => words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..];
}
