using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Cognito.Eval.Tokenizers.Bpe;
using Cognito.Eval.Tokenizers.SentencePiece;

namespace Cognito.Eval.Tests;

public sealed partial class SentencePieceTokenizerTests
{
    private static readonly string NanoPath =
        Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano", "tokenizer.model");
    private static readonly SentencePieceTokenizer s_nano = SentencePieceTokenizer.Load(NanoPath);

    [Fact]
    public void The_bundled_models_lines_and_words_apart_give_the_ids_of_the_whole()
    {
        Assert.Equal((LineCut.AfterLineFeed, true), (s_nano.LineCut, s_nano.SplitsWords));
        string[] texts = ["", " ", "   a  b", "Question: 1 + 1 =", "\t\tif (x)", "▁▁ x▁", "é😀\u0301", "\ud800z"];
        AssertSplitsExactly(s_nano, texts);
    }

    [Fact]
    public void The_bundled_models_ids_are_those_of_its_vocabulary()
    {
        string[] pieces = ["▁The", "▁", "<0x0A>", "<0x0A>"];
        Assert.Equal(pieces, s_nano.EncodeToTokens("The \n\n", out _).Select(token => token.Value));
        Assert.Equal((4096, 0, 1, 2), (s_nano.VocabularySize, s_nano.UnknownId, s_nano.BosId, s_nano.EosId));
    }

    [Fact]
    public void An_empty_text_has_no_ids_and_no_text_has_bos_or_eos()
    {
        Assert.Empty(s_nano.Encode(""));
        Assert.Empty(s_nano.EncodeToIds(""));
        Assert.DoesNotContain(s_nano.Encode("<s>The</s><unk>"), id => id <= 2);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_the_replacement_character()
    {
        Assert.Equal(s_nano.Encode("a\ufffdb\ufffd"), s_nano.Encode("a\ud83db\ude00"));
        Assert.Equal("a\ufffdb\ufffd", s_nano.Decode(s_nano.Encode("a\ud83db\ude00")));
    }

    [Fact]
    public void Only_the_first_space_is_taken_away_and_special_pieces_show_on_demand()
    {
        int[] ids = [1, .. s_nano.Encode("The"), .. s_nano.Encode("The"), 2];
        Assert.Equal("The The", s_nano.Decode(ids));
        Assert.Equal("<s> The The</s>", s_nano.Decode(ids, withSpecial: true));
        Assert.Equal(" The", s_nano.Decode(s_nano.Encode(" The")));
        Assert.Equal("", s_nano.Decode([0]));
    }

    [Fact]
    public void Bytes_that_are_no_characters_decode_to_one_replacement_character_each()
    {
        Assert.Equal("\ufffd\ufffd\ufffd\ufffd\ufffd", s_nano.Decode(Bytes(0xE2, 0x82, 0xC3, 0xA9, 0xF0)));
        Assert.Equal("é", s_nano.Decode(Bytes(0xC3, 0xA9)));
        Assert.Equal("\ufffd\ufffd\ufffd", s_nano.Decode(Bytes(0xED, 0xA0, 0x80)));
        Assert.Equal("\ufffd the", s_nano.Decode([.. Bytes(0xE2), s_nano.Model.IdOf("▁the")!.Value]));
    }

    [Fact]
    public void Ids_outside_the_vocabulary_are_no_text() =>
        Assert.Equal("The", s_nano.Decode([-1, .. s_nano.Encode("The"), 4096, int.MaxValue]));

    [Fact]
    public void A_limited_text_is_cut_where_a_character_ends()
    {
        const string text = "The 😀 cat";
        var tokens = s_nano.EncodeToTokens(text, out var normalized);
        for (var limit = 1; limit <= tokens.Count + 1; limit++)
        {
            var end = s_nano.GetIndexByTokenCount(text, limit, out _, out var count);
            Assert.InRange(count, Math.Min(limit, tokens.Count) - 3, limit);
            Assert.Equal(end, tokens.Take(count).Sum(Width));
            Assert.False(char.IsLowSurrogate(end < normalized!.Length ? normalized[end] : 'x'));
            var ids = s_nano.EncodeToIds(text, limit, out _, out var consumed);
            Assert.Equal(tokens.Take(count).Select(token => token.Id), ids);
            Assert.Equal(end, consumed);
            var start = s_nano.GetIndexByTokenCountFromEnd(text, limit, out _, out count);
            Assert.InRange(count, Math.Min(limit, tokens.Count) - 3, limit);
            Assert.Equal(normalized.Length - start, tokens.TakeLast(count).Sum(Width));
        }
        Assert.Equal(normalized!.Length, s_nano.GetIndexByTokenCount(text, 99, out _, out var all));
        Assert.Equal(tokens.Count, all);
    }

    [Fact]
    public void Decoding_into_too_small_a_buffer_stops_between_characters()
    {
        var ids = s_nano.Encode("The 😀 cat");
        for (var size = 0; size <= 10; size++)
        {
            var buffer = new char[size];
            var status = s_nano.Decode(ids, buffer, out var consumed, out var written);
            Assert.Equal(size < 10 ? OperationStatus.DestinationTooSmall : OperationStatus.Done, status);
            Assert.Equal(s_nano.Decode(ids.Take(consumed)), new string(buffer, 0, written));
            Assert.DoesNotContain('\ufffd', buffer);
        }
    }

    [Fact]
    public void Several_threads_get_the_same_ids()
    {
        var tokenizer = SentencePieceTokenizer.Load(NanoPath);
        var texts = Enumerable.Range(0, 400).Select(i => $"Line {i % 37}\nof the {i % 11} cats").ToArray();
        var ids = texts.AsParallel().AsOrdered().Select(text => tokenizer.Encode(text)).ToArray();
        Assert.Equal(texts.Select(tokenizer.EncodeWhole), ids);
    }

    [Fact]
    public void Contexts_and_continuations_have_the_reference_harness_token_counts()
    {
        var requests = Lines(Shared.Path("goldens", "harness", "requests", "arc_challenge.jsonl.gz")).Take(400);
        var answers = Lines(Shared.Path("goldens", "cognito-nano", "arc_challenge.jsonl.gz"));
        foreach (var (request, answer) in requests.Zip(answers))
        {
            var context = request.GetProperty("context").GetString()!;
            var whole = s_nano.Encode(context + request.GetProperty("continuation").GetString());
            var alone = s_nano.Encode(context);
            var expected = (answer[2].GetInt32(), answer[3].GetInt32());
            Assert.Equal(expected, (alone.Length, whole.Length - alone.Length));
            Assert.Equal(alone, whole[..alone.Length]);
        }
    }

    private static int Width(Microsoft.ML.Tokenizers.EncodedToken token) =>
        token.Offset.End.Value - token.Offset.Start.Value;

    private static IEnumerable<int> Bytes(params byte[] bytes) =>
        bytes.Select(b => s_nano.Model.IdOf($"<0x{b:X2}>")!.Value);
}
