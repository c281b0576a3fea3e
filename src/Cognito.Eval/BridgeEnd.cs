using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval;

/// <summary>A run at an end of a bridge, as it is asked again.</summary>
/// <param name="Tasks">With the shots that the run asked.</param>
internal sealed record BridgeEnd(string Name, Run Run, Protocol Protocol, TaskSet Tasks, Limit? Limit, BridgeSetting Setting)
{
    /// <summary>How the run cut its work, which its last digits hang on; null leaves it to the model.</summary>
    public Budget? Budget { get; init; }

    public bool IsMeasuredHere => Run.Provenance.Kind == Provenance.Measured;
}

/// <summary>What of a model's numbers no protocol says.</summary>
/// <param name="Dtype">Null takes the checkpoint's, or float32 on the CPU.</param>
/// <param name="LogProbDtype">float32, or the model's.</param>
/// <param name="MaxLength">Null takes the checkpoint's.</param>
internal sealed record BridgeSetting(string? Dtype, string? LogProbDtype, int? MaxLength);

/// <summary>Opens the checkpoint; the one that was opened before with another setting is done with.</summary>
internal delegate PlannedModel OpenBridged(BridgeSetting setting, TokenizerRules rules);

/// <summary>A benchmark's tasks, as the one protocol and the other has them.</summary>
internal sealed record BridgeColumn(string Key, IReadOnlyList<(EvalTask From, EvalTask To)> Tasks)
{
    /// <summary>The columns that both ends asked.</summary>
    /// <exception cref="InputException">There is none, or of one they asked different parts.</exception>
    public static IReadOnlyList<BridgeColumn> Between(BridgeEnd from, BridgeEnd to)
    {
        var columns = from.Tasks.Columns.Select(column => column.Key).Select(key => Of(key, from, to)).OfType<BridgeColumn>().ToList();
        return columns.Count > 0 ? columns : throw new InputException(
            $"{from.Name} and {to.Name} have no benchmark in common; give runs of the same tasks");
    }

    private static BridgeColumn? Of(string key, BridgeEnd from, BridgeEnd to)
    {
        EvalTask[] Its(BridgeEnd end) => [.. end.Tasks.Tasks.Where(task => task.Column?.Key == key)];
        var (mine, theirs) = (Its(from), Its(to));
        if (mine.Length == 0 || theirs.Length == 0)
            return null;
        var pairs = mine.Join(theirs, task => task.Dataset.Name, task => task.Dataset.Name, (one, other) => (one, other)).ToList();
        return pairs.Count == mine.Length && pairs.Count == theirs.Length ? new(key, pairs) : throw new InputException(
            $"{key}: {from.Name} asked {mine.Length} of its tasks and {to.Name} {theirs.Length}, {pairs.Count} of them the same; "
            + "give runs of the same ones, or leave it out with --tasks");
    }
}
