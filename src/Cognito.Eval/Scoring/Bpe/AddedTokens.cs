using System.Buffers;
using System.Text;

namespace Cognito.Eval;

/// <summary>A token outside of the merges: where its text stands it is taken whole.</summary>
/// <param name="IsSpecial">Its text is left out where answers are read.</param>
/// <param name="IsNormalized">It is looked for after normalisation, in its normalised form.</param>
/// <param name="TakesLeft">White space before it is part of it.</param>
internal sealed record AddedToken(
    int Id, string Text, bool IsSpecial, bool IsNormalized, bool IsWord, bool TakesLeft, bool TakesRight)
{
    /// <summary>Those of a tokenizer.json.</summary>
    public static List<AddedToken> Read(JsonPart file, IReadOnlyDictionary<string, int> ids)
    {
        var added = new List<AddedToken>();
        var next = ids.Count;
        foreach (var part in file.Parts("added_tokens"))
        {
            var token = new AddedToken(
                part.Integer("id", 1 << 20), part.Text("content") ?? "", part.Flag("special"), part.Flag("normalized"),
                part.Flag("single_word"), part.Flag("lstrip"), part.Flag("rstrip"));
            // The tokenizers library numbers tokens itself, and only warns where the file says another number.
            var id = ids.TryGetValue(token.Text, out var known) ? known : next;
            if (token.Text.Length == 0 || id != token.Id)
                throw part.Bad($"\"{token.Text}\" has id {token.Id}, where {id} is its turn");
            next = Math.Max(next, id + 1);
            added.Add(token);
        }
        return added;
    }
}

/// <summary>A part of a text: an added token, or what is between them.</summary>
internal readonly record struct TextPart(AddedToken? Token, int Start, int End);

/// <summary>Finds added tokens in a text: the leftmost first, of several the longest.</summary>
internal sealed class AddedTokens
{
    private readonly SearchValues<string>? _texts;
    private readonly Dictionary<string, AddedToken> _byText;
    private readonly Dictionary<char, int[]> _lengths;

    /// <param name="tokens">The texts that stand for tokens. Of equal ones the first counts.</param>
    public AddedTokens(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        var distinct = tokens.Where(token => token.Text.Length > 0).DistinctBy(token => token.Text).ToArray();
        _texts = distinct.Length == 0 ? null : SearchValues.Create([.. distinct.Select(token => token.Text)], StringComparison.Ordinal);
        _byText = distinct.ToDictionary(token => token.Text, token => token.Token, StringComparer.Ordinal);
        _lengths = distinct.GroupBy(token => token.Text[0], token => token.Text.Length)
            .ToDictionary(same => same.Key, same => same.Distinct().OrderDescending().ToArray());
    }

    /// <summary>Adds the parts of a text; none is empty.</summary>
    public void Split(ReadOnlySpan<char> text, List<TextPart> parts)
    {
        var (begin, at) = (0, 0);
        while (_texts is not null && at < text.Length && text[at..].IndexOfAny(_texts) is >= 0 and var found)
        {
            var start = at + found;
            var (token, length) = Longest(text, start);
            var end = at = start + length;
            if (token.IsWord && (IsWordBefore(text, start) || IsWordAt(text, end)))
                continue;
            if (token.TakesLeft)
                start = Math.Max(begin, TrimEnd(text[..start]));
            if (token.TakesRight)
                end = at += TrimStart(text[end..]);
            if (begin < start)
                parts.Add(new(null, begin, start));
            parts.Add(new(token, start, end));
            begin = end;
        }
        if (begin < text.Length)
            parts.Add(new(null, begin, text.Length));
    }

    private (AddedToken Token, int Length) Longest(ReadOnlySpan<char> text, int start)
    {
        foreach (var length in _lengths[text[start]])
            if (start + length <= text.Length && _byText.GetAlternateLookup<ReadOnlySpan<char>>()
                .TryGetValue(text.Slice(start, length), out var token))
                return (token, length);
        throw new InvalidOperationException("A text that was found is not there.");
    }

    private static int TrimEnd(ReadOnlySpan<char> text)
    {
        var end = text.Length;
        while (end > 0 && CodePointSet.IsSpace(text[end - 1]))
            end--;
        return end;
    }

    private static int TrimStart(ReadOnlySpan<char> text)
    {
        var start = 0;
        while (start < text.Length && CodePointSet.IsSpace(text[start]))
            start++;
        return start;
    }

    private static bool IsWordBefore(ReadOnlySpan<char> text, int at) =>
        Rune.DecodeLastFromUtf16(text[..at], out var rune, out _) is OperationStatus.Done && CodePointSet.IsWord(rune.Value);

    private static bool IsWordAt(ReadOnlySpan<char> text, int at) =>
        Rune.DecodeFromUtf16(text[at..], out var rune, out _) is OperationStatus.Done && CodePointSet.IsWord(rune.Value);
}
