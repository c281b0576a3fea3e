using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.ML.Tokenizers;

namespace Cognito.Eval;

/// <summary>
/// The tokenizer of a SentencePiece BPE model, id for id. It adds neither bos nor eos, and takes the text of special
/// pieces as text. Safe to use from several threads.
/// </summary>
public sealed class SentencePieceTokenizer : Tokenizer
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

    public int VocabularySize => Model.Pieces.Count;
    public int UnknownId => Model.UnknownId;
    public int? BosId => Model.BosId;
    public int? EosId => Model.EosId;

    /// <summary>Hex digest of the model's file.</summary>
    public string Sha256 => Model.Sha256;

    /// <exception cref="InputException">The file is no SentencePiece BPE model that is done exactly here.</exception>
    public static SentencePieceTokenizer Load(string path) => new(SentencePieceModel.Load(path));

    /// <summary>The ids of a text. Lines and words met before are looked up, which changes no id.</summary>
    public int[] Encode(ReadOnlySpan<char> text) => Ids(text, Model.AddsDummyPrefix);

    private int[] Ids(ReadOnlySpan<char> text, bool dummyPrefix)
    {
        var buffer = ArrayPool<char>.Shared.Rent(text.Length + 1);
        var ids = new List<int>(text.Length / 3 + 4);
        AddLines(Normalize(text, buffer, dummyPrefix), ids);
        ArrayPool<char>.Shared.Return(buffer);
        return [.. ids];
    }

    /// <summary>Whether lines are encoded on their own.</summary>
    internal bool SplitsLines => _splitsLines;

    /// <summary>The ids of lines that stand after others: nothing is put in front of them.</summary>
    internal int[] EncodeLines(ReadOnlySpan<char> lines) => Ids(lines, dummyPrefix: false);

    /// <summary>The text of ids: control pieces skipped, byte pieces joined, one space in front taken away.</summary>
    public override string Decode(IEnumerable<int> ids) => Decode(ids, withSpecial: false);

    /// <param name="withSpecial">Control and unknown pieces appear as they are spelled: <c>&lt;/s&gt;</c>.</param>
    public string Decode(IEnumerable<int> ids, bool withSpecial)
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

    protected override EncodeResults<EncodedToken> EncodeToTokens(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var normalized = Normalized(text ?? textSpan, settings);
        var tokens = Tokens(normalized);
        var count = CountFromStart(tokens, settings.MaxTokenCount);
        return new()
        {
            Tokens = count == tokens.Count ? tokens : tokens.GetRange(0, count),
            NormalizedText = settings.ConsiderNormalization ? normalized : null,
            CharsConsumed = count == 0 ? 0 : tokens[count - 1].Offset.End.Value,
        };
    }

    protected override EncodeResults<int> EncodeToIds(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        if (settings.MaxTokenCount < int.MaxValue)
            return base.EncodeToIds(text, textSpan, settings);
        var normalized = Normalized(text ?? textSpan, settings);
        var ids = new List<int>(normalized.Length / 3 + 4);
        AddLines(normalized, ids);
        return new()
        {
            Tokens = ids,
            NormalizedText = settings.ConsiderNormalization ? normalized : null,
            CharsConsumed = normalized.Length,
        };
    }

    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) =>
        EncodeToIds(text, textSpan, settings).Tokens.Count;

    protected override int GetIndexByTokenCount(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd,
        out string? normalizedText, out int tokenCount)
    {
        var normalized = Normalized(text ?? textSpan, settings);
        normalizedText = settings.ConsiderNormalization ? normalized : null;
        var tokens = Tokens(normalized);
        if (!fromEnd)
        {
            tokenCount = CountFromStart(tokens, settings.MaxTokenCount);
            return tokenCount == 0 ? 0 : tokens[tokenCount - 1].Offset.End.Value;
        }
        var first = Math.Max(0, tokens.Count - settings.MaxTokenCount);
        while (first > 0 && first < tokens.Count && IsInside(tokens[first - 1]))
            first++;
        tokenCount = tokens.Count - first;
        return tokenCount == 0 ? normalized.Length : tokens[first].Offset.Start.Value;
    }

    /// <summary>The ids of a text in one go, without borders and caches: what the fast way must equal.</summary>
    internal int[] EncodeWhole(string text)
    {
        var ids = new List<int>();
        _merges.Encode(Normalized(text, new() { ConsiderNormalization = true }), ids);
        return [.. ids];
    }

    internal (bool Lines, bool Words) Splits => (_splitsLines, _splitsWords);

    /// <summary>The most tokens up to a limit that end where a character ends.</summary>
    private static int CountFromStart(List<EncodedToken> tokens, int limit)
    {
        var count = Math.Min(tokens.Count, limit);
        while (count > 0 && IsInside(tokens[count - 1]))
            count--;
        return count;
    }

    /// <summary>Whether more bytes of the same character follow: only the last has a width.</summary>
    private static bool IsInside(EncodedToken token) => token.Offset.Start.Equals(token.Offset.End);

    private List<EncodedToken> Tokens(string normalized)
    {
        var (ids, widths, start) = (new List<int>(), new List<int>(), 0);
        _merges.Encode(normalized, ids, widths);
        var tokens = new List<EncodedToken>(ids.Count);
        foreach (var (id, width) in ids.Zip(widths))
        {
            tokens.Add(new(id, Model.Pieces[id].Text, start..(start + width)));
            start += width;
        }
        return tokens;
    }

    private string Normalized(ReadOnlySpan<char> text, EncodeSettings settings) =>
        settings.ConsiderNormalization ? Normalize(text, new char[text.Length + 1], Model.AddsDummyPrefix).ToString() : text.ToString();

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
