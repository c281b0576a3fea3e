using System.Buffers;
using System.Text;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>A token outside of the merges: where its text stands it is taken whole.</summary>
/// <param name="IsSpecial">Its text is left out where answers are read.</param>
/// <param name="IsNormalized">It is looked for after normalisation, in its normalised form.</param>
/// <param name="TakesLeft">White space before it is part of it.</param>
internal sealed record AddedToken(
    int Id, string Text, bool IsSpecial, bool IsNormalized = false, bool IsWord = false, bool TakesLeft = false,
    bool TakesRight = false)
{
    /// <summary>Of all texts together; real files have a tenth.</summary>
    public const int MostCharacters = 1 << 21;

    /// <summary>
    /// Whether no file adds it, though it has a usual role, such as pad_token, or is listed without one. Its id is then the
    /// vocabulary's, else the next.
    /// </summary>
    public bool IsRoleOnly { get; init; }

    /// <summary>Those of a tokenizer.json.</summary>
    public static List<AddedToken> Read(JsonPart file, IReadOnlyDictionary<string, int> ids)
    {
        var added = new List<AddedToken>();
        var (next, characters) = (ids.Count, 0L);
        foreach (var part in file.Parts("added_tokens"))
        {
            var token = Read(part, part.Integer("id", 1 << 20), isSpecial: part.Flag("special"), absent: false);
            // The tokenizers library numbers tokens itself, and only warns where the file says another number.
            var id = ids.TryGetValue(token.Text, out var known) ? known : next;
            if (token.Text.Length == 0 || id != token.Id)
                throw part.Bad($"\"{token.Text}\" has id {token.Id}, where {id} is its turn");
            if ((characters += token.Text.Length) > MostCharacters)
                throw part.Bad($"the texts of added tokens have more than {MostCharacters:N0} characters");
            next = Math.Max(next, id + 1);
            added.Add(token);
        }
        return added;
    }

    /// <param name="absent">Whether it is normalised where that is not told.</param>
    public static AddedToken Read(JsonPart part, int id, bool isSpecial, bool absent) => new(
        id, part.Text("content") ?? "", isSpecial, part.Flag("normalized", absent),
        part.Flag("single_word"), part.Flag("lstrip"), part.Flag("rstrip"));
}

/// <summary>A part of a text: an added token, or what is between them.</summary>
internal readonly record struct TextPart(AddedToken? Token, int Start, int End);

/// <summary>Finds added tokens in a text: the leftmost first, of several the longest.</summary>
internal sealed class AddedTokens
{
    private const int None = -1, TooLong = -2;

    /// <summary>
    /// Steps before any text, and for each character passed, after which the rest is looked through by <see cref="TextTrie"/>:
    /// that is slower where tokens are few, and linear in the text whatever they are.
    /// </summary>
    private const int AnyText = 1024, EachCharacter = 16;

    /// <summary>So much of a token is looked for, before the lengths of tokens are tried.</summary>
    private const int Beginning = 8;

    private readonly (string Text, AddedToken Token)[] _tokens;
    private readonly SearchValues<string>? _beginnings;
    private readonly Dictionary<string, int> _byText;
    private readonly Dictionary<char, int[]> _lengths;
    private readonly Lazy<TextTrie> _trie;
    private readonly bool _splitsSpecial;

    /// <param name="tokens">The texts that stand for tokens. Of equal ones the first counts.</param>
    /// <param name="splitsSpecial">The texts of special tokens are text as any other.</param>
    public AddedTokens(IEnumerable<(string Text, AddedToken Token)> tokens, bool splitsSpecial = false)
    {
        _tokens = [.. tokens.Where(token => token.Text.Length > 0).DistinctBy(token => token.Text)];
        _splitsSpecial = splitsSpecial;
        _beginnings = _tokens.Length == 0 ? null : SearchValues.Create(
            [.. _tokens.Select(token => token.Text[..Math.Min(Beginning, token.Text.Length)])], StringComparison.Ordinal);
        _byText = _tokens.Index().ToDictionary(token => token.Item.Text, token => token.Index, StringComparer.Ordinal);
        _lengths = _tokens.GroupBy(token => token.Text[0], token => token.Text.Length)
            .ToDictionary(same => same.Key, same => same.Distinct().OrderDescending().ToArray());
        _trie = new(() => new([.. _tokens.Select(token => token.Text)]));
    }

    /// <summary>What is known of a text while it is gone through.</summary>
    internal struct Search
    {
        /// <summary>Characters that were compared, and steps of the trie.</summary>
        public long Steps;

        /// <summary>From a place on, the longest token at each; null before that.</summary>
        public int[]? Longest;
        public int From;
    }

    /// <summary>The next token from a place on, which is set to where it begins; below 0 if there is none.</summary>
    internal int Next(ReadOnlySpan<char> text, ref int at, ref Search search)
    {
        while (_beginnings is not null && at < text.Length)
        {
            if (search.Longest is null && text[at..].IndexOfAny(_beginnings) is var found)
                at = found < 0 ? text.Length : at + found;
            var place = at == text.Length ? None : search.Longest is { } longest ? longest[at - search.From]
                : LongestAt(text, at, AnyText + (long)EachCharacter * at, ref search.Steps);
            if (place >= 0)
                return place;
            if (place == TooLong)
                (search.Longest, search.From) = (_trie.Value.LongestAt(text[at..], ref search.Steps), at);
            else
                at++;
        }
        return None;
    }

    private int LongestAt(ReadOnlySpan<char> text, int at, long most, ref long steps)
    {
        var tokens = _byText.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var length in _lengths[text[at]])
            if (length <= text.Length - at)
            {
                if ((steps += length) > most)
                    return TooLong;
                if (tokens.TryGetValue(text.Slice(at, length), out var place))
                    return place;
            }
        return None;
    }

    /// <summary>Adds the parts of a text; none is empty.</summary>
    public void Split(ReadOnlySpan<char> text, List<TextPart> parts)
    {
        var (begin, at, spaces, search) = (0, 0, 0, new Search()); // spaces: where white space ends that a token took
        while (Next(text, ref at, ref search) is >= 0 and var place)
        {
            var (start, (own, token)) = (at, _tokens[place]);
            var end = at = start + own.Length;
            if ((_splitsSpecial && token.IsSpecial) || (token.IsWord && (IsWordBefore(text, start) || IsWordAt(text, end))))
                continue;
            if (token.TakesLeft)
                start = begin < start ? begin + TrimEnd(text[begin..start]) : begin;
            // What it takes is searched all the same: a token of white space there is one more token, as in the library.
            if (token.TakesRight)
                end = spaces = end < spaces ? spaces : end + TrimStart(text[end..]);
            if (begin < start)
                parts.Add(new(null, begin, start));
            parts.Add(new(token, Math.Min(start, end), end));
            begin = end;
        }
        if (begin < text.Length)
            parts.Add(new(null, begin, text.Length));
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
