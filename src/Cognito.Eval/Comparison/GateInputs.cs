using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>What a gate asks of two runs before it judges them.</summary>
internal static class GateInputs
{
    /// <summary>A run's tasks that the other has too, or, where that is a card, whose columns it has.</summary>
    public static IEnumerable<KeyValuePair<string, TaskRecord>> Asked(Run run, Run other) => run.Tasks.Where(task =>
        other.Tasks.Count > 0 ? other.Tasks.ContainsKey(task.Key)
        : other.Leaderboard.Columns.GetValueOrDefault(task.Value.Column) is not null);

    /// <summary>
    /// Equal weights that were asked in the same way, and whose scores agree to the last bit wherever both have them: what
    /// was not asked of one of them would have been answered the same.
    /// </summary>
    public static bool AreTheSame(Run baseline, Run candidate)
    {
        static object?[] How(Provenance p) =>
        [
            p.WeightsSha256, p.TokenizerSha256, p.Protocol, p.Reference, p.Data, p.AddBos, p.MaxLength, p.Dtype, p.LogprobDtype,
            p.Generation?.Settings,
        ];
        return baseline.Provenance is { WeightsSha256: not null, TokenizerSha256: not null }
            && How(baseline.Provenance).SequenceEqual(How(candidate.Provenance))
            && candidate.Tasks.Count > 0 && Asked(baseline, candidate).ToList() is { Count: > 0 } asked
            && asked.All(task => HaveEqualScores(task.Value, candidate.Tasks[task.Key]));
    }

    /// <summary>
    /// Whether two runs' details show the same documents, each answered in the same way: every log-likelihood to the last
    /// bit, every text. They are read only where the scores agree; damaged ones are refused.
    /// </summary>
    /// <param name="folder">The baseline's; the candidate's is <paramref name="other"/>.</param>
    public static bool HaveEqualReplies(Run baseline, string folder, Run candidate, string other) =>
        baseline.Tasks.Count > 0 && baseline.Tasks.All(task => candidate.Tasks.TryGetValue(task.Key, out var record)
            && record.DocIds.SequenceEqual(task.Value.DocIds) && HaveEqualScores(task.Value, record))
        && baseline.Tasks.All(task => DetailsReader.Read(folder, task.Key, task.Value) is { } before
            && DetailsReader.Read(other, task.Key, candidate.Tasks[task.Key]) is { } after
            && before.Zip(after).All(pair => AnswerTheSame(pair.First, pair.Second)));

    private static bool AnswerTheSame(DocDetail one, DocDetail other) =>
        (one.ChoiceLogprobs.Count > 0 || one.GeneratedText is not null)
        && one.ChoiceLogprobs.SequenceEqual(other.ChoiceLogprobs) && one.ChoiceGreedy.SequenceEqual(other.ChoiceGreedy)
        && one.GeneratedText == other.GeneratedText;

    private static bool HaveEqualScores(TaskRecord one, TaskRecord other)
    {
        var common = Math.Min(one.DocIds.Count, other.DocIds.Count);
        return common > 0 && one.Scores.Count == other.Scores.Count && one.Scores.All(metric =>
            other.Scores.TryGetValue(metric.Key, out var values) && metric.Value.Take(common).SequenceEqual(values.Take(common)));
    }

    /// <summary>
    /// Nothing can be held against answers that are no numbers; a candidate of the same kind fails all the same.
    /// </summary>
    public static void RequireNumbers(Run baseline, Run candidate)
    {
        var bad = baseline.Tasks.Where(task => task.Value.NotFiniteRequests > 0).ToList();
        if (bad.Count > 0 && Asked(candidate, baseline).All(task => task.Value.NotFiniteRequests == 0))
            throw new InputException($"the baseline {baseline.Provenance.Model} answered {bad.Sum(task => task.Value.NotFiniteRequests)} requests "
                + $"from what is no finite number ({string.Join(", ", bad.Take(3).Select(task => task.Key))}{(bad.Count > 3 ? ", ..." : "")}); "
                + "hold the candidate against a sound run");
    }

    public static void RequireTasks(Run baseline, Run candidate, GatePolicy policy)
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
