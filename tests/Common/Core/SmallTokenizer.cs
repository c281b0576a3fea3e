using System.Buffers.Binary;
using System.Text;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tests;

/// <summary>A tokenizer.model of a few pieces, every kind among them.</summary>
internal static class SmallTokenizer
{
    public static byte[] Bytes(bool byteFallback)
    {
        List<(string Text, PieceType Type)> pieces =
            [("<unk>", PieceType.Unknown), ("<s>", PieceType.Control), ("</s>", PieceType.Control), ("<user>", PieceType.UserDefined)];
        if (byteFallback)
            pieces.AddRange(Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", PieceType.Byte)));
        pieces.AddRange("▁ a b ab ▁a aa é o l e h ll he".Split(' ').Select(text => (text, PieceType.Normal)));
        return
        [
            .. pieces.Index().SelectMany(p => Field(1, [.. Field(1, Encoding.UTF8.GetBytes(p.Item.Text)), .. Score(-p.Index), .. Number(3, (int)p.Item.Type)])),
            .. Field(2, [.. Number(3, 2), .. Number(35, byteFallback ? 1 : 0), .. Field(44, " ⁇ "u8.ToArray()), .. Field(47, "</s>"u8.ToArray())]),
            .. Field(3, [.. Number(3, 1), .. Number(4, 0), .. Number(5, 1)]),
        ];
    }

    private static byte[] Score(float score)
    {
        byte[] bytes = [2 << 3 | 5, 0, 0, 0, 0];
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(1), score);
        return bytes;
    }

    private static byte[] Field(int number, byte[] bytes) => [.. Varint(number << 3 | 2), .. Varint(bytes.Length), .. bytes];

    private static byte[] Number(int field, int value) => [.. Varint(field << 3), .. Varint(value)];

    private static byte[] Varint(int number) => number < 128 ? [(byte)number] : [(byte)(number | 128), .. Varint(number >> 7)];
}
