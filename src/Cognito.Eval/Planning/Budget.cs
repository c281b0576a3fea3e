namespace Cognito.Eval.Planning;

/// <summary>How much goes through the model together. Work is cut by it once, from the whole run's requests.</summary>
/// <param name="BatchTokens">Most tokens of a batch, shared prefixes not counted.</param>
/// <param name="CacheTokens">Most tokens, prompts and room for answers, that are kept while generating.</param>
/// <param name="Shares">Whether sequences that begin alike share what they begin with.</param>
public readonly record struct Budget(int BatchTokens, long CacheTokens, bool Shares = true)
{
    /// <summary>One sequence at a time, whole: no number depends on any other request.</summary>
    public static Budget Exact { get; } = new(1, 1, Shares: false);

    /// <summary>A cached token is read once a step, a batch token passes every weight: more of the first fit.</summary>
    public static implicit operator Budget(int batchTokens) => new(batchTokens, 4L * batchTokens);
}
