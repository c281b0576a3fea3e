using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Protocols;

/// <summary>How texts end, and how they begin.</summary>
/// <param name="Token">The tokenizer's end of text, which stands for an empty context too.</param>
/// <param name="Ids">Ids that end a generated row.</param>
/// <param name="Text">The end-of-text token as text: one more stop string; null where it has none.</param>
public sealed record EndOfText(int Token, IReadOnlyList<int> Ids, string? Text)
{
    /// <summary>How they begin, where a protocol asks for that.</summary>
    public StartOfText Start { get; init; } = StartOfText.None;

    /// <summary>One token that is all of it.</summary>
    public EndOfText(int token) : this(token, [token], null)
    {
    }
}
