using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers.Bpe;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tests;

public sealed partial class SentencePieceModelTests
{
    [Fact]
    public void A_better_score_merges_first_and_of_equal_scores_the_leftmost()
    {
        var tokenizer = Tokenizer([s_unknown, Piece("▁", -9), Piece("a", -7), Piece("aa", -1), Piece("aaa", -1)]);
        Assert.Equal(["▁", "aaa", "aa"], Values(tokenizer, "aaaaa"));
        tokenizer = Tokenizer([s_unknown, Piece("▁", -9), Piece("a", -7), Piece("b", -7), Piece("c", -7),
            Piece("ab", -2), Piece("bc", -1)]);
        Assert.Equal(["▁", "a", "bc"], Values(tokenizer, "abc"));
    }

    [Fact]
    public void A_pair_that_another_merge_took_away_does_not_lend_its_score_to_what_is_there_now()
    {
        var tokenizer = Tokenizer([s_unknown, Piece("▁", -30), Piece("a", -30), Piece("b", -30), Piece("c", -30),
            Piece("d", -30), Piece("bc", -1), Piece("ab", -5), Piece("bcd", -10), Piece("abc", -20)]);
        Assert.Equal(["▁", "a", "bcd"], Values(tokenizer, "abcd"));
    }

    [Fact]
    public void A_piece_may_hold_a_character_that_is_no_piece()
    {
        var tokenizer = Tokenizer([s_unknown, Piece("▁", -9), Piece("x", -7), Piece("xy", -1)]);
        Assert.Equal(["▁", "xy", "<unk>"], Values(tokenizer, "xyy"));
    }

    [Fact]
    public void Without_byte_pieces_a_run_of_strange_characters_is_one_unknown_piece()
    {
        var tokenizer = Tokenizer(s_abc);
        var tokens = tokenizer.EncodeToTokens("abé😀\nb€", out var normalized);
        Assert.Equal(["▁", "ab", "<unk>", "b", "<unk>"], tokens.Select(token => token.Value));
        Assert.Equal(["▁", "ab", "é😀\n", "b", "€"], tokens.Select(token => normalized![token.Offset]));
        Assert.Equal(tokens.Select(token => token.Id), tokenizer.Encode("abé😀\nb€"));
        Assert.Equal((LineCut.Never, false), (tokenizer.LineCut, tokenizer.SplitsWords));
    }

    [Fact]
    public void User_defined_pieces_are_taken_whole_longest_first_and_never_merge()
    {
        var tokenizer = Tokenizer([.. s_abc, Piece("bb", 0), Piece("aab", 0, PieceType.UserDefined),
            Piece("aa", 0, PieceType.UserDefined), Piece("▁a", 0)]);
        Assert.Equal(["▁", "aab", "bb"], Values(tokenizer, "aabbb"));
        Assert.Equal(["▁", "aa", "▁a", "▁", "aa", "ab"], Values(tokenizer, "aa a aaab"));
    }

    [Fact]
    public void A_line_feed_inside_of_a_piece_keeps_lines_together()
    {
        var bytes = Enumerable.Range(0, 256).Select(b => Piece($"<0x{b:X2}>", 0, PieceType.Byte));
        var trainer = Message(2, [.. Number(3, 2), .. Number(35, 1)]);
        byte[][] pieces = [.. s_abc, Piece("\n", -5), .. bytes];
        Assert.Equal((LineCut.AfterLineFeed, true), (Tokenizer(pieces, trainer).LineCut, Tokenizer(pieces, trainer).SplitsWords));
        Assert.Equal(["▁", "ab", "\n", "\n", "<0x63>"], Values(Tokenizer(pieces, trainer), "ab\n\nc"));
        pieces = [.. pieces, Piece("\n\n", -4), Piece("a▁", -3)];
        Assert.Equal((LineCut.Never, false), (Tokenizer(pieces, trainer).LineCut, Tokenizer(pieces, trainer).SplitsWords));
        Assert.Equal(["▁", "ab", "\n\n", "a▁", "b"], Values(Tokenizer(pieces, trainer), "ab\n\na b"));
    }

    [Fact]
    public void A_model_may_do_without_the_dummy_prefix()
    {
        var normalizer = Message(3, [.. Number(3, 0), .. Number(4, 0)]);
        var tokenizer = Tokenizer(s_abc, normalizer: normalizer);
        Assert.Equal(["ab"], Values(tokenizer, "ab"));
        Assert.Equal(" ab", tokenizer.Decode(tokenizer.Encode(" ab")));
    }

    public static TheoryData<string, byte[]> Refused => new()
    {
        { "is a unigram model", Abc(trainer: Message(2, Number(3, 1))) },
        { "is a unigram model", Abc(trainer: Message(2, [])) },
        { "normalizes characters", Abc(normalizer: Message(3, [.. Number(4, 0), .. Text(2, "xxxx")])) },
        { "removes extra whitespace", Abc(normalizer: Message(3, [])) },
        { "does not escape whitespace", Abc(normalizer: Message(3, [.. Number(4, 0), .. Number(5, 0)])) },
        { "treats whitespace as suffix", Abc(trainer: Message(2, [.. Number(3, 2), .. Number(24, 1)])) },
        { "0 byte pieces", Abc(trainer: Message(2, [.. Number(3, 2), .. Number(35, 1)])) },
        { "no unknown piece", Holding(Piece("a", 0)) },
        { "both the unknown", Holding(s_unknown, Piece("x", 0, PieceType.Unknown)) },
        { "pieces 1 and 2 have the same text", Holding(s_unknown, Piece("a", 0), Piece("a", 0)) },
        { "piece 1 has no text", Holding(s_unknown, Piece("", 0)) },
        { "piece 1 has no text, no finite score", Holding(s_unknown, Piece("a", float.NaN)) },
        { "no known type", Holding(s_unknown, Piece("a", 0, (PieceType)9)) },
        { "piece 1 is unused", Holding(s_unknown, Piece("a", 0, PieceType.Unused)) },
        { "a piece has 600 bytes", Holding(s_unknown, Piece(new('a', 600), 0)) },
        { "not UTF-8", Holding(s_unknown, Message(1, [0x0A, 1, 0xFF])) },
        { "no pieces", [] },
        { "no trainer_spec", [.. s_unknown] },
        { "no normalizer_spec", [.. s_unknown, .. s_trainer] },
        { "wire type", Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\n") },
        { "says 4294967295 bytes", [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F] },
        { "a number is too long", [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02] },
    };

    [Theory, MemberData(nameof(Refused))]
    public void What_is_not_encoded_exactly_is_refused_in_one_line(string fact, byte[] file)
    {
        var message = Assert.Throws<InputException>(() => SentencePieceModel.Parse(file, "x/tokenizer.model")).Message;
        Assert.StartsWith("x/tokenizer.model: ", message);
        Assert.Contains(fact, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var message = Assert.Throws<InputException>(() => SentencePieceTokenizer.Load("no/tokenizer.model")).Message;
        Assert.StartsWith("no/tokenizer.model: no such file; ", message);
    }

    private static SentencePieceTokenizer Tokenizer(
        byte[][] pieces, byte[]? trainer = null, byte[]? normalizer = null) =>
        new(SentencePieceModel.Parse(
            [.. pieces.SelectMany(piece => piece), .. trainer ?? s_trainer, .. normalizer ?? s_normalizer], "tiny"));

    private static IEnumerable<string> Values(SentencePieceTokenizer tokenizer, string text)
    {
        var tokens = tokenizer.EncodeToTokens(text, out _);
        Assert.Equal(tokens.Select(token => token.Id), tokenizer.Encode(text));
        return tokens.Select(token => token.Value);
    }

    private static byte[] Abc(byte[]? trainer = null, byte[]? normalizer = null) =>
        [.. s_abc.SelectMany(piece => piece), .. trainer ?? s_trainer, .. normalizer ?? s_normalizer];
}
