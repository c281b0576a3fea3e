using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers.Bpe;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tests;

public sealed partial class SentencePieceModelTests
{
    private static readonly byte[] s_unknown = Piece("<unk>", 0, PieceType.Unknown);

    private static readonly byte[] s_trainer = Message(2, [.. Number(3, 2)]);

    private static readonly byte[] s_normalizer = Message(3, [.. Number(4, 0)]);

    private static readonly byte[][] s_abc =
        [s_unknown, Piece("▁", -9), Piece("a", -7), Piece("b", -8), Piece("ab", -1)];

    private static byte[] Holding(params byte[][] pieces) =>
        [.. pieces.SelectMany(piece => piece), .. s_trainer, .. s_normalizer];

    private static byte[] Piece(string text, float score, PieceType type = PieceType.Normal) =>
        Message(1, [.. Text(1, text), 0x15, .. BitConverter.GetBytes(score), .. Number(3, (int)type)]);

    private static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Message(int field, byte[] bytes) =>
        [.. Varint((field << 3) | 2), .. Varint(bytes.Length), .. bytes];

    private static byte[] Number(int field, int value) => [.. Varint(field << 3), .. Varint(value)];

    private static byte[] Varint(int value) =>
        value < 128 ? [(byte)value] : [(byte)(value | 128), .. Varint(value >> 7)];
}
