using System.Buffers;
using System.Text;

namespace Cognito.Eval;

/// <summary>A token outside of the merges: where its text stands it is taken whole.</summary>
/// <param name="IsSpecial">Its text is left out where answers are read.</param>
/// <param name="IsNormalized">It is looked for after normalisation, in its normalised form.</param>
/// <param name="TakesLeft">White space before it is part of it.</param>
internal sealed record AddedToken(
    int Id, string Text, bool IsSpecial, bool IsNormalized = false, bool IsWord = false, bool TakesLeft = false,
    bool TakesRight = false)
{
    /// <summary>
    /// It has a usual role, such as pad_token, or is listed without one, but no file adds it; its id is then the vocabulary's,
    /// else the next.
    /// </summary>
    public bool IsRoleOnly { get; init; }

    /// <summary>Those of a tokenizer.json.</summary>
    public static List<AddedToken> Read(JsonPart file, IReadOnlyDictionary<string, int> ids)
    {
        var added = new List<AddedToken>();
        var next = ids.Count;
        foreach (var part in file.Parts("added_tokens"))
        {
            var token = Of(part, part.Integer("id", 1 << 20), isSpecial: part.Flag("special"), absent: false);
            // The tokenizers library numbers tokens itself, and only warns where the file says another number.
            var id = ids.TryGetValue(token.Text, out var known) ? known : next;
            if (token.Text.Length == 0 || id != token.Id)
                throw part.Bad($"\"{token.Text}\" has id {token.Id}, where {id} is its turn");
            next = Math.Max(next, id + 1);
            added.Add(token);
        }
        return added;
    }

    /// <param name="absent">Whether it is normalised where that is not told.</param>
    public static AddedToken Of(JsonPart part, int id, bool isSpecial, bool absent) => new(
        id, part.Text("content") ?? "", isSpecial, part.Flag("normalized", absent),
        part.Flag("single_word"), part.Flag("lstrip"), part.Flag("rstrip"));
}

/// <summary>A part of a text: an added token, or what is between them.</summary>
internal readonly record struct TextPart(AddedToken? Token, int Start, int End);

/// <summary>Finds added tokens in a text: the leftmost first, of several the longest.</summary>
internal sealed class AddedTokens
{
    private readonly SearchValues<string>? _texts;
    private readonly Dictionary<string, AddedToken> _byText;
    private readonly Dictionary<char, int[]> _lengths;
    private readonly bool _splitsSpecial;

    /// <param name="tokens">The texts that stand for tokens. Of equal ones the first counts.</param>
    /// <param name="splitsSpecial">The texts of special tokens are text as any other.</param>
    public AddedTokens(IEnumerable<(string Text, AddedToken Token)> tokens, bool splitsSpecial = false)
    {
        var distinct = tokens.Where(token => token.Text.Length > 0).DistinctBy(token => token.Text).ToArray();
        _splitsSpecial = splitsSpecial;
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
            if ((_splitsSpecial && token.IsSpecial) || (token.IsWord && (IsWordBefore(text, start) || IsWordAt(text, end))))
                continue;
            if (token.TakesLeft)
                start = Math.Max(begin, TrimEnd(text[..start]));
            // What it takes is searched all the same: a token of white space there is one more token, as in the library.
            if (token.TakesRight)
                end += TrimStart(text[end..]);
            if (begin < start)
                parts.Add(new(null, begin, start));
            parts.Add(new(token, Math.Min(start, end), end));
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
