using Cognito.Eval.Files;
using Cognito.Eval.Models;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>A bias on the last of these tokens where the others stand before it.</summary>
public sealed record TokenBias(int[] Tokens, double Bias);

/// <summary>Tokens by which the length of an answer is drawn in: from which new token on, and the base of the growth.</summary>
public readonly record struct LengthDecay(double Start, double Factor);

/// <summary>
/// What generation_config.json, or config.json where that is absent, says of greedy decoding. The names are those of
/// transformers' keys; a null or an empty list means that nothing is done.
/// </summary>
public sealed record GenerationConfig
{
    /// <summary>eos_token_id: the tokens that end a generated text.</summary>
    public IReadOnlyList<int> EndIds { get; init; } = [];

    /// <summary>What is applied and what has no effect, for the results; null where the file says neither.</summary>
    public GenerationRecord? Record { get; init; }

    /// <summary>Why nothing may be generated with this file; null if it may.</summary>
    public InputException? Refusal { get; init; }

    public IReadOnlyList<TokenBias> SequenceBias { get; init; } = [];
    public double? EncoderRepetitionPenalty { get; init; }
    public double? RepetitionPenalty { get; init; }
    public int? NoRepeatNgramSize { get; init; }
    public int? EncoderNoRepeatNgramSize { get; init; }

    /// <summary>Without those that are an end themselves.</summary>
    public IReadOnlyList<int[]> BadWords { get; init; } = [];

    /// <summary>Least length of prompt and answer together.</summary>
    public int? MinLength { get; init; }
    public int? MinNewTokens { get; init; }
    public IReadOnlyList<int> ForcedBos { get; init; } = [];
    public IReadOnlyList<int> ForcedEos { get; init; } = [];
    public bool RemovesInvalidValues { get; init; }
    public LengthDecay? ExponentialDecay { get; init; }
    public IReadOnlyList<int> SuppressTokens { get; init; } = [];
    public IReadOnlyList<int> BeginSuppressTokens { get; init; } = [];
    public bool RenormalizesLogits { get; init; }

    /// <exception cref="InputException">The file asks for something that is not done here, or that transformers refuses.</exception>
    public GenerationConfig Require() => Refusal is null ? this : throw new InputException(Refusal.Message, Refusal);
}
