using System.Text;

namespace Cognito.Eval;

/// <summary>A vocabulary with its merges: the <c>model</c> of a tokenizer.json.</summary>
internal sealed class BytePairs
{
    private const int MostTokens = 1 << 20;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly Dictionary<int, int> _characters = [];
    private readonly PairMerges _merges = new();
    private readonly int[] _bytes;
    private readonly bool _isByteLevel, _takesWhole;

    private BytePairs(JsonPart part, Dictionary<string, int> ids, bool isByteLevel)
    {
        (_ids, _isByteLevel, _takesWhole) = (ids, isByteLevel, part.Flag("ignore_merges"));
        _bySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _bytes = [.. Enumerable.Range(0, 256).Select(value => isByteLevel ? $"{ByteCharacters.Of((byte)value)}" : $"<0x{value:X2}>")
            .Select(text => ids.TryGetValue(text, out var id) ? id : throw part.Bad($"its vocabulary has no token {text} for a byte"))];
        foreach (var (text, id) in ids)
            if (Rune.DecodeFromUtf16(text, out var rune, out var width) is System.Buffers.OperationStatus.Done && width == text.Length)
                _characters[rune.Value] = id;
    }

    /// <summary>Ids of tokens by their text, which is in byte characters where bytes merge.</summary>
    public IReadOnlyDictionary<string, int> Ids => _ids;

    /// <summary>
    /// Whether a word is encoded on its own as in its text: where no token holds two neighbouring characters, no merge
    /// crosses their border.
    /// </summary>
    public bool Divides(Func<string, bool> isCrossed) =>
        !_takesWhole && !_isByteLevel && !_merges.Touches(_bytes.ToHashSet()) && !_ids.Keys.Any(isCrossed);

    public static BytePairs Read(JsonPart part, bool isByteLevel)
    {
        if (part.Text("type") is { } type and not "BPE")
            throw part.Bad($"is \"{type}\", and only BPE is done exactly here");
        foreach (var key in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (part.Text(key) is { Length: > 0 } mark)
                throw part.Bad($"\"{key}\" is \"{mark}\", which is not done exactly here");
        if (part.Has("dropout"))
            throw part.Bad("\"dropout\" is there, which makes tokens a matter of chance");
        if (!isByteLevel && !part.Flag("byte_fallback"))
            throw part.Bad("neither a ByteLevel pre-tokenizer nor \"byte_fallback\" is there, so that some texts have no tokens");
        var model = new BytePairs(part, Vocabulary(part), isByteLevel);
        model.AddMerges(part);
        return model;
    }

    /// <summary>Appends the tokens of what merges on its own.</summary>
    public void Encode(ReadOnlySpan<char> word, List<int> ids, List<PlacedToken>? placed = null)
    {
        var room = 3 * word.Length;
        var symbols = room <= 384 ? stackalloc Symbol[room] : new Symbol[room];
        symbols = symbols[..(_isByteLevel ? SplitBytes(word, symbols) : SplitCharacters(word, symbols))];
        if (_takesWhole && Whole(word) is { } id)
        {
            ids.Add(id);
            placed?.Add(new(id, word.Length, EndsInside: false));
            return;
        }
        _merges.Merge(symbols);
        for (var at = symbols.IsEmpty ? -1 : 0; at >= 0; at = symbols[at].Next)
        {
            ids.Add(symbols[at].Id);
            if (placed is null)
                continue;
            var next = symbols[at].Next;
            var end = next < 0 ? word.Length : symbols[next].Start;
            placed.Add(new(symbols[at].Id, end - symbols[at].Start, EndsInside: next >= 0 && symbols[next].Continues));
        }
    }

    private int? Whole(ReadOnlySpan<char> word)
    {
        if (!_isByteLevel)
            return _bySpan.TryGetValue(word, out var known) ? known : null;
        var room = 3 * word.Length;
        var bytes = room <= 384 ? stackalloc byte[room] : new byte[room];
        var characters = room <= 384 ? stackalloc char[room] : new char[room];
        var count = Encoding.UTF8.GetBytes(word, bytes);
        for (var i = 0; i < count; i++)
            characters[i] = ByteCharacters.Of(bytes[i]);
        return _bySpan.TryGetValue(characters[..count], out var id) ? id : null;
    }

    private int SplitBytes(ReadOnlySpan<char> word, Span<Symbol> symbols)
    {
        var count = 0;
        for (var start = 0; start < word.Length;)
        {
            Rune.DecodeFromUtf16(word[start..], out var rune, out var width);
            AddBytes(rune, start, symbols, ref count);
            start += width;
        }
        return count;
    }

    private int SplitCharacters(ReadOnlySpan<char> word, Span<Symbol> symbols)
    {
        var count = 0;
        for (var start = 0; start < word.Length;)
        {
            Rune.DecodeFromUtf16(word[start..], out var rune, out var width);
            if (_characters.TryGetValue(rune.Value, out var id))
                symbols[count++] = new() { Id = id, Start = start };
            else
                AddBytes(rune, start, symbols, ref count);
            start += width;
        }
        return count;
    }

    private void AddBytes(Rune rune, int start, Span<Symbol> symbols, ref int count)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..rune.EncodeToUtf8(bytes)];
        for (var i = 0; i < bytes.Length; i++)
            symbols[count++] = new() { Id = _bytes[bytes[i]], Start = start, Continues = i > 0 };
    }

    private static Dictionary<string, int> Vocabulary(JsonPart part)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new HashSet<int>();
        foreach (var token in (part.Part("vocab") ?? throw part.Bad("it has no \"vocab\"")).Value.EnumerateObject())
            if (!token.Value.TryGetInt32(out var id) || id is < 0 or >= MostTokens || !taken.Add(id) || !ids.TryAdd(token.Name, id))
                throw part.Bad($"token \"{token.Name}\" is there twice, or has no id of its own below {MostTokens:N0}");
        return ids;
    }

    private void AddMerges(JsonPart part)
    {
        foreach (var (rank, merge) in part.List("merges").Index())
        {
            var pair = merge.ValueKind == System.Text.Json.JsonValueKind.Array
                ? [.. merge.EnumerateArray().Select(side => side.GetString() ?? "")]
                : merge.GetString()?.Split(' ') ?? [];
            if (pair is not [var left, var right] || !_ids.TryGetValue(left, out var leftId)
                || !_ids.TryGetValue(right, out var rightId) || !_ids.TryGetValue(left + right, out var merged))
                throw part.Bad($"merge {rank} is no pair of tokens whose whole is a token");
            _merges.Add(leftId, rightId, merged, rank);
        }
    }
}
