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

    /// <summary>A column's value as the run itself says it: in percent, or as it is where its metric is shown so.</summary>
    public double? Given(string column) => Run.Leaderboard.Columns.TryGetValue(column, out var value) ? value
        : Tasks.Tasks.FirstOrDefault(task => BridgeColumn.KeyOf(task) == column) is { } task && Run.Results.TryGetValue(task.Name, out var results)
            ? results.GetValueOrDefault(task.Headline) * Metric.Points(task.Headline) : null;
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
    /// <summary>What a task stands under: its column, or of a task file its own name; null where it is not crossed.</summary>
    public static string? KeyOf(EvalTask task) => task.Column?.Key ?? (task.Reads is not null ? task.Name : null);

    /// <summary>A column's value, as it is shown.</summary>
    public static double? Value(Protocol protocol, IReadOnlyList<GradedTask> graded) =>
        graded is [{ Questions.Task: { Column: null, Headline: var metric } }] ? Tally.Headline(graded[0]).Value * Metric.Points(metric)
            : protocol.Column([.. graded.Select(Tally.Headline)]);

    /// <summary>The columns that both ends asked.</summary>
    /// <exception cref="InputException">There is none, or of one they asked different parts.</exception>
    public static IReadOnlyList<BridgeColumn> Between(BridgeEnd from, BridgeEnd to)
    {
        var keys = from.Tasks.Columns.Select(column => column.Key).Concat(from.Tasks.Tasks.Where(task => task.Column is null).Select(KeyOf).OfType<string>());
        var columns = keys.Select(key => Of(key, from, to)).OfType<BridgeColumn>().ToList();
        return columns.Count > 0 ? columns : throw new InputException(
            $"{from.Name} and {to.Name} have no benchmark in common; give runs of the same tasks");
    }

    private static BridgeColumn? Of(string key, BridgeEnd from, BridgeEnd to)
    {
        EvalTask[] Asked(BridgeEnd end) => [.. end.Tasks.Tasks.Where(task => KeyOf(task) == key)];
        var (mine, theirs) = (Asked(from), Asked(to));
        if (mine.Length == 0 || theirs.Length == 0)
            return null;
        // The task of a file is its name: its rows may be others by what the file says.
        static string Its(EvalTask task) => task.Column is null ? task.Name : task.Dataset.Name;
        var pairs = mine.Join(theirs, Its, Its, (one, other) => (one, other)).ToList();
        return pairs.Count == mine.Length && pairs.Count == theirs.Length ? new(key, pairs) : throw new InputException(
            $"{key}: {from.Name} asked {mine.Length} of its tasks and {to.Name} {theirs.Length}, {pairs.Count} of them the same; "
            + "give runs of the same ones, or leave it out with --tasks");
    }
}
