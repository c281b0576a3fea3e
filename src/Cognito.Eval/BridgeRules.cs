using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval;

/// <summary>In what order rules are taken, and states are asked.</summary>
internal static class BridgeRules
{
    /// <summary>
    /// The rules that two ends do not share. What is asked comes first, then how it is told in tokens, then what is made of the
    /// answers. Examples are drawn by the other's rule where fewer of them are shown.
    /// </summary>
    public static IEnumerable<ProtocolRule> Between(BridgeEnd from, BridgeEnd to)
    {
        var (shown, later) = (Shown(from), Shown(to));
        ProtocolRule[] examples = later < shown ? [ProtocolRule.Shots, ProtocolRule.Draws] : [ProtocolRule.Draws, ProtocolRule.Shots];
        ProtocolRule[] all =
        [
            ProtocolRule.Limit, ProtocolRule.Order, .. examples, ProtocolRule.Questions, ProtocolRule.Tokenizer, ProtocolRule.Beginnings,
            ProtocolRule.Merging, ProtocolRule.Answers, ProtocolRule.Metric, ProtocolRule.Mean, ProtocolRule.Length, ProtocolRule.Rounding,
        ];
        return all.Where(rule => Differ(rule, from, to));
    }

    private static int Shown(BridgeEnd end) => end.Tasks.Tasks.Where(task => BridgeColumn.KeyOf(task) is not null).GroupBy(task => task.ColumnKey)
        .Sum(column => column.First().Shots);

    private static bool Differ(ProtocolRule rule, BridgeEnd from, BridgeEnd to) => rule switch
    {
        ProtocolRule.Limit => from.Limit != to.Limit,
        ProtocolRule.Shots => BridgeColumn.Between(from, to).Any(column => column.Tasks.Any(pair => pair.From.Shots != pair.To.Shots)),
        ProtocolRule.Questions when from.Protocol.GetType() == to.Protocol.GetType() =>
            BridgeColumn.Between(from, to).Any(column => column.Tasks.Any(pair => Said(pair.From) != Said(pair.To))),
        ProtocolRule.Draws => from.Protocol.Name != to.Protocol.Name,
        ProtocolRule.Beginnings => from.Protocol != to.Protocol,
        ProtocolRule.Length => from.Setting.MaxLength != to.Setting.MaxLength,
        ProtocolRule.Rounding => from.Setting with { MaxLength = null } != to.Setting with { MaxLength = null },
        _ => from.Protocol.GetType() != to.Protocol.GetType(),
    };

    /// <summary>All that a task's file says but for the number of examples; null of one without a file.</summary>
    private static string? Said(EvalTask task) => task is { Reads: not null, LmEval.Dumped: { } dumped } ? PythonJsonText.Write(dumped(0)) : null;

    /// <summary>The model's setting where these rules are taken.</summary>
    public static BridgeSetting Setting(IReadOnlySet<ProtocolRule> taken, BridgeEnd from, BridgeEnd to) =>
        (taken.Contains(ProtocolRule.Rounding) ? to : from).Setting with
        {
            MaxLength = (taken.Contains(ProtocolRule.Length) ? to : from).Setting.MaxLength,
        };

    /// <summary>
    /// Numbers of states in the order in which they are asked: those of one setting together, as its weights are loaded once, and
    /// of them the ends first, as they are asked whole and what they tell is known then.
    /// </summary>
    public static IEnumerable<int> Order(IReadOnlyList<ProtocolRule> rules)
    {
        int Setting(int state) => rules.Take(state).Count(rule => rule is ProtocolRule.Length or ProtocolRule.Rounding);
        return Enumerable.Range(0, rules.Count + 1).OrderBy(Setting).ThenBy(state => state > 0 && state < rules.Count).ThenBy(state => state);
    }
}
