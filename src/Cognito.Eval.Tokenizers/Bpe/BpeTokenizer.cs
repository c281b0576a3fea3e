using System.Buffers;
using System.Runtime.InteropServices;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>What a tokenizer is made of, in the order in which a text goes through it, and the way back.</summary>
/// <param name="Added">Tokens outside of the merges.</param>
internal sealed record TokenizerParts(
    IReadOnlyList<AddedToken> Added, Normalization Normalization, PreTokenization PreTokenization, WordMerges Merges,
    TokenDecoding Decoding)
{
    /// <summary>The texts of special tokens are text as any other.</summary>
    public bool SplitsSpecial { get; init; }

    /// <summary>Decoded text loses spaces before punctuation, as transformers does where tokenizer_config.json asks for it.</summary>
    public bool CleansSpaces { get; init; }

    /// <summary>What is put around a text where it is asked for; encoding does not.</summary>
    public AroundText Around { get; init; } = AroundText.None;
}

/// <summary>A tokenizer of merges, id for id as Hugging Face's fast tokenizers without special tokens around a text.</summary>
public abstract class BpeTokenizer : VocabularyTokenizer
{
    private readonly AddedTokens _raw, _normalized;
    private readonly Dictionary<int, AddedToken> _added;
    private readonly Dictionary<int, string> _texts;
    private readonly Dictionary<string, int> _ids;
    private readonly LineCut _lineCut;
    private readonly TextTrie? _takers;
    private readonly bool _splitsWords;
    private readonly TokenCache _lines = new(longest: 1 << 14, most: 1 << 25);
    private readonly TokenCache _words = new(longest: 64, most: 1 << 23);

    private protected BpeTokenizer(TokenizerParts parts)
    {
        Parts = parts;
        var (added, normalization, merges) = (parts.Added, parts.Normalization, parts.Merges);
        _added = added.DistinctBy(token => token.Id).ToDictionary(token => token.Id);
        _raw = new(added.Where(token => !token.IsNormalized).Select(token => (token.Text, token)), parts.SplitsSpecial);
        _normalized = new(added.Where(token => token.IsNormalized)
            .Select(token => (normalization.Apply(token.Text, isContinued: false), token)), parts.SplitsSpecial);
        _texts = merges.Ids.ToDictionary(token => token.Value, token => token.Key);
        _ids = new(merges.Ids, StringComparer.Ordinal);
        foreach (var token in added)
            (_texts[token.Id], _ids[token.Text]) = (token.Text, token.Id);
        VocabularySize = merges.Ids.Values.Concat(added.Where(token => !token.IsRoleOnly).Select(token => token.Id)).Max() + 1;
        _splitsWords = !parts.PreTokenization.Cuts && merges.Divides(text => text.AsSpan().TrimStart(Space).Contains(Space));
        // What follows a token that takes white space behind it begins anew, so lines are not cut behind one.
        string[] takers = [.. added.Where(token => token is { TakesRight: true, Text: not "" }).Select(token => token.Text).Distinct()];
        _takers = takers.Length == 0 ? null : new(takers);
        _lineCut = added.Any(token => token.TakesLeft || token.Text.Contains('\n') || (token.TakesRight && token.IsNormalized))
            || !normalization.KeepsLines ? LineCut.Never
            : parts.PreTokenization.IsByteLevel ? parts.PreTokenization.LineCut
            : !parts.PreTokenization.Cuts && merges.Divides(text => text.Length > 1 && text.Contains('\n'))
                ? LineCut.AfterLineFeed : LineCut.Never;
    }

    /// <summary>What stands for a space in vocabularies that came from SentencePiece.</summary>
    internal const char Space = '\u2581';

    internal TokenizerParts Parts { get; }

    public override int VocabularySize { get; }

    /// <summary>Decoded text loses spaces before punctuation, as transformers does where tokenizer_config.json asks for it.</summary>
    public bool CleansSpaces => Parts.CleansSpaces;

    /// <summary>Whether a space, or what stands for one, is put in front of texts.</summary>
    public bool AddsPrefixSpace => Parts.Normalization.Prepends || Parts.PreTokenization.Opener is not null;

    internal LineCut LineCut => _lineCut;
    internal bool SplitsWords => _splitsWords;
    internal IEnumerable<string> AddedTexts => _added.Values.Select(token => token.Text);

    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    public override string Spelled(int id) => _texts.GetValueOrDefault(id, "");

    public override int[] Encode(ReadOnlySpan<char> text) => Ids(text, isContinued: false);

    internal override int[] EncodeLines(ReadOnlySpan<char> lines) => Ids(lines, isContinued: true);

    internal override int LastLine(ReadOnlySpan<char> text)
    {
        var last = 0;
        for (var at = text.Length; at > 0 && last == 0;)
        {
            at = text[..at].LastIndexOf('\n');
            last = at >= 0 && IsCut(text, at + 1) ? at + 1 : 0;
        }
        return last;
    }

    /// <summary>The ids of a text in one go, without borders and caches: what the fast way must equal.</summary>
    internal int[] EncodeWhole(string text) => [.. Place(text, normalizes: true).Tokens.Select(token => token.Id)];

    protected internal override (string Normalized, List<PlacedToken> Tokens) Place(ReadOnlySpan<char> text, bool normalizes)
    {
        var (ids, placed) = (new List<int>(), new List<PlacedToken>());
        var normalized = new System.Text.StringBuilder();
        foreach (var (token, part) in PartsOf(WholeCharacters(text), isContinued: false, normalizes))
        {
            normalized.Append(part);
            if (token is not null)
                placed.Add(new(token.Id, part.Length, EndsInside: false));
            else
                foreach (var word in Parts.PreTokenization.Split(part))
                    Parts.Merges.Encode(part.AsSpan(word), ids, placed);
        }
        return (normalized.ToString(), placed);
    }

    public override string Decode(IEnumerable<int> ids, bool withSpecial)
    {
        var tokens = ids.Where(_texts.ContainsKey)
            .Where(id => withSpecial || !(_added.TryGetValue(id, out var token) && token.IsSpecial))
            .Select(id => _texts[id]).ToList();
        var text = Parts.Decoding.Decode(tokens);
        return CleansSpaces ? TokenDecoding.WithoutSpaces(text) : text;
    }

    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        var (all, whole) = (ids.ToArray(), Decode(ids));
        for (idsConsumed = all.Length; ; idsConsumed--)
        {
            var text = idsConsumed == all.Length ? whole : Decode(all[..idsConsumed]);
            if (text.Length > destination.Length || !whole.StartsWith(text, StringComparison.Ordinal))
                continue;
            text.CopyTo(destination);
            charsWritten = text.Length;
            return idsConsumed == all.Length ? OperationStatus.Done : OperationStatus.DestinationTooSmall;
        }
    }

    private int[] Ids(ReadOnlySpan<char> text, bool isContinued)
    {
        var ids = new List<int>(text.Length / 3 + 4);
        text = WholeCharacters(text);
        while (!text.IsEmpty)
        {
            var end = LineEnd(text);
            AddLine(text[..end], isContinued, ids);
            text = text[end..];
            isContinued = true;
        }
        return [.. ids];
    }

    private int LineEnd(ReadOnlySpan<char> text)
    {
        for (var at = 0; _lineCut != LineCut.Never && text[at..].IndexOf('\n') is >= 0 and var found;)
        {
            at += found + 1;
            if (IsCut(text, at))
                return at;
        }
        return text.Length;
    }

    private bool IsCut(ReadOnlySpan<char> text, int at) => at < text.Length && !char.IsWhiteSpace(text[at]) && _lineCut switch
    {
        LineCut.AfterLineFeed => !IsTaken(text[..at]),
        LineCut.AfterLoneLineFeed => (at < 2 || !char.IsWhiteSpace(text[at - 2])) && !IsTaken(text[..at]),
        _ => false,
    };

    private bool IsTaken(ReadOnlySpan<char> line) => _takers?.EndsWithAny(line.TrimEnd()) == true;

    private void AddLine(ReadOnlySpan<char> line, bool isContinued, List<int> ids)
    {
        // What is put in front of the first line is no part of it, so the first line is not looked up.
        var isKnown = isContinued || !AddsPrefixSpace;
        if (isKnown && _lines.TryGet(line, out var known))
        {
            ids.AddRange(known);
            return;
        }
        var from = ids.Count;
        foreach (var (token, part) in PartsOf(line, isContinued, normalizes: true))
            if (token is not null)
                ids.Add(token.Id);
            else
                foreach (var word in Parts.PreTokenization.Split(part))
                    AddWords(part.AsSpan(word), ids);
        if (isKnown)
            _lines.Add(line, CollectionsMarshal.AsSpan(ids)[from..]);
    }

    /// <summary>The added tokens of a text, and what is between them in the form that is merged.</summary>
    private IEnumerable<(AddedToken? Token, string Text)> PartsOf(ReadOnlySpan<char> text, bool isContinued, bool normalizes)
    {
        var (outer, inner, found) = (new List<TextPart>(), new List<TextPart>(), new List<(AddedToken?, string)>());
        _raw.Split(text, outer);
        foreach (var part in outer)
        {
            var (own, goesOn) = (text[part.Start..part.End].ToString(), isContinued && part.Start == 0);
            if (part.Token is not null)
            {
                found.Add((part.Token, own));
                continue;
            }
            own = normalizes ? Parts.Normalization.Apply(own, goesOn) : own;
            inner.Clear();
            _normalized.Split(own, inner);
            foreach (var piece in inner)
                found.Add((piece.Token, piece.Token is not null ? own[piece.Start..piece.End] : Parts.PreTokenization.Open(
                    own[piece.Start..piece.End], part.Start == 0 && piece.Start == 0, goesOn && piece.Start == 0)));
        }
        return found;
    }

    /// <summary>Where merges do not cross a space that begins a word, words are looked up.</summary>
    private void AddWords(ReadOnlySpan<char> text, List<int> ids)
    {
        while (!text.IsEmpty)
        {
            var spaces = text.IndexOfAnyExcept(Space);
            var end = spaces < 0 || !_splitsWords ? -1 : text[spaces..].IndexOf(Space);
            var word = end < 0 ? text : text[..(spaces + end)];
            AddWord(word, ids);
            text = text[word.Length..];
        }
    }

    private void AddWord(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_words.TryGet(word, out var known))
        {
            ids.AddRange(known);
            return;
        }
        var from = ids.Count;
        Parts.Merges.Encode(word, ids);
        _words.Add(word, CollectionsMarshal.AsSpan(ids)[from..]);
    }

    /// <summary>Half a surrogate pair becomes U+FFFD.</summary>
    private static ReadOnlySpan<char> WholeCharacters(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAnyInRange('\ud800', '\udfff'))
            return text;
        var whole = new System.Text.StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            whole.Append(rune.ToString());
        return whole.ToString();
    }
}
