using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>A document whose score differs between two runs, by 0.0001 or more.</summary>
/// <param name="DocId">Row in the split that the baseline read.</param>
/// <param name="Baseline">Its score, on the scale that is compared: more is better.</param>
/// <param name="Before">What the baseline kept of it; null where it kept nothing.</param>
/// <param name="After">What the candidate kept of it.</param>
internal sealed record Flip(
    string Column, string Task, string Metric, int DocId, double Baseline, double Candidate, DocDetail? Before, DocDetail? After)
{
    public double Change => Candidate - Baseline;

    /// <summary>Of the right choice over the best wrong one, in nats; null where one is not known, or is no finite number.</summary>
    public double? MarginChange =>
        After?.Margin - Before?.Margin is { } change && double.IsFinite(change) ? change : null;

    /// <summary>
    /// All of them, the worst first: by the change of the score, then of the margin, then by task and row. Documents of tasks
    /// that are not compared one by one have none.
    /// </summary>
    /// <param name="folder">The baseline's, in which its details are; the candidate's is <paramref name="other"/>.</param>
    /// <exception cref="InputException">Details are damaged.</exception>
    public static IReadOnlyList<Flip> Between(Run baseline, string folder, Run candidate, string other)
    {
        var (one, two) = Pairing.Align(baseline, candidate);
        return
        [
            .. one.Tasks.Where(task => two.Tasks.TryGetValue(task.Key, out var its) && Pairing.IsPaired(task.Value, its))
                .SelectMany(task => OfTask(task.Key, task.Value, two.Tasks[task.Key],
                    () => Details(folder, task.Key, baseline), () => Details(other, task.Key, candidate)))
                .OrderBy(flip => flip.Change).ThenBy(flip => flip.MarginChange ?? double.PositiveInfinity)
                .ThenBy(flip => flip.Task, StringComparer.Ordinal).ThenBy(flip => flip.DocId),
        ];
    }

    private static Dictionary<int, DocDetail>? Details(string folder, string task, Run run) =>
        DetailsReader.Read(folder, task, run.Tasks[task], texts: true)?.DistinctBy(doc => doc.DocId).ToDictionary(doc => doc.DocId);

    /// <summary>Details are read only where some document changed.</summary>
    private static IEnumerable<Flip> OfTask(
        string name, TaskRecord before, TaskRecord after,
        Func<Dictionary<int, DocDetail>?> baseline, Func<Dictionary<int, DocDetail>?> candidate)
    {
        var (a, b) = (ComparedScale.Scores(before), ComparedScale.Scores(after));
        double At(IReadOnlyList<double> scores, int i) => double.IsFinite(scores[i]) ? scores[i] : 0;
        int[] changed = [.. Enumerable.Range(0, Math.Min(a.Count, b.Count)).Where(i => Math.Abs(At(b, i) - At(a, i)) >= Stratum.Tie)];
        if (changed.Length == 0)
            return [];
        var (mine, theirs) = (baseline(), candidate());
        return changed.Select(i => new Flip(
            before.Column, name, ComparedScale.Metric(before), before.DocIds[i], At(a, i), At(b, i),
            mine?.GetValueOrDefault(before.DocIds[i]), theirs?.GetValueOrDefault(after.DocIds[i])));
    }
}
