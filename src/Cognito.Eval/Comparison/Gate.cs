using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>What a gate found.</summary>
public enum Verdict
{
    Pass,
    Regression,
    Undecided,
}

/// <summary>One thing that a gate looks at.</summary>
/// <param name="Name">A column's key, "Average", or what is counted.</param>
/// <param name="Delta">Points that it may drop; null where it is no drop, or where so few documents give no margin.</param>
/// <param name="DeltaFrom">Whose δ it is: "policy" or "default"; null where there is none.</param>
/// <param name="Drop">Baseline − candidate in points, and its 95 % interval.</param>
/// <param name="Counts">Whether the verdict counts; a noisy column's, which did not drop for certain, does not.</param>
/// <param name="Reason">Why, in a few words.</param>
public sealed record Criterion(
    string Name, Verdict Verdict, bool Counts, string Reason, double? Delta = null, double? Drop = null, Interval? DropInterval = null,
    string? DeltaFrom = null);

/// <summary>
/// A test of non-inferiority by interval. The average decides; a column objects where its drop is certain. A drop is beyond δ
/// if the lower end of its interval is, and within δ if the upper end is (docs/statistics.md).
/// </summary>
public sealed record Gate(Verdict Verdict, IReadOnlyList<Criterion> Criteria, RunComparison Comparison)
{
    /// <summary>The criterion that no policy turns off: what a candidate answers must be numbers.</summary>
    internal const string NotANumber = "not a number";

    /// <summary>The reason where both are known to answer alike.</summary>
    internal const string SameAnswers = "the same answers";

    /// <summary>Chance of calling a drop of δ a regression: the average's, and that of all columns together.</summary>
    internal const double AverageAlpha = 0.025, ColumnsAlpha = 0.005;

    /// <exception cref="InputException">
    /// Different questions, a required task is missing, or the baseline's answers are no numbers and the candidate's are.
    /// </exception>
    /// <param name="repliesAreEqual">Whether both are known to have answered every request of both in the same way.</param>
    public static Gate Decide(Run baseline, Run candidate, GatePolicy policy, bool repliesAreEqual = false)
    {
        GateInputs.RequireTasks(baseline, candidate, policy);
        var comparison = RunComparison.Create(baseline, candidate);
        var columns = comparison.Columns.Select(column => column.Name).ToList();
        RequireKnown(policy.Delta.Keys.Concat(policy.Minimum.Keys), [.. columns, RunComparison.AverageName]);
        RequireKnown(policy.FewerDocuments, columns);
        GateInputs.RequireNumbers(baseline, candidate);
        var drops = Drops(comparison.Columns, comparison.Average, policy);
        if (repliesAreEqual || GateInputs.AreTheSame(baseline, candidate))
            drops = drops.Select(drop => drop with { Verdict = Verdict.Pass, Counts = true, Reason = SameAnswers });
        List<Criterion> criteria =
        [
            .. OfFinite(baseline, candidate),
            .. drops,
            .. policy.Minimum.Select(minimum => OfMinimum(minimum.Key, minimum.Value, comparison)),
            .. OfNumbers(baseline, candidate),
            .. policy.Changed is { } most ? [OfChanged(comparison, most)] : Array.Empty<Criterion>(),
        ];
        return new(Whole(criteria), criteria, comparison);
    }

    private static void RequireKnown(IEnumerable<string> named, IReadOnlyList<string> known)
    {
        foreach (var name in named)
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw new InputException($"the policy names {name}, which is not compared; there are {string.Join(", ", known)}");
    }

    /// <summary>The average's verdict where there is one, and each column's.</summary>
    internal static IEnumerable<Criterion> Drops(IReadOnlyList<Contrast> columns, Contrast? average, GatePolicy policy)
    {
        if (average is not null)
            yield return OfDrop(average, Margin.Of(RunComparison.AverageName, columns, policy), AverageAlpha, decides: true);
        foreach (var column in columns)
            yield return OfDrop(column, Margin.Of(column.Name, [column], policy),
                // Without an average each column decides, all of them together at its level.
                (average is null ? AverageAlpha : ColumnsAlpha) / columns.Count, decides: average is null);
    }

    internal static Verdict Whole(IReadOnlyList<Criterion> criteria) =>
        criteria.Any(criterion => criterion.Verdict == Verdict.Regression) ? Verdict.Regression
            : criteria.Any(criterion => criterion is { Verdict: Verdict.Undecided, Counts: true }) ? Verdict.Undecided : Verdict.Pass;

    /// <param name="alpha">Chance of calling a drop of δ a regression.</param>
    private static Criterion OfDrop(Contrast contrast, Margin margin, double alpha, bool decides)
    {
        var drop = 0 - contrast.Difference;
        Criterion Said(Verdict verdict, bool counts, string reason, Interval? interval) => new(
            contrast.Name, verdict, counts, reason + NotFinite(contrast), margin.IsAssessable ? margin.Delta : null, drop, interval,
            margin.IsAssessable ? margin.From : null);
        if (contrast.DropInterval() is not { } interval)
            return Said(Verdict.Undecided, decides, "no standard error is known", null);
        var (low, high) = (contrast.LeastDrop(alpha), interval.High);
        if (low > margin.Delta)
            return Said(Verdict.Regression, true, margin.IsAssessable ? "the drop is beyond δ"
                : $"the drop is beyond {Decimals.Of(margin.Delta)} points, the most that a default tolerates", interval);
        if (margin.Fewer is { } fewer)
            return Said(
                Verdict.Undecided, true, $"{fewer} documents; a candidate with fewer than the baseline does not pass", interval);
        if (!margin.IsAssessable)
            return Said(Verdict.Undecided, decides || low > 0,
                $"not assessable: {margin.Documents} documents would do" + (low > 0 ? ", and it dropped" : ""), interval);
        var (verdict, counts, reason) = (high <= margin.Delta, low > 0) switch
        {
            (true, _) => (Verdict.Pass, true, "the drop is within δ"),
            (_, true) => (Verdict.Undecided, true, "it dropped, perhaps by more than δ"),
            _ when decides => (Verdict.Undecided, true, "the drop may be within δ or beyond"),
            _ => (Verdict.Undecided, false, "too noisy to say, and no drop is certain"),
        };
        return Said(verdict, counts, reason, interval);
    }

    /// <summary>What stands after a reason where some of its scores come of what is no number; else nothing.</summary>
    private static string NotFinite(Contrast contrast) => (contrast.BaselineNotFinite, contrast.CandidateNotFinite) switch
    {
        (0, 0) => "",
        (0, var candidate) => $" (candidate: {candidate} not finite)",
        var (baseline, candidate) => $" (baseline: {baseline} not finite, candidate: {candidate})",
    };

    private static Criterion OfMinimum(string name, double least, RunComparison comparison)
    {
        var found = comparison.Columns.Append(comparison.Average).FirstOrDefault(
            contrast => contrast is not null && string.Equals(contrast.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new InputException($"the policy's minimum of {name}: it is not compared");
        // 57 of 100 is not 57 to the last digit.
        return new($"{found.Name} at least", found.Candidate < least - 1e-9 ? Verdict.Regression : Verdict.Pass, true,
            $"{Decimals.Beside(found.Candidate, least)}, the least is {Decimals.Beside(least, found.Candidate)}" + NotFinite(found));
    }

    /// <summary>One request that is no number is enough: the scores say nothing then, high or low.</summary>
    private static IEnumerable<Criterion> OfFinite(Run baseline, Run candidate)
    {
        var bad = GateInputs.Asked(candidate, baseline).Where(task => task.Value.NotFiniteRequests > 0)
            .Select(task => $"{task.Key} {task.Value.NotFiniteRequests} of {task.Value.Requests}").ToList();
        if (bad.Count > 0)
            yield return new(NotANumber, Verdict.Regression, true, "requests answered from what is no finite number: "
                + string.Join(", ", bad.Take(3)) + (bad.Count > 3 ? $" and {bad.Count - 3} more tasks" : ""));
    }

    /// <summary>A candidate that answers no number where the baseline did is broken, whatever its scores.</summary>
    private static IEnumerable<Criterion> OfNumbers(Run baseline, Run candidate)
    {
        var (before, after) = (baseline.Tasks.Values.Sum(Pairing.NotNumbers),
            GateInputs.Asked(candidate, baseline).Sum(task => Pairing.NotNumbers(task.Value)));
        if (before + after > 0)
            yield return new("scores that are no numbers", after > before ? Verdict.Regression : Verdict.Pass, true, $"{after}, the baseline has {before}");
    }

    private static Criterion OfChanged(RunComparison comparison, double most)
    {
        var tasks = comparison.Columns.Where(column => column is { IsPaired: true, Wins: not null }).ToList();
        if (tasks.Count < comparison.Columns.Count)
            return new("changed documents", Verdict.Undecided, true, "not all columns are compared document by document");
        var (changed, all) = (tasks.Sum(task => task.Wins!.Value + task.Losses!.Value), tasks.Sum(task => task.Documents));
        var share = 100.0 * changed / all;
        return new("changed documents", share > most ? Verdict.Regression : Verdict.Pass, true,
            $"{changed} of {all} scores, {Decimals.Beside(share, most)} %; the most is {Decimals.Beside(most, share)} %");
    }
}
