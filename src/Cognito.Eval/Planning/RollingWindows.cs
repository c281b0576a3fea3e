namespace Cognito.Eval.Planning;

/// <summary>A text longer than a model takes, cut so that each token is predicted once (Hugging Face's and EleutherAI's rolling windows).</summary>
/// <remarks>
/// The first window predicts as many tokens as fit after one that stands for nothing; each further one predicts the next,
/// with as much of what is before them as still fits, and at least one token of it.
/// </remarks>
internal static class RollingWindows
{
    /// <param name="before">The token that stands for nothing.</param>
    /// <param name="maxLength">The most tokens of an input.</param>
    public static IEnumerable<TokenSpan> Cut(int[] tokens, int before, int maxLength)
    {
        for (int from = 0, to; from < tokens.Length; from = to)
        {
            to = Math.Min(tokens.Length, from + maxLength);
            yield return from == 0 ? new([before], tokens[..to]) : new(tokens[Math.Max(0, to - maxLength - 1)..from], tokens[from..to]);
        }
    }
}
