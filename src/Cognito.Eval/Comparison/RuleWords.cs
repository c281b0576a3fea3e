using System.Globalization;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Comparison;

/// <summary>A benchmark as one of two runs asked it.</summary>
/// <param name="Task">The benchmark's, or the first of several.</param>
/// <param name="Shots">Examples that each prompt showed.</param>
/// <param name="Documents">How many were asked of each of its tasks.</param>
internal sealed record RuleSide(Protocol Protocol, EvalTask Task, string Shots, IReadOnlyList<int> Documents)
{
    /// <summary>Whether fewer documents were asked than there are.</summary>
    public bool IsLimited { get; init; }

    /// <summary>The limit that was set; null where none was, or it is not known.</summary>
    public double? Limit { get; init; }

    /// <summary>Whether prompts began with a token that no text holds; null where that is not known.</summary>
    public bool? AddsBos { get; init; }

    /// <summary>Whether a prompt lost tokens; null where that is not known.</summary>
    public bool? IsTruncated { get; init; }
    public int? MaxLength { get; init; }

    /// <summary>The types of the computing and of log-probabilities; null where that is not known.</summary>
    public string? Dtype { get; init; }
    public string? LogProbDtype { get; init; }

    /// <summary>The task files that were named; none where the benchmark is of none.</summary>
    public IReadOnlyList<string> TaskFiles { get; init; } = [];

    public bool DrawsExamples => Task.ShotOrder == ShotOrder.Drawn && Shots != "0";
}

/// <summary>The protocols' rules in words. Those of a benchmark alone are in docs/protocols.md too, chapters 4 and 9.</summary>
internal static class RuleWords
{
    public static string Name(ProtocolRule rule) => rule switch
    {
        ProtocolRule.Limit => "limit",
        ProtocolRule.Order => "order of documents",
        ProtocolRule.Shots => "shots",
        ProtocolRule.Draws => "examples drawn",
        ProtocolRule.Questions => "text of the prompt",
        ProtocolRule.Tokenizer => "tokenizer's files",
        ProtocolRule.Beginnings => "beginning of a text",
        ProtocolRule.Merging => "equal requests",
        ProtocolRule.Answers => "end of an answer",
        ProtocolRule.Metric => "metric",
        ProtocolRule.Mean => "mean",
        ProtocolRule.Length => "maximum length",
        ProtocolRule.Rounding => "rounding",
        _ => throw new ArgumentOutOfRangeException(nameof(rule)),
    };

    /// <summary>The rule as it bore on a benchmark; null where nothing is known of it, or there is nothing to say.</summary>
    public static string? Of(ProtocolRule rule, RuleSide side) => rule switch
    {
        ProtocolRule.Limit => side.Limit?.ToString(CultureInfo.InvariantCulture) ?? (side.IsLimited ? null : "none"),
        ProtocolRule.Order => IsV1(side) ? "shuffled by Random(42)" : "the split's",
        ProtocolRule.Shots => side.Shots,
        ProtocolRule.Draws => side.DrawsExamples ? Draws(side) : null,
        ProtocolRule.Questions => side.TaskFiles.Count > 0 ? $"as {string.Join(", ", side.TaskFiles)} has it" : null,
        ProtocolRule.Tokenizer => IsV1(side) ? "read as transformers 4 does" : "read as transformers 5 does",
        ProtocolRule.Beginnings => side.AddsBos switch
        {
            true => "a token of its own (BOS)",
            false => "nothing",
            null => "as the tokenizer and the version had it",
        },
        ProtocolRule.Merging => side.Task.Generates ? null : side.Protocol.MergesEqualRequests ? "one answer for equal tokens" : "each answered",
        ProtocolRule.Answers => side.Task.Generates ? Answers(side) : null,
        ProtocolRule.Metric => Metric(side),
        ProtocolRule.Mean => side.Documents.Distinct().Count() < 2 ? null : IsV1(side) ? "of the tasks" : "of all tasks' documents",
        ProtocolRule.Length => side.MaxLength is { } length ? $"{length} tokens" : null,
        ProtocolRule.Rounding => side.Dtype is null && side.LogProbDtype is null ? null
            : $"{side.Dtype ?? "some type"}, log-probabilities in {side.LogProbDtype ?? "the model's type"}",
        _ => null,
    };

    /// <summary>Whether a rule that differs can move a number at all, of these two.</summary>
    public static bool Bears(ProtocolRule rule, RuleSide a, RuleSide b) => rule switch
    {
        ProtocolRule.Order => a.IsLimited || b.IsLimited || a.DrawsExamples || b.DrawsExamples,
        // Where one of them shows none, only the number differs.
        ProtocolRule.Draws => a.DrawsExamples && b.DrawsExamples,
        ProtocolRule.Length => a.IsTruncated != false || b.IsTruncated != false,
        _ => true,
    };

    private static bool IsV1(RuleSide side) => side.Protocol is LeaderboardV1;

    private static string Draws(RuleSide side) => IsV1(side) ? "Random(42) goes on after the shuffle"
        : side.Task.LmEval is { DrawsOneMore: true } ? "Random(1234), one more than are shown" : "Random(1234)";

    private static string Answers(RuleSide side) => IsV1(side)
        ? $"at a colon or \"Question\"{(side.IsTruncated == true ? "; after a cut prompt as many tokens are lost" : "")}"
        : "at \"Question:\" or a text that ends one";

    /// <summary>What differs in more than its name.</summary>
    private static string? Metric(RuleSide side) => (side.Task.Generates, Plain(side.Task.Headline)) switch
    {
        (true, "acc") => "acc: the answer's number as it is written",
        (true, "exact_match") => "exact_match, strict-match: the same without a dollar sign or a last dot",
        (false, "mc2") => "mc2: a choice after the first false one counts as false",
        (false, "acc") when side.Task is { Description: null, ShotOrder: ShotOrder.None } => "acc: each choice counts as it is labelled",
        _ => null,
    };

    private static string Plain(string metric) => metric.Split(',')[0];
}
