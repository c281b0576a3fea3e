namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>What turns a word into tokens: the innermost part of a tokenizer.</summary>
internal abstract class WordMerges
{
    /// <summary>Ids of tokens by their text in the vocabulary.</summary>
    public abstract IReadOnlyDictionary<string, int> Ids { get; }

    /// <summary>Appends the tokens of what merges on its own.</summary>
    public abstract void Encode(ReadOnlySpan<char> word, List<int> ids, List<PlacedToken>? placed = null);

    /// <summary>
    /// Whether a part is encoded on its own as it is within its text. Where no token holds two neighbouring characters, no
    /// merge crosses the border between them.
    /// </summary>
    /// <param name="isCrossed">Whether a token's text has such a border inside.</param>
    public abstract bool Divides(Func<string, bool> isCrossed);
}
