namespace Cognito.Eval.Planning;

/// <summary>A prompt to continue greedily.</summary>
public sealed record Prompt(int[] Tokens, int MaxNewTokens)
{
    /// <summary>
    /// What the reference pads it with on the left: the model does not see it, but settings of generation count it among
    /// the prompt's tokens.
    /// </summary>
    public int[] Padding { get; init; } = [];
}

/// <summary>A prompt's continuation.</summary>
/// <param name="NotFiniteAt">The first of the tokens that was chosen from logits of which some were a NaN or infinite.</param>
public sealed record Generated(int[] Tokens, int? NotFiniteAt = null);

/// <summary>Prompts that are continued together, in one cache.</summary>
/// <param name="IsDone">
/// Asked, per prompt (its index) and after each new token, with the tokens generated so far; a row ends when it says true
/// or has MaxNewTokens tokens. What is returned holds the token on which the row ended. Batches may ask at the same time.
/// </param>
public sealed record GenerationBatch(IReadOnlyList<Prompt> Prompts, Func<int, IReadOnlyList<int>, bool> IsDone);
