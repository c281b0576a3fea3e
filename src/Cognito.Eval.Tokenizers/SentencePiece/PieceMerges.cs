using System.Text;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tokenizers.SentencePiece;

/// <summary>Byte-pair encoding as SentencePiece does it: the best pairs merge first, of equals the leftmost.</summary>
internal sealed class PieceMerges : WordMerges
{
    private const int None = PairMerges.None;

    // Symbols are ids of pieces and, from Pieces.Count on, characters that only occur inside of pieces.
    private readonly Dictionary<int, int> _characters = [];
    private readonly PairMerges _merges = new();
    private readonly Dictionary<string, int> _userDefined;
    private readonly TextTrie? _userTexts;
    private readonly int[] _userIds;
    private readonly SentencePieceModel _model;
    private readonly int[] _bytes;
    private readonly Dictionary<string, int> _ids;

    public PieceMerges(SentencePieceModel model)
    {
        _model = model;
        _ids = model.Pieces.Index().ToDictionary(piece => piece.Item.Text, piece => piece.Index, StringComparer.Ordinal);
        var ranks = Ranks(model.Pieces);
        _bytes = [.. Enumerable.Range(0, model.ByteFallback ? 256 : 0).Select(b => model.IdOf($"<0x{b:X2}>")!.Value)];
        _userDefined = model.Pieces.Index().Where(piece => piece.Item.Type is PieceType.UserDefined)
            .ToDictionary(piece => piece.Item.Text, piece => piece.Index, StringComparer.Ordinal);
        (string[] texts, _userIds) = ([.. _userDefined.Keys], [.. _userDefined.Values]);
        _userTexts = texts.Length == 0 ? null : new(texts);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < model.Pieces.Count; id++)
            if (model.Pieces[id] is { Type: PieceType.Normal } piece && !IsCharacter(piece.Text))
                ids.Add(piece.Text, id);
            else if (model.Pieces[id] is { Type: PieceType.Normal } character)
                _characters.Add(Rune.GetRuneAt(character.Text, 0).Value, id);
        var bySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var (text, id) in ids)
            for (var at = WidthAt(text, 0); at < text.Length; at += WidthAt(text, at))
                if (SymbolOf(text.AsSpan(0, at), bySpan) is >= 0 and var left
                    && SymbolOf(text.AsSpan(at), bySpan) is >= 0 and var right)
                    _merges.Add(left, right, id, ranks[id]);
    }

    public override IReadOnlyDictionary<string, int> Ids => _ids;

    /// <summary>The pairs that merge, in order.</summary>
    public IEnumerable<(int Left, int Right, int Merged)> Pairs => _merges.InOrder;

    // Without byte pieces a run of unknown characters is one id and may cross any border.
    public override bool Divides(Func<string, bool> isCrossed) => _model.ByteFallback && !_model.Pieces.Any(
        piece => piece.Type is PieceType.Normal or PieceType.UserDefined && isCrossed(piece.Text));

    /// <summary>Appends the ids of a text whose spaces are U+2581.</summary>
    public override void Encode(ReadOnlySpan<char> text, List<int> ids, List<PlacedToken>? placed = null)
    {
        var symbols = text.Length <= 128 ? stackalloc Symbol[text.Length] : new Symbol[text.Length];
        symbols = symbols[..Split(text, symbols)];
        _merges.Merge(symbols);
        var inUnknown = false;
        for (var at = symbols.IsEmpty ? None : 0; at >= 0; at = symbols[at].Next)
        {
            var (start, next) = (symbols[at].Start, symbols[at].Next);
            var end = next < 0 ? text.Length : symbols[next].Start;
            var isPiece = symbols[at].Id is >= 0 and var symbol && symbol < _model.Pieces.Count;
            if (!isPiece && _model.ByteFallback)
                AddBytes(text[start..end], ids, placed);
            else if (!isPiece && inUnknown && placed is not null)
                placed[^1] = placed[^1] with { Width = placed[^1].Width + end - start };
            else if (isPiece || !inUnknown)
            {
                ids.Add(isPiece ? symbols[at].Id : _model.UnknownId);
                placed?.Add(new(ids[^1], end - start, EndsInside: false));
            }
            inUnknown = !isPiece;
        }
    }

    /// <summary>Cuts a text into characters and user-defined pieces; these are taken whole, longest first.</summary>
    private int Split(ReadOnlySpan<char> text, Span<Symbol> nodes)
    {
        var (count, steps) = (0, 0L);
        var userDefined = _userTexts?.LongestAt(text, ref steps);
        for (var start = 0; start < text.Length;)
        {
            int symbol, width;
            if (userDefined is not null && userDefined[start] is >= 0 and var place)
                (symbol, width) = (_userIds[place], _model.Pieces[_userIds[place]].Text.Length);
            else
            {
                Rune.DecodeFromUtf16(text[start..], out var rune, out width);
                symbol = _characters.GetValueOrDefault(rune.Value, None);
            }
            nodes[count] = new() { Id = symbol, Start = start };
            start += width;
            count++;
        }
        return count;
    }

    private void AddBytes(ReadOnlySpan<char> character, List<int> ids, List<PlacedToken>? placed)
    {
        Rune.DecodeFromUtf16(character, out var rune, out _);
        Span<byte> bytes = stackalloc byte[4];
        var count = rune.EncodeToUtf8(bytes);
        for (var i = 0; i < count; i++)
        {
            ids.Add(_bytes[bytes[i]]);
            placed?.Add(new(ids[^1], i == count - 1 ? character.Length : 0, EndsInside: i < count - 1));
        }
    }

    /// <summary>Places by falling score; equal scores share a place.</summary>
    private static int[] Ranks(IReadOnlyList<Piece> pieces)
    {
        var scores = pieces.Select(piece => piece.Score).Distinct().OrderDescending().ToArray();
        var places = scores.Index().ToDictionary(place => place.Item, place => place.Index);
        return [.. pieces.Select(piece => places[piece.Score])];
    }

    private int SymbolOf(ReadOnlySpan<char> text, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids)
    {
        if (!IsCharacter(text))
            return ids.TryGetValue(text, out var id) ? id : None;
        Rune.DecodeFromUtf16(text, out var rune, out _);
        // A user-defined character is never merged; it stands whole wherever it occurs.
        if (_userDefined.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(text))
            return None;
        if (!_characters.TryGetValue(rune.Value, out var symbol))
            _characters.Add(rune.Value, symbol = _model.Pieces.Count + _characters.Count);
        return symbol;
    }

    private static bool IsCharacter(ReadOnlySpan<char> text) => text.Length == WidthAt(text, 0);

    private static int WidthAt(ReadOnlySpan<char> text, int at) => char.IsHighSurrogate(text[at]) ? 2 : 1;
}
