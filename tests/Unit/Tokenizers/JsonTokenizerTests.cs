using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers.Bpe;
using static Cognito.Eval.Tests.ByteLevelJson;

namespace Cognito.Eval.Tests;

/// <summary>tokenizer.json against Hugging Face's own tokenizers library, and what must hold for any text.</summary>
public sealed partial class JsonTokenizerTests
{
    [Fact]
    public void Lines_are_cut_where_the_pattern_is_known_to_allow_it()
    {
        Assert.Equal(LineCut.AfterLineFeed, Layout("llama3").LineCut);
        Assert.Equal(LineCut.AfterLineFeed, Layout("qwen").LineCut);
        Assert.Equal(LineCut.AfterLoneLineFeed, Layout("gpt2").LineCut);
        Assert.Equal(LineCut.AfterLoneLineFeed, Layout("digits").LineCut);
        Assert.Equal(LineCut.Never, Layout("gpt4o").LineCut);
        Assert.Equal(LineCut.Never, Tokenizer(Of(null, Added(FirstAdded, "a\nb"))).LineCut);
    }

    [Fact]
    public void Characters_outside_the_basic_plane_are_letters_and_digits_too()
    {
        var tokenizer = Tokenizer(Of());
        Assert.Equal(["\ud835\udd38b", "\ud835\udfd812", "3"], Words(tokenizer, "\ud835\udd38b\ud835\udfd8123"));
        Assert.Equal([" 😀😀", "a"], Words(tokenizer, " 😀😀a"));
        Assert.Equal(["a", "  ", " b"], Words(tokenizer, "a   b"));
        Assert.Equal(["x", "'S", "'\u017f", "y"], Words(tokenizer, "x'S'\u017fy"));
    }

    [Fact]
    public void Added_tokens_are_taken_whole_before_all_else()
    {
        var tokenizer = Tokenizer(Of(null, Added(FirstAdded, "<a>"), Added(FirstAdded + 1, "<a>b", special: false),
            Added(FirstAdded + 2, "wd", word: true), Added(FirstAdded + 3, "<l>", left: true, right: true)));
        Assert.Equal([FirstAdded, FirstAdded + 1, 'x'], tokenizer.Encode("<a><a>bx").Select(Letter));
        Assert.Equal("<a>bx", tokenizer.Decode(tokenizer.Encode("<a><a>bx")));
        Assert.Contains(FirstAdded + 2, tokenizer.Encode("a wd."));
        Assert.DoesNotContain(FirstAdded + 2, tokenizer.Encode("awd wda"));
        Assert.Equal(['a', FirstAdded + 3, 'b'], tokenizer.Encode("a \n <l> \nb").Select(Letter));

        int Letter(int id) => id < 256 && tokenizer.Spelled(id) is [var c] ? c : id;
    }

    [Fact]
    public void Whole_tokens_are_taken_without_merges_only_where_the_file_says_so()
    {
        var json = Of();
        json["model"]!["vocab"]!["zz"] = FirstAdded;
        json["added_tokens"] = new JsonArray();
        Assert.Equal(2, Tokenizer(json).Encode("zz").Length);
        json["model"]!["ignore_merges"] = true;
        Assert.Equal([FirstAdded], Tokenizer(json).Encode("zz"));
        Assert.Equal(3, Tokenizer(json).Encode("zzz").Length);
    }

    [Fact]
    public void Spaces_before_punctuation_go_where_the_checkpoint_says_so()
    {
        var text = "He did n't , did he ? 1 , 000 .";
        Assert.Equal(text, Tokenizer(Of()).Decode(Tokenizer(Of()).Encode(text)));
        Assert.Equal("He didn't, did he? 1, 000.", Tokenizer(Of(), cleansSpaces: true).Decode(Tokenizer(Of()).Encode(text)));
    }

    [Fact]
    public void Decoding_into_too_small_a_buffer_stops_between_characters()
    {
        var tokenizer = Tokenizer(Of());
        var ids = tokenizer.Encode("The 😀 cat");
        for (var size = 0; size <= 10; size++)
        {
            var buffer = new char[size];
            var status = tokenizer.Decode(ids, buffer, out var consumed, out var written);
            Assert.Equal(size < 10, status == System.Buffers.OperationStatus.DestinationTooSmall);
            Assert.Equal(tokenizer.Decode(ids.Take(consumed)), new string(buffer, 0, written));
            Assert.DoesNotContain('\ufffd', buffer);
        }
    }

    [Theory]
    [InlineData("NFC", "e\u0301\ufffee\u0301", "\u00e9\ufffe\u00e9")]
    [InlineData("NFD", "\u00e9\ufffe", "e\u0301\ufffe")]
    [InlineData("NFKC", "\ufb01\ufffe\uffff\ufdd0", "fi\ufffe\uffff\ufdd0")]
    [InlineData("NFKD", "\ufffe\u00bd", "\ufffe1\u20442")]
    public void A_text_is_composed_on_either_side_of_what_is_no_character(string form, string text, string expected)
    {
        var json = Of();
        json["normalizer"] = new JsonObject { ["type"] = form };
        Assert.Equal(expected, Tokenizer(json).Decode(Tokenizer(json).Encode(text)));
        Assert.Equal("\ufffd" + expected, Tokenizer(json).Decode(Tokenizer(json).Encode("\ud800" + text)));
    }

    // What crate 0.22.2 of the library answers for Phi-3's tokens.
    [Fact]
    public void What_follows_a_token_that_takes_white_space_begins_anew()
    {
        var json = PiecesJson.Of(Added(4096, "<|end|>", right: true));
        var tokenizer = Tokenizer(json);
        foreach (var text in (string[])["<|end|>\nThe", "<|end|>\n\nThe", "a\n<|end|>\nThe"])
        {
            Assert.Equal("▁The", tokenizer.Spelled(tokenizer.Encode(text)[^1]));
            Assert.Equal(tokenizer.EncodeWhole(text), tokenizer.Encode(text));
        }
        var span = LeaderboardV1.Rules.Encode(tokenizer, new(2), "Q<|end|>\nThe").With(" cat");
        Assert.Equal(tokenizer.EncodeWhole("Q<|end|>\nThe cat"), span.Context.Concat(span.Continuation));
    }

    [Fact]
    public void Bytes_that_no_text_has_need_no_token_and_others_do()
    {
        var json = Of();
        foreach (var value in (byte[])[0xC0, 0xC1, 0xF5, 0xFF])
            json["model"]!["vocab"]!.AsObject().Remove($"{ByteCharacters.Of(value)}");
        json["added_tokens"] = new JsonArray();
        Assert.Equal("é😀", Tokenizer(json).Decode(Tokenizer(json).Encode("é😀")));
        json["model"]!["vocab"]!.AsObject().Remove($"{ByteCharacters.Of(0xF4)}");
        Assert.Contains("for a byte", Assert.Throws<InputException>(() => Tokenizer(json)).Message);
    }

    [Fact]
    public void A_character_of_the_vocabulary_stands_for_its_byte()
    {
        var json = PiecesJson.Of();
        var vocab = json["model"]!["vocab"]!.AsObject();
        var id = (int)vocab["<0x09>"]!;
        vocab.Remove("<0x09>");
        vocab["\t"] = id;
        Assert.Contains(id, Tokenizer(json).Encode("a\tb"));
        Assert.Equal("a\tb", Tokenizer(json).Decode(Tokenizer(json).Encode("a\tb")));
    }

    // From crate 0.23 on a normalised special token is not skipped; the versions before are followed (docs/tokenizers.md).
    [Fact]
    public void A_normalised_special_token_is_left_out_as_any_other()
    {
        var tokenizer = Tokenizer(PiecesJson.Of(Added(4096, "<|end|>", normalized: true)));
        Assert.Equal([4096], tokenizer.Encode("<|end|>"));
        Assert.Equal("", tokenizer.Decode([4096]));
        Assert.Equal("<|end|>", tokenizer.Decode([4096], withSpecial: true));
    }

    /// <summary>The words of a text: every token is a byte or a merge within one.</summary>
    private static string[] Words(JsonTokenizer tokenizer, string text)
    {
        var cuts = PreTokenization.Read(new(JsonSerializer.SerializeToElement(Of()).GetProperty("pre_tokenizer"), "tokenizer.json"));
        Assert.NotEmpty(tokenizer.Encode(text));
        return [.. cuts.Split(text).Select(range => text[range])];
    }
}
