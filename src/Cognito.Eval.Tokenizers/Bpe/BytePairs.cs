using System.Text;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>A vocabulary with its merges: the <c>model</c> of a tokenizer.json.</summary>
internal sealed class BytePairs : WordMerges
{
    private const int MostTokens = 1 << 20, None = PairMerges.None;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly Dictionary<int, int> _characters = [];
    private readonly PairMerges _merges = new();
    private readonly int[] _bytes;
    private readonly int _unknown;
    private readonly bool _isByteLevel, _takesWhole, _fusesUnknown;

    private BytePairs(JsonPart part, Dictionary<string, int> ids, bool isByteLevel)
    {
        (_ids, _isByteLevel) = (ids, isByteLevel);
        (_takesWhole, _fusesUnknown) = (part.Flag("ignore_merges"), part.Flag("fuse_unk"));
        _bySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var (text, id) in ids)
            if (Rune.DecodeFromUtf16(text, out var rune, out var width) is System.Buffers.OperationStatus.Done && width == text.Length)
                _characters[rune.Value] = id;
        string Spelled(int value) => isByteLevel ? $"{ByteCharacters.Of((byte)value)}" : $"<0x{value:X2}>";
        var falls = isByteLevel || part.Flag("byte_fallback");
        _bytes = [.. Enumerable.Range(0, 256).Select(value => falls && ids.TryGetValue(Spelled(value), out var id) ? id : None)];
        _unknown = part.Text("unk_token") is { } unknown && ids.TryGetValue(unknown, out var known) ? known : None;
        var missing = Enumerable.Range(0, 256).FirstOrDefault(value => _bytes[value] < 0 && Occurs(value), None);
        IsComplete = missing < 0;
        // Bytes in part and a token for what is unknown: the library puts that behind the bytes, out of order.
        if (!IsComplete && (_unknown < 0 || (falls && !isByteLevel)))
            throw part.Bad(falls ? $"its vocabulary has no token {Spelled(missing)} for a byte"
                : "neither a ByteLevel pre-tokenizer nor \"byte_fallback\" nor an \"unk_token\" is there, so that some texts have no tokens");
    }

    /// <summary>Ids of tokens by their text, which is in byte characters where bytes merge.</summary>
    public override IReadOnlyDictionary<string, int> Ids => _ids;

    /// <summary>Whether every text has tokens of its own, so that none is unknown.</summary>
    public bool IsComplete { get; }

    /// <summary>The pairs that merge, in order.</summary>
    public IEnumerable<(int Left, int Right, int Merged)> Pairs => _merges.InOrder;

    public override bool Divides(Func<string, bool> isCrossed) => IsComplete
        && !_takesWhole && !_isByteLevel && !_merges.Touches(_bytes.ToHashSet()) && !_ids.Keys.Any(isCrossed);

    public static BytePairs Read(JsonPart part, bool isByteLevel)
    {
        if (part.Text("type") is { } type and not "BPE")
            throw part.Bad($"is \"{type}\", and only BPE is done exactly here");
        foreach (var key in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (part.Text(key) is { Length: > 0 } mark)
                throw part.Bad($"\"{key}\" is \"{mark}\", which is not done exactly here");
        if (part.Has("dropout"))
            throw part.Bad("\"dropout\" is there, which makes tokens a matter of chance");
        var model = new BytePairs(part, Vocabulary(part), isByteLevel);
        model.AddMerges(part);
        return model;
    }

    // C0, C1 and F5 to FF begin no character. A byte below 80 is a character, which may be a token of its own.
    private bool Occurs(int value) => value is not (0xC0 or 0xC1 or >= 0xF5)
        && !(!_isByteLevel && value < 0x80 && _characters.ContainsKey(value));

    public override void Encode(ReadOnlySpan<char> word, List<int> ids, List<PlacedToken>? placed = null)
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
        // Byte by byte, where bytes are known; else one unknown symbol a character, or a byte of it.
        if (!_isByteLevel && _bytes[bytes[0]] < 0)
            AddUnknown(start, false, symbols, ref count);
        else
            for (var i = 0; i < bytes.Length; i++)
                if (_bytes[bytes[i]] >= 0)
                    symbols[count++] = new() { Id = _bytes[bytes[i]], Start = start, Continues = i > 0 };
                else
                    AddUnknown(start, i > 0, symbols, ref count);
    }

    private void AddUnknown(int start, bool continues, Span<Symbol> symbols, ref int count)
    {
        if (!_fusesUnknown || count == 0 || symbols[count - 1].Id != _unknown || !symbols[count - 1].IsUnknown)
            symbols[count++] = new() { Id = _unknown, Start = start, Continues = continues, IsUnknown = true };
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
