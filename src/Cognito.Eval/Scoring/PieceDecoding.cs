using System.Buffers;
using System.Globalization;
using System.Text;

namespace Cognito.Eval;

/// <summary>Turns ids back into text, one at a time, as SentencePiece does.</summary>
internal sealed class PieceDecoding(SentencePieceModel model, bool withSpecial)
{
    private readonly StringBuilder _text = new();
    private readonly byte[] _bytes = new byte[4];
    private int _count;
    private bool _prefixSeen;

    /// <summary>Characters decoded so far.</summary>
    public int Length => _text.Length;

    /// <summary>Whether the last ids were the first bytes of a character.</summary>
    public bool IsInsideCharacter => _count > 0;

    /// <summary>Appends an id. What no piece has, as the padding of a model's vocabulary, is no text.</summary>
    public void Append(int id)
    {
        if ((uint)id >= (uint)model.Pieces.Count)
            return;
        var piece = model.Pieces[id];
        if (piece.Type is PieceType.Byte)
        {
            var digits = piece.Text.AsSpan(3, 2);
            _bytes[_count++] = byte.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            AddCharacters(atEnd: false);
            return;
        }
        AddCharacters(atEnd: true);
        _text.Append(piece.Type switch
        {
            PieceType.Control or PieceType.Unknown when withSpecial => piece.Text,
            PieceType.Control => "",
            PieceType.Unknown => model.UnknownSurface,
            _ => WithoutPrefix(piece.Text).Replace(SentencePieceTokenizer.Space, ' '),
        });
    }

    /// <summary>The whole text.</summary>
    public StringBuilder End()
    {
        AddCharacters(atEnd: true);
        return _text;
    }

    private string WithoutPrefix(string piece)
    {
        if (_prefixSeen || Length > 0 || !model.AddsDummyPrefix || piece[0] != SentencePieceTokenizer.Space)
            return piece;
        _prefixSeen = true;
        return piece[1..];
    }

    // .NET's own decoder would join some of these U+FFFD.
    /// <summary>Each byte with which no character begins is one U+FFFD.</summary>
    private void AddCharacters(bool atEnd)
    {
        Span<char> utf16 = stackalloc char[2];
        while (_count > 0)
        {
            var status = Rune.DecodeFromUtf8(_bytes.AsSpan(0, _count), out var rune, out var width);
            if (status is OperationStatus.NeedMoreData && !atEnd)
                return;
            if (status is not OperationStatus.Done)
                (rune, width) = (Rune.ReplacementChar, 1);
            _text.Append(utf16[..rune.EncodeToUtf16(utf16)]);
            _bytes.AsSpan(width).CopyTo(_bytes);
            _count -= width;
        }
    }
}
