namespace Cognito.Eval.Planning;

/// <summary>A batch's answers, one a branch.</summary>
/// <param name="Routing">By task, what routers did; null where that was not recorded.</param>
public sealed record ScoredBatch(IReadOnlyList<TokenScore> Scores, IReadOnlyDictionary<string, RoutingSums>? Routing)
{
    /// <param name="tasks">The task of each branch.</param>
    public static ScoredBatch Create(IReadOnlyList<TokenScore> scores, IReadOnlyList<string> tasks) => new(
        [.. scores.Select(score => score with { Routing = null })], RoutingSums.ByTask(scores, tasks));
}
