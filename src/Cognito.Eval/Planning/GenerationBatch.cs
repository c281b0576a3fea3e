using Cognito.Eval.Protocols;

namespace Cognito.Eval.Planning;

/// <summary>A prompt to continue greedily, until its stop rule says so or it has MaxNewTokens tokens.</summary>
public sealed record Prompt(int[] Tokens, int MaxNewTokens)
{
    public StopRule Stop { get; init; } = StopRule.Never;

    /// <summary>
    /// What the reference pads it with on the left: the model does not see it, but settings of generation count it among
    /// the prompt's tokens.
    /// </summary>
    public int[] Padding { get; init; } = [];
}

/// <summary>A prompt's continuation, the token on which it ended included.</summary>
/// <param name="NotFiniteAt">The first of the tokens that was chosen from logits of which some were a NaN or infinite.</param>
public sealed record Generated(int[] Tokens, int? NotFiniteAt = null);

/// <summary>Prompts that are continued together, in one cache.</summary>
public sealed record GenerationBatch(IReadOnlyList<Prompt> Prompts)
{
    /// <summary>
    /// Most tokens that the cache is for; where the prompts and their answers are more, some wait until others have ended. Null: all
    /// begin at once.
    /// </summary>
    public long? CacheTokens { get; init; }

    /// <summary>The prompts' places in the order in which they begin, and how many begin at once: at least one.</summary>
    public (IReadOnlyList<int> Order, int AtOnce) Beginning()
    {
        if (CacheTokens is not { } most)
            return ([.. Enumerable.Range(0, Prompts.Count)], Prompts.Count);
        // Longest first: each then fits where one before it has ended.
        int[] order = [.. Enumerable.Range(0, Prompts.Count).OrderByDescending(p => Need(Prompts[p]))];
        var (atOnce, room) = (0, most);
        while (atOnce < order.Length && (room -= Need(Prompts[order[atOnce]])) >= 0)
            atOnce++;
        return (order, Math.Max(atOnce, Math.Min(1, order.Length)));

        static long Need(Prompt prompt) => (long)prompt.Tokens.Length + prompt.MaxNewTokens;
    }
}
