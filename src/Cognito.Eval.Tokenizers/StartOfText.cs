namespace Cognito.Eval.Tokenizers;

/// <summary>How a checkpoint's texts begin, and what its tokenizer puts around them where it is asked to.</summary>
/// <param name="Token">The beginning-of-text token (bos); null where the tokenizer has none.</param>
/// <param name="Text">The same as text.</param>
public sealed record StartOfText(int? Token, string? Text)
{
    /// <summary>Of a tokenizer that has no such token.</summary>
    public static StartOfText None { get; } = new(null, null);

    /// <summary>Special tokens that the tokenizer puts before a text by default; usually the one, or none.</summary>
    public IReadOnlyList<int> Before { get; init; } = [];

    /// <summary>Special tokens that it puts after a text by default; usually none.</summary>
    public IReadOnlyList<int> After { get; init; } = [];
}
