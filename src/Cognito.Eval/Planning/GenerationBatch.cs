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
public sealed record GenerationBatch(IReadOnlyList<Prompt> Prompts);
