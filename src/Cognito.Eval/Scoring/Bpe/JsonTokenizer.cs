using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Cognito.Eval;

/// <summary>The tokenizer of a tokenizer.json, id for id as Hugging Face's fast tokenizers without special tokens added.</summary>
public sealed class JsonTokenizer : VocabularyTokenizer
{
    private readonly AddedTokens _raw, _normalized;
    private readonly Dictionary<int, AddedToken> _added;
    private readonly Dictionary<int, string> _texts;
    private readonly Dictionary<string, int> _ids;
    private readonly Normalization _normalization;
    private readonly PreTokenization _preTokenization;
    private readonly BytePairs _pairs;
    private readonly TokenDecoding _decoding;
    private readonly LineCut _lineCut;
    private readonly bool _splitsWords;
    private readonly TokenCache _lines = new(longest: 1 << 14, most: 1 << 25);
    private readonly TokenCache _words = new(longest: 64, most: 1 << 23);

    private JsonTokenizer(JsonPart file, string sha256)
    {
        Sha256 = sha256;
        _normalization = Normalization.Read(file.Part("normalizer"));
        _preTokenization = PreTokenization.Read(file.Part("pre_tokenizer"));
        var model = file.Part("model") ?? throw file.Bad("has no model");
        _pairs = BytePairs.Read(model, _preTokenization.IsByteLevel);
        _decoding = TokenDecoding.Read(file.Part("decoder"), file.Where);
        RequireNoEffect(file.Part("post_processor"));
        var added = AddedToken.Read(file, _pairs.Ids);
        _added = added.DistinctBy(token => token.Id).ToDictionary(token => token.Id);
        _raw = new(added.Where(token => !token.IsNormalized).Select(token => (token.Text, token)));
        _normalized = new(added.Where(token => token.IsNormalized)
            .Select(token => (_normalization.Apply(token.Text, isContinued: false), token)));
        _texts = _pairs.Ids.ToDictionary(token => token.Value, token => token.Key);
        _ids = new(_pairs.Ids, StringComparer.Ordinal);
        foreach (var token in added)
            (_texts[token.Id], _ids[token.Text]) = (token.Text, token.Id);
        VocabularySize = _texts.Keys.Max() + 1;
        var escape = SentencePieceTokenizer.Space;
        _splitsWords = !_preTokenization.Cuts && _pairs.Divides(text => text.AsSpan().TrimStart(escape).Contains(escape));
        _lineCut = added.Any(token => token.TakesLeft || token.Text.Contains('\n')) ? LineCut.Never
            : _preTokenization.IsByteLevel ? _normalization.KeepsLines ? _preTokenization.LineCut : LineCut.Never
            : !_preTokenization.Cuts && _normalization.KeepsLines && _pairs.Divides(text => text.Length > 1 && text.Contains('\n'))
                ? LineCut.AfterLineFeed : LineCut.Never;
    }

    public override int VocabularySize { get; }
    public override string Sha256 { get; }
    public override string FileName => "tokenizer.json";

    /// <summary>Decoded text loses spaces before punctuation, as transformers does where tokenizer_config.json asks for it.</summary>
    public bool CleansSpaces { get; init; }

    /// <summary>Whether a space, or what stands for one, is put in front of texts.</summary>
    public bool AddsPrefixSpace => _normalization.Prepends || _preTokenization.Opener is not null;

    internal LineCut LineCut => _lineCut;
    internal bool SplitsWords => _splitsWords;
    internal IEnumerable<string> AddedTexts => _added.Values.Select(token => token.Text);

    /// <exception cref="InputException">The file cannot be read, or asks for what is not done exactly here.</exception>
    public static JsonTokenizer Load(string path, bool cleansSpaces = false)
    {
        const int mostBytes = 128 << 20;
        try
        {
            if (new FileInfo(path) is { Length: > mostBytes } file)
                throw new InputException($"{path}: {file.Length:N0} bytes are too many for a tokenizer; {JsonPart.SaveAgain}");
            return Parse(File.ReadAllBytes(path), path, cleansSpaces);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            var fact = File.Exists(path) ? "cannot be read" : "no such file";
            throw new InputException($"{path}: {fact}; put the checkpoint's tokenizer.json there", e);
        }
    }

    internal static JsonTokenizer Parse(byte[] bytes, string path, bool cleansSpaces = false)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new InputException($"{path}: holds no JSON object; {JsonPart.SaveAgain}");
            return new(new(document.RootElement, path), Convert.ToHexStringLower(SHA256.HashData(bytes)))
            {
                CleansSpaces = cleansSpaces,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InputException($"{path}: is no tokenizer's JSON ({Fact.Of(e)}); fetch the file again", e);
        }
    }

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
        foreach (var (token, part) in Parts(WholeCharacters(text), isContinued: false, normalizes))
        {
            normalized.Append(part);
            if (token is not null)
                placed.Add(new(token.Id, part.Length, EndsInside: false));
            else
                foreach (var word in _preTokenization.Split(part))
                    _pairs.Encode(part.AsSpan(word), ids, placed);
        }
        return (normalized.ToString(), placed);
    }

    public override string Decode(IEnumerable<int> ids, bool withSpecial)
    {
        var tokens = ids.Where(_texts.ContainsKey)
            .Where(id => withSpecial || !(_added.TryGetValue(id, out var token) && token.IsSpecial))
            .Select(id => _texts[id]).ToList();
        var text = _decoding.Decode(tokens);
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
        LineCut.AfterLineFeed => true,
        LineCut.AfterLoneLineFeed => at < 2 || !char.IsWhiteSpace(text[at - 2]),
        _ => false,
    };

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
        foreach (var (token, part) in Parts(line, isContinued, normalizes: true))
            if (token is not null)
                ids.Add(token.Id);
            else
                foreach (var word in _preTokenization.Split(part))
                    AddWords(part.AsSpan(word), ids);
        if (isKnown)
            _lines.Add(line, CollectionsMarshal.AsSpan(ids)[from..]);
    }

    /// <summary>The added tokens of a text, and what is between them in the form that is merged.</summary>
    private IEnumerable<(AddedToken? Token, string Text)> Parts(ReadOnlySpan<char> text, bool isContinued, bool normalizes)
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
            own = normalizes ? _normalization.Apply(own, goesOn) : own;
            inner.Clear();
            _normalized.Split(own, inner);
            foreach (var piece in inner)
                found.Add((piece.Token, piece.Token is not null ? own[piece.Start..piece.End] : _preTokenization.Open(
                    own[piece.Start..piece.End], part.Start == 0 && piece.Start == 0, goesOn && piece.Start == 0)));
        }
        return found;
    }

    /// <summary>Where merges do not cross a space that begins a word, words are looked up.</summary>
    private void AddWords(ReadOnlySpan<char> text, List<int> ids)
    {
        while (!text.IsEmpty)
        {
            var spaces = text.IndexOfAnyExcept(SentencePieceTokenizer.Space);
            var end = spaces < 0 || !_splitsWords ? -1 : text[spaces..].IndexOf(SentencePieceTokenizer.Space);
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
        _pairs.Encode(word, ids);
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

    /// <summary>Post-processors put special tokens around a text, which the reference does not ask for, or only move offsets.</summary>
    private static void RequireNoEffect(JsonPart? part)
    {
        if (part is not { } there)
            return;
        if (there.Type is "Sequence")
            foreach (var one in there.Parts("processors"))
                RequireNoEffect(one);
        else if (there.Type is not ("ByteLevel" or "RobertaProcessing" or "BertProcessing")
            && !(there.Type is "TemplateProcessing" && there.Parts("single").Count(piece => piece.Has("Sequence")) == 1))
            throw there.Bad($"\"{there.Type}\" is not known here, or does not hold the text once");
    }
}
