using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Comparison;

/// <summary>A rule in which two runs of a benchmark are not alike, and which can move its number (docs/protocols.md 10).</summary>
/// <param name="Column">The benchmark's; the average has its own.</param>
internal sealed record RuleDifferences(string Column, string Rule, string Baseline, string Candidate)
{
    /// <summary>All of them, benchmark by benchmark; empty where the runs' protocols are one.</summary>
    /// <param name="tasks">The tasks that a protocol has.</param>
    public static IReadOnlyList<RuleDifferences> Between(Run baseline, Run candidate, Func<Protocol, TaskSet> tasks)
    {
        if (ProtocolOf(baseline) == ProtocolOf(candidate))
            return [];
        var columns = baseline.Tasks.Values.Select(task => task.Column).Distinct()
            .Where(column => candidate.Tasks.Values.Any(task => task.Column == column));
        return
        [
            .. columns.Order(new InOrder(tasks(Protocol.Default))).SelectMany(column =>
                Side(baseline, column, tasks) is { } one && Side(candidate, column, tasks) is { } other ? Of(column, one, other) : []),
            .. Averages(baseline, candidate),
        ];
    }

    /// <summary>A run's protocol, whoever ran it.</summary>
    internal static Protocol ProtocolOf(Run run) => Protocol.Of(run.Provenance.Protocol);

    internal static IEnumerable<RuleDifferences> Of(string column, RuleSide one, RuleSide other) =>
        from rule in Enum.GetValues<ProtocolRule>()
        where RuleWords.Bears(rule, one, other)
        let before = RuleWords.Of(rule, one)
        let after = RuleWords.Of(rule, other)
        where before is not null && after is not null && before != after
        select new RuleDifferences(column, RuleWords.Name(rule), before, after);

    /// <summary>Null where the run's protocol has no such benchmark.</summary>
    private static RuleSide? Side(Run run, string column, Func<Protocol, TaskSet> tasks)
    {
        var protocol = ProtocolOf(run);
        TaskRecord[] asked = [.. run.Tasks.Values.Where(task => task.Column == column)];
        var (from, isOurs) = (run.Provenance, run.Provenance.Kind == Provenance.Measured);
        return tasks(protocol).Tasks.FirstOrDefault(task => task.ColumnKey == column) is not { } task ? null : new(
            protocol, task, string.Join(", ", asked.Select(its => its.NumFewshot).Distinct().Order()),
            [.. asked.Select(its => its.Documents)])
        {
            IsLimited = asked.Any(its => its.Documents < Math.Max(its.SplitRows, isOurs ? 0 : its.PublishedRows ?? 0)),
            Limit = run.Config?.Limit,
            AddsBos = from.AddBos,
            IsTruncated = isOurs ? asked.Any(its => its.TruncatedRequests > 0) : null,
            MaxLength = from.MaxLength,
            Dtype = from.Dtype?.Replace("torch.", "", StringComparison.Ordinal),
            LogProbDtype = from.LogprobDtype,
        };
    }

    private static IEnumerable<RuleDifferences> Averages(Run baseline, Run candidate)
    {
        string Words(Run run) => ProtocolOf(run).Average([0.0]) is null ? "none" : "mean of the columns";
        if (Words(baseline) != Words(candidate))
            yield return new(RunComparison.AverageName, "mean", Words(baseline), Words(candidate));
    }

    /// <summary>The order of a table's columns, all others after them.</summary>
    private sealed class InOrder(TaskSet set) : IComparer<string>
    {
        private readonly List<string> _keys = [.. set.Columns.Select(column => column.Key)];

        public int Compare(string? x, string? y) => Place(x) != Place(y) ? Place(x).CompareTo(Place(y)) : string.CompareOrdinal(x, y);

        private int Place(string? key) => _keys.IndexOf(key ?? "") is >= 0 and var place ? place : int.MaxValue;
    }
}
