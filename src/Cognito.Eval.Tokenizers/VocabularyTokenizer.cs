using System.Buffers;
using Microsoft.ML.Tokenizers;

namespace Cognito.Eval.Tokenizers;

/// <summary>A token with how far it brings the text.</summary>
/// <param name="Width">UTF-16 units of the characters that end with it.</param>
/// <param name="EndsInside">Whether it ends inside a character.</param>
public readonly record struct PlacedToken(int Id, int Width, bool EndsInside);

/// <summary>
/// A tokenizer that a checkpoint's file holds. It adds neither bos nor eos. Safe to use from several threads.
/// </summary>
public abstract class VocabularyTokenizer : Tokenizer
{
    /// <summary>One more than the largest id that a file gives a token.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Hex digest of the file.</summary>
    public abstract string Sha256 { get; }

    /// <summary>The name of the file, without its folder.</summary>
    public abstract string FileName { get; }

    /// <summary>The ids of a text. Lines and words met before are looked up, which changes no id.</summary>
    public abstract int[] Encode(ReadOnlySpan<char> text);

    /// <param name="withSpecial">Special tokens appear as they are spelled: <c>&lt;/s&gt;</c>.</param>
    public abstract string Decode(IEnumerable<int> ids, bool withSpecial);

    /// <summary>A token as the vocabulary spells it.</summary>
    public abstract string Spelled(int id);

    /// <summary>Where the last line begins that is encoded on its own; 0 if none is.</summary>
    internal virtual int LastLine(ReadOnlySpan<char> text) => 0;

    /// <summary>The ids of lines that stand after others: nothing is put in front of them.</summary>
    internal virtual int[] EncodeLines(ReadOnlySpan<char> lines) => Encode(lines);

    /// <summary>The ids of a text in one go, without borders and caches, and the text in the vocabulary's form.</summary>
    /// <param name="normalizes">Whether the text is not in that form yet.</param>
    protected internal abstract (string Normalized, List<PlacedToken> Tokens) Place(ReadOnlySpan<char> text, bool normalizes);

    public override string Decode(IEnumerable<int> ids) => Decode(ids, withSpecial: false);

    protected override EncodeResults<EncodedToken> EncodeToTokens(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var (normalized, placed) = Place(text ?? textSpan, settings.ConsiderNormalization);
        var count = CountFromStart(placed, settings.MaxTokenCount);
        var (tokens, start) = (new List<EncodedToken>(count), 0);
        foreach (var token in placed[..count])
        {
            tokens.Add(new(token.Id, Spelled(token.Id), start..(start + token.Width)));
            start += token.Width;
        }
        return new()
        {
            Tokens = tokens,
            NormalizedText = settings.ConsiderNormalization ? normalized : null,
            CharsConsumed = start,
        };
    }

    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) =>
        settings.MaxTokenCount < int.MaxValue || !settings.ConsiderNormalization
            ? base.EncodeToIds(text, textSpan, settings)
            : new() { Tokens = Encode(text ?? textSpan), CharsConsumed = (text ?? textSpan).Length };

    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) =>
        EncodeToIds(text, textSpan, settings).Tokens.Count;

    protected override int GetIndexByTokenCount(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd,
        out string? normalizedText, out int tokenCount)
    {
        var (normalized, tokens) = Place(text ?? textSpan, settings.ConsiderNormalization);
        normalizedText = settings.ConsiderNormalization ? normalized : null;
        if (!fromEnd)
        {
            tokenCount = CountFromStart(tokens, settings.MaxTokenCount);
            return tokens[..tokenCount].Sum(token => token.Width);
        }
        var first = Math.Max(0, tokens.Count - settings.MaxTokenCount);
        while (first > 0 && first < tokens.Count && tokens[first - 1].EndsInside)
            first++;
        tokenCount = tokens.Count - first;
        return tokens[..first].Sum(token => token.Width);
    }

    /// <summary>The most tokens up to a limit that end where a character ends.</summary>
    private static int CountFromStart(List<PlacedToken> tokens, int limit)
    {
        var count = Math.Min(tokens.Count, limit);
        while (count > 0 && tokens[count - 1].EndsInside)
            count--;
        return count;
    }
}
