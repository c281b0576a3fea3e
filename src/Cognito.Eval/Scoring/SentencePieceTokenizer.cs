using System.Buffers;
using System.Runtime.InteropServices;

namespace Cognito.Eval;

/// <summary>
/// The tokenizer of a SentencePiece BPE model, id for id. It adds neither bos nor eos, and takes the text of special
/// pieces as text. Safe to use from several threads.
/// </summary>
public sealed class SentencePieceTokenizer : VocabularyTokenizer
{
    /// <summary>What stands for a space inside of pieces.</summary>
    internal const char Space = '\u2581';

    private readonly PieceMerges _merges;
    private readonly int[] _lineFeed;
    private readonly bool _splitsLines;
    private readonly bool _splitsWords;
    private readonly TokenCache _lines = new(longest: 1 << 14, most: 1 << 25);
    private readonly TokenCache _words = new(longest: 64, most: 1 << 23);

    public SentencePieceTokenizer(SentencePieceModel model)
    {
        Model = model;
        _merges = new(model);
        // Where no piece holds two neighbouring characters no merge crosses their border, so both sides are encoded on
        // their own. Without byte pieces a run of unknown characters is one id and may cross any border.
        var texts = model.Pieces.Where(piece => piece.Type is PieceType.Normal or PieceType.UserDefined)
            .Select(piece => piece.Text).ToArray();
        _splitsLines = model.ByteFallback && !texts.Any(text => text.Length > 1 && text.Contains('\n'));
        _splitsWords = model.ByteFallback && !texts.Any(text => text.AsSpan().TrimStart(Space).Contains(Space));
        var lineFeed = new List<int>();
        _merges.Encode("\n", lineFeed);
        _lineFeed = [.. lineFeed];
    }

    public SentencePieceModel Model { get; }

    public override int VocabularySize => Model.Pieces.Count;
    public int UnknownId => Model.UnknownId;
    public int? BosId => Model.BosId;
    public int? EosId => Model.EosId;

    public override string Sha256 => Model.Sha256;
    public override string FileName => "tokenizer.model";
    public override string Spelled(int id) => Model.Pieces[id].Text;

    /// <exception cref="InputException">The file is no SentencePiece BPE model that is done exactly here.</exception>
    public static SentencePieceTokenizer Load(string path) => new(SentencePieceModel.Load(path));

    public override int[] Encode(ReadOnlySpan<char> text) => Ids(text, Model.AddsDummyPrefix);

    private int[] Ids(ReadOnlySpan<char> text, bool dummyPrefix)
    {
        var buffer = ArrayPool<char>.Shared.Rent(text.Length + 1);
        var ids = new List<int>(text.Length / 3 + 4);
        AddLines(Normalize(text, buffer, dummyPrefix), ids);
        ArrayPool<char>.Shared.Return(buffer);
        return [.. ids];
    }

    internal override int LastLine(ReadOnlySpan<char> text) => _splitsLines ? text.LastIndexOf('\n') + 1 : 0;

    internal override int[] EncodeLines(ReadOnlySpan<char> lines) => Ids(lines, dummyPrefix: false);

    /// <summary>The text of ids: control pieces skipped, byte pieces joined, one space in front taken away.</summary>
    /// <param name="withSpecial">Control and unknown pieces appear as they are spelled: <c>&lt;/s&gt;</c>.</param>
    public override string Decode(IEnumerable<int> ids, bool withSpecial)
    {
        var decoding = new PieceDecoding(Model, withSpecial);
        foreach (var id in ids)
            decoding.Append(id);
        return decoding.End().ToString();
    }

    public override OperationStatus Decode(
        IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        (idsConsumed, charsWritten) = (0, 0);
        var (decoding, appended) = (new PieceDecoding(Model, withSpecial: false), 0);
        foreach (var id in ids)
        {
            decoding.Append(id);
            appended++;
            if (decoding.Length > destination.Length)
                break;
            if (!decoding.IsInsideCharacter)
                (idsConsumed, charsWritten) = (appended, decoding.Length);
        }
        var text = decoding.End();
        if (text.Length <= destination.Length)
            (idsConsumed, charsWritten) = (appended, text.Length);
        text.CopyTo(0, destination, charsWritten);
        return idsConsumed == appended ? OperationStatus.Done : OperationStatus.DestinationTooSmall;
    }

    protected internal override (string Normalized, List<PlacedToken> Tokens) Place(ReadOnlySpan<char> text, bool normalizes)
    {
        var normalized = normalizes ? Normalized(text) : text.ToString();
        var (ids, widths) = (new List<int>(), new List<int>());
        _merges.Encode(normalized, ids, widths);
        // Of a character's byte pieces only the last has a width.
        return (normalized, [.. ids.Zip(widths, (id, width) => new PlacedToken(id, width, EndsInside: width == 0))]);
    }

    /// <summary>The ids of a text in one go, without borders and caches: what the fast way must equal.</summary>
    internal int[] EncodeWhole(string text)
    {
        var ids = new List<int>();
        _merges.Encode(Normalized(text), ids);
        return [.. ids];
    }

    internal (bool Lines, bool Words) Splits => (_splitsLines, _splitsWords);

    private string Normalized(ReadOnlySpan<char> text) =>
        Normalize(text, new char[text.Length + 1], Model.AddsDummyPrefix).ToString();

    private static ReadOnlySpan<char> Normalize(ReadOnlySpan<char> text, Span<char> buffer, bool dummyPrefix)
    {
        if (text.IsEmpty)
            return [];
        buffer[0] = Space;
        var prefix = dummyPrefix ? 1 : 0;
        text.Replace(buffer[prefix..], ' ', Space);
        return buffer[..(prefix + text.Length)];
    }

    private void AddLines(ReadOnlySpan<char> text, List<int> ids)
    {
        for (int end; _splitsLines && (end = text.IndexOf('\n')) >= 0; text = text[(end + 1)..])
        {
            AddLine(text[..end], ids);
            ids.AddRange(_lineFeed);
        }
        AddLine(text, ids);
    }

    private void AddLine(ReadOnlySpan<char> line, List<int> ids)
    {
        if (_lines.TryGet(line, out var known))
        {
            ids.AddRange(known);
            return;
        }
        var from = ids.Count;
        for (var rest = line; !rest.IsEmpty;)
        {
            var end = WordEnd(rest);
            AddWord(rest[..end], ids);
            rest = rest[end..];
        }
        _lines.Add(line, CollectionsMarshal.AsSpan(ids)[from..]);
    }

    private void AddWord(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_words.TryGet(word, out var known))
        {
            ids.AddRange(known);
            return;
        }
        var from = ids.Count;
        _merges.Encode(word, ids);
        _words.Add(word, CollectionsMarshal.AsSpan(ids)[from..]);
    }

    /// <summary>A word is its spaces and what follows them, for there are pieces of several spaces.</summary>
    private int WordEnd(ReadOnlySpan<char> text)
    {
        var spaces = text.IndexOfAnyExcept(Space);
        var end = spaces < 0 || !_splitsWords ? -1 : text[spaces..].IndexOf(Space);
        return end < 0 ? text.Length : spaces + end;
    }
}
