using Cognito.Eval.Files;
using Cognito.Eval.Results;
using static System.FormattableString;

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
/// <param name="Delta">Points that it may drop; null where it is no drop.</param>
/// <param name="Drop">Baseline − candidate in points, and its 95 % interval.</param>
/// <param name="Counts">Whether the verdict counts; a noisy column's, which did not drop for certain, does not.</param>
/// <param name="Reason">Why, in a few words.</param>
public sealed record Criterion(
    string Name, Verdict Verdict, bool Counts, string Reason, double? Delta = null, double? Drop = null, Interval? DropInterval = null);

/// <summary>
/// Non-inferiority by interval. The average decides; a column objects where its drop is certain. A drop is beyond δ if the
/// lower end of its interval is, and within δ if the upper end is (docs/statistics.md).
/// </summary>
public sealed record Gate(Verdict Verdict, IReadOnlyList<Criterion> Criteria, RunComparison Comparison)
{
    /// <summary>The criterion that no policy turns off: what a candidate answers must be numbers.</summary>
    internal const string NotANumber = "not a number";

    /// <summary>Chance of calling a drop of δ a regression: the average's, and that of all columns together.</summary>
    internal const double AverageAlpha = 0.025, ColumnsAlpha = 0.005;

    /// <summary>Default δ: the average's, and a column's least, in points.</summary>
    internal const double LeastDelta = 1;

    /// <summary>Share of discordant documents at which a column's default δ can just be decided.</summary>
    private const double ExpectedDiscordance = 0.1, DeltaInErrors = 2.8;

    /// <exception cref="InputException">
    /// Different questions, a required task is missing, or the baseline's answers are no numbers and the candidate's are.
    /// </exception>
    public static Gate Decide(Run baseline, Run candidate, GatePolicy policy)
    {
        RequireTasks(baseline, candidate, policy);
        var comparison = RunComparison.Create(baseline, candidate);
        var known = comparison.Columns.Select(column => column.Name).Append(RunComparison.AverageName).ToList();
        foreach (var name in policy.Delta.Keys.Concat(policy.Minimum.Keys))
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw new InputException($"the policy names {name}, which is not compared; there are {string.Join(", ", known)}");
        RequireNumbers(baseline, candidate);
        List<Criterion> criteria =
        [
            .. OfFinite(candidate),
            .. Drops(comparison.Columns, comparison.Average, policy),
            .. policy.Minimum.Select(minimum => OfMinimum(minimum.Key, minimum.Value, comparison)),
            .. OfNumbers(baseline, candidate),
            .. policy.Changed is { } most ? [OfChanged(comparison, most)] : Array.Empty<Criterion>(),
        ];
        return new(Whole(criteria), criteria, comparison);
    }

    /// <summary>The average's verdict where there is one, and each column's.</summary>
    internal static IEnumerable<Criterion> Drops(IReadOnlyList<Contrast> columns, Contrast? average, GatePolicy policy)
    {
        if (average is not null)
            yield return OfDrop(average, policy.Delta.GetValueOrDefault(RunComparison.AverageName,
                average.Name == RunComparison.AverageName ? LeastDelta : DefaultDelta(columns)), AverageAlpha, decides: true);
        foreach (var column in columns)
        {
            var delta = policy.Delta.TryGetValue(column.Name, out var given) ? given : DefaultDelta([column]);
            yield return average is null
                ? OfDrop(column, delta, AverageAlpha, decides: true)
                : OfDrop(column, delta, ColumnsAlpha / columns.Count, decides: false);
        }
    }

    internal static Verdict Whole(IReadOnlyList<Criterion> criteria) =>
        criteria.Any(criterion => criterion.Verdict == Verdict.Regression) ? Verdict.Regression
            : criteria.Any(criterion => criterion is { Verdict: Verdict.Undecided, Counts: true }) ? Verdict.Undecided : Verdict.Pass;

    /// <summary>max(1 point, 2.8 × the paired standard error with 10 % discordant documents), of the mean of columns.</summary>
    internal static double DefaultDelta(IReadOnlyList<Contrast> columns) => Math.Max(LeastDelta, DeltaInErrors * 100 * Math.Sqrt(
        columns.Sum(column => ExpectedDiscordance * Inverse(column))) / columns.Count);

    /// <summary>0 where it is not known how many documents were asked, so that δ is the least.</summary>
    private static double Inverse(Contrast column) => column.Tasks.Count > 0
        ? column.Tasks.Sum(Inverse) / column.Tasks.Count / column.Tasks.Count
        : column.Documents > 0 ? 1.0 / column.Documents : 0;

    /// <param name="alpha">Chance of calling a drop of δ a regression.</param>
    private static Criterion OfDrop(Contrast contrast, double delta, double alpha, bool decides)
    {
        var drop = -contrast.Difference;
        if (contrast.Interval is not { } difference)
            return new(contrast.Name, Verdict.Undecided, decides, "no standard error is known" + NotFinite(contrast), delta, drop);
        Interval interval = new(-difference.High, -difference.Low);
        var low = -100 * contrast.Mean.Interval(1 - 2 * alpha)!.Value.High;
        var (verdict, counts, reason) = (low > delta, interval.High <= delta, low > 0) switch
        {
            (true, _, _) => (Verdict.Regression, true, "the drop is beyond δ"),
            (_, true, _) => (Verdict.Pass, true, "the drop is within δ"),
            (_, _, true) => (Verdict.Undecided, true, "it dropped, perhaps by more than δ"),
            _ when decides => (Verdict.Undecided, true, "the drop may be within δ or beyond"),
            _ => (Verdict.Undecided, false, "too noisy to say, and no drop is certain"),
        };
        return new(contrast.Name, verdict, counts, reason + NotFinite(contrast), delta, drop, interval);
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
        return new($"{found.Name} at least", found.Candidate < least ? Verdict.Regression : Verdict.Pass, true,
            Invariant($"{found.Candidate:0.00}, the least is {least:0.00}") + NotFinite(found));
    }

    /// <summary>One request that is no number is enough: the scores say nothing then, high or low.</summary>
    private static IEnumerable<Criterion> OfFinite(Run candidate)
    {
        var bad = candidate.Tasks.Where(task => task.Value.NotFiniteRequests > 0)
            .Select(task => $"{task.Key} {task.Value.NotFiniteRequests} of {task.Value.Requests}").ToList();
        if (bad.Count > 0)
            yield return new(NotANumber, Verdict.Regression, true, "requests answered from what is no finite number: "
                + string.Join(", ", bad.Take(3)) + (bad.Count > 3 ? $" and {bad.Count - 3} more tasks" : ""));
    }

    /// <summary>Nothing can be held against answers that are no numbers; a candidate of the same kind fails all the same.</summary>
    private static void RequireNumbers(Run baseline, Run candidate)
    {
        var bad = baseline.Tasks.Where(task => task.Value.NotFiniteRequests > 0).ToList();
        if (bad.Count > 0 && candidate.Tasks.Values.All(task => task.NotFiniteRequests == 0))
            throw new InputException($"the baseline {baseline.Provenance.Model} answered {bad.Sum(task => task.Value.NotFiniteRequests)} requests "
                + $"from what is no finite number ({string.Join(", ", bad.Take(3).Select(task => task.Key))}{(bad.Count > 3 ? ", ..." : "")}); "
                + "hold the candidate against a sound run");
    }

    /// <summary>A candidate that answers no number where the baseline did is broken, whatever its scores.</summary>
    private static IEnumerable<Criterion> OfNumbers(Run baseline, Run candidate)
    {
        var (before, after) = (baseline.Tasks.Values.Sum(Pairing.NotNumbers), candidate.Tasks.Values.Sum(Pairing.NotNumbers));
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
            Invariant($"{changed} of {all} scores, {share:0.0} %; the most is {most:0.##} %"));
    }

    private static void RequireTasks(Run baseline, Run candidate, GatePolicy policy)
    {
        var columns = baseline.Leaderboard.Columns.Where(column => column.Value is not null).Select(column => column.Key)
            .Union(baseline.Tasks.Values.Select(task => task.Column)).ToList();
        var required = policy.Require.Count > 0 ? policy.Require : columns;
        foreach (var (run, role) in new[] { (baseline, "baseline"), (candidate, "candidate") })
            foreach (var column in required)
                if (!run.Tasks.Values.Any(task => Same(task.Column, column))
                    && !run.Leaderboard.Columns.Any(c => Same(c.Key, column) && c.Value is not null))
                    throw new InputException($"the {role} {run.Provenance.Model} has no {column}, which is required"
                        + $"{string.Concat(HarnessFile.NoNumbers(run).Take(1).Select(fact => $" ({fact})"))}; run it with that task too");
        if (candidate.Tasks.Count == 0)
            return;
        var lost = baseline.Tasks.Where(task => required.Any(column => Same(column, task.Value.Column)) && !candidate.Tasks.ContainsKey(task.Key))
            .Select(task => task.Key).ToList();
        if (lost.Count > 0)
            throw new InputException($"the candidate {candidate.Provenance.Model} was not asked {string.Join(", ", lost.Take(3))}"
                + (lost.Count > 3 ? $" and {lost.Count - 3} more" : "") + ", which the baseline was; run it with these tasks too");
    }

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
