using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers.Bpe;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tests;

/// <summary>Thousands of damaged models.</summary>
public sealed partial class SentencePieceModelTests
{
    [Fact]
    public void A_model_cut_anywhere_is_refused()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano", "tokenizer.model");
        var whole = File.ReadAllBytes(path);
        // The specs lie in the last hundred bytes: there every length, before them one in 499.
        for (var length = 0; length < whole.Length; length += length > whole.Length - 600 ? 1 : 499)
            Assert.Throws<InputException>(() => SentencePieceModel.Parse(whole.AsSpan(0, length), "cut"));
        Assert.Equal(4096, SentencePieceModel.Parse(whole, "whole").Pieces.Count);
        var small = Holding(s_abc);
        for (var length = 0; length < small.Length; length++)
            Assert.Throws<InputException>(() => SentencePieceModel.Parse(small.AsSpan(0, length), "cut"));
    }

    [Fact]
    public void Damaged_models_are_read_or_refused_and_nothing_else()
    {
        var (random, read, refused) = (new Random(3), 0, 0);
        byte[][] files = [Holding(s_abc), Holding([.. s_abc, Piece("aa", 0, PieceType.UserDefined)]), new byte[300]];
        for (var i = 0; i < 20_000; i++)
        {
            var file = files[i % files.Length].ToArray();
            for (var hits = i % files.Length == 2 ? 300 : 1 + random.Next(3); hits > 0; hits--)
                file[random.Next(file.Length)] = (byte)random.Next(256);
            try
            {
                new SentencePieceTokenizer(SentencePieceModel.Parse(file, "damaged")).Encode("ab\nabé aab");
                read++;
            }
            catch (InputException)
            {
                refused++;
            }
        }
        Assert.True(read > 100 && refused > 10_000, $"{read} read, {refused} refused");
    }
}
