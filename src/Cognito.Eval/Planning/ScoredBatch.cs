namespace Cognito.Eval.Planning;

/// <summary>A batch's answers, one a continuation.</summary>
/// <param name="Routing">By task, what routers did; null where that was not recorded.</param>
internal sealed record ScoredBatch(IReadOnlyList<TokenScore> Scores, IReadOnlyDictionary<string, RoutingSums>? Routing)
{
    /// <remarks>A NaN of any bits becomes the one that a journal brings back, so that details are the same bytes either way.</remarks>
    /// <param name="tasks">The task of each continuation.</param>
    public static ScoredBatch Create(IReadOnlyList<TokenScore> scores, IReadOnlyList<string> tasks) => new(
        [.. scores.Select(score => score with
        {
            LogLikelihood = double.IsNaN(score.LogLikelihood) ? double.NaN : score.LogLikelihood,
            Routing = null,
        })], RoutingSums.ByTask(scores, tasks));
}
