namespace Cognito.Eval.Planning;

/// <summary>Tokens that many sequences begin with. Its keys and values are computed once and kept while batches name it.</summary>
public sealed class SharedPrefix(int[] tokens)
{
    /// <summary>
    /// Fewer shared tokens are rather computed again for each sequence: sharing takes a mask over the tree in place of
    /// plain causal attention, and a shared prefix a launch of its own.
    /// </summary>
    public const int LeastTokens = 8;

    public int[] Tokens { get; } = tokens;
}

/// <summary>
/// Sequences that begin alike. A continuation's whole input is SharedPrefix ++ Context ++ Continuation.Tokens; every token is computed once.
/// </summary>
public sealed record PrefixTree(SharedPrefix? SharedPrefix, int[] Context, IReadOnlyList<Continuation> Continuations);

/// <summary>
/// One sequence of a tree. The last Targets.Length positions of its whole input predict Targets, one each; these
/// positions lie in the context or in the continuation, never in the shared prefix. Tokens may be empty.
/// </summary>
public sealed record Continuation(int[] Tokens, int[] Targets);

/// <summary>Trees that go through the model together.</summary>
public sealed record ScoreBatch(IReadOnlyList<PrefixTree> Trees);

/// <param name="LogLikelihood">Natural log of the targets' probability given what is before them.</param>
/// <param name="IsGreedy">Whether each target is the arg max (the first, if several) at its position.</param>
public readonly record struct TokenScore(double LogLikelihood, bool IsGreedy)
{
    /// <summary>What routers did where the targets were predicted, if the model has any and records it.</summary>
    public RoutingSums? Routing { get; init; }
}
