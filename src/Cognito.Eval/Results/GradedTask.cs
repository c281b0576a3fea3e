using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Results;

/// <summary>A document with its replies and scores.</summary>
/// <param name="Truncated">How many of its requests lost tokens.</param>
public sealed record GradedDoc(AskedDoc Asked, IReadOnlyList<Reply> Replies, int Truncated, DocScores Scores)
{
    /// <summary>Each request's tokens.</summary>
    public IReadOnlyList<RequestTokens> Tokens { get; init; } = [];
}

/// <summary>A task, answered and graded; documents in evaluation order.</summary>
/// <param name="Seconds">Wall time.</param>
public sealed record GradedTask(Questions Questions, IReadOnlyList<GradedDoc> Docs, double Seconds)
{
    /// <summary>What routers did at scored positions; null where that was not recorded.</summary>
    public RoutingSums? Routing { get; init; }
}
