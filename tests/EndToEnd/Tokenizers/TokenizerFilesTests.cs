using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Tokenizers.SentencePiece;
using static Cognito.Eval.Tests.ByteLevelJson;

namespace Cognito.Eval.Tests;

/// <summary>Which of a checkpoint's tokenizer files says what: docs/tokenizers.md, line by line.</summary>
public sealed class TokenizerFilesTests : IDisposable
{
    private const string Yacht = """{"content":"yacht","lstrip":false,"normalized":false,"rstrip":false,"single_word":false,"special":false}""";
    private static readonly string s_modelHash = SentencePieceModel.Load(PiecesJson.ModelPath).Sha256;
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private CheckpointTokenizer Open(string config, JsonObject? json = null, bool model = true, params (string Name, string Text)[] others)
    {
        foreach (var file in Directory.GetFiles(folder.Path))
            File.Delete(file);
        if (model)
            File.Copy(PiecesJson.ModelPath, Path.Combine(folder.Path, "tokenizer.model"));
        if (json is not null)
            File.WriteAllText(Path.Combine(folder.Path, "tokenizer.json"), json.ToJsonString());
        foreach (var (name, text) in others.Append(("tokenizer_config.json", config)))
            File.WriteAllText(Path.Combine(folder.Path, name), text);
        return CheckpointTokenizer.Open(folder.Path);
    }

    private static string[] Spelled(CheckpointTokenizer tokenizer, string text) =>
        [.. tokenizer.Tokenizer.Encode(text).Select(tokenizer.Tokenizer.Spelled)];

    private const string Plain = """{"eos_token":"</s>","tokenizer_class":"LlamaTokenizer"}""";

    [Fact]
    public void Where_both_files_say_the_same_tokenizer_model_names_the_tokenizer()
    {
        var (alone, both) = (Open(Plain), Open(Plain, PiecesJson.Of()));
        Assert.Equal(("tokenizer.model", s_modelHash, null), (both.Tokenizer.FileName, both.Sha256, both.Note));
        Assert.Equal(("tokenizer.model", s_modelHash, null), (alone.Tokenizer.FileName, alone.Sha256, alone.Note));
        string[] texts = ["", " ", "The cat </s> sat.\n\n  é😀 <s>x", "<unk>\n\ty", "7,000 of  them"];
        foreach (var text in texts)
            Assert.Equal(alone.Tokenizer.Encode(text), both.Tokenizer.Encode(text));
        Assert.Equal(["▁a", "</s>", "▁b"], Spelled(alone, "a</s>b"));
    }

    [Theory]
    [InlineData("added", "tokenizer.json: has an added token \"yacht\"")]
    [InlineData("vocabulary", "another vocabulary")]
    [InlineData("merges", "other merges")]
    [InlineData("spaces", "another way with spaces")]
    public void Where_tokenizer_json_says_otherwise_it_is_used_and_this_is_said(string what, string fact)
    {
        var json = PiecesJson.Of(what == "added" ? [Added(4096, "yacht", special: false)] : []);
        if (what == "vocabulary")
            json["model"]!["vocab"]!["zzzzz"] = 4096;
        if (what == "merges")
            json["model"]!["merges"]!.AsArray().RemoveAt(7);
        if (what == "spaces")
            json["normalizer"]!["normalizers"]!.AsArray().RemoveAt(0);
        var tokenizer = Open(Plain, json);
        Assert.Equal("tokenizer.json", tokenizer.Tokenizer.FileName);
        Assert.Contains(fact, tokenizer.Note);
        Assert.EndsWith("; tokenizer.json is used", tokenizer.Note);
        Assert.NotEqual(s_modelHash, tokenizer.Sha256);
    }

    [Theory]
    [InlineData("IQ== 0\nIg== 1\nIw== 2\n")]
    [InlineData("version https://git-lfs.github.com/spec/v1\n")]
    [InlineData("")]
    public void A_tokenizer_model_that_is_none_gives_way_to_tokenizer_json(string bytes)
    {
        var tokenizer = Open(Plain, PiecesJson.Of(), model: false, ("tokenizer.model", bytes));
        Assert.Equal("tokenizer.json", tokenizer.Tokenizer.FileName);
        Assert.StartsWith("tokenizer.model: not a SentencePiece model", tokenizer.Note);
        Assert.Throws<InputException>(() => Open(Plain, json: null, model: false, ("tokenizer.model", bytes)));
    }

    [Theory]
    [InlineData("decoder", true), InlineData("decoder", false), InlineData("old", true), InlineData("old", false)]
    public void Added_tokens_beside_the_vocabulary_count_whichever_file_carries_it(string form, bool model)
    {
        var config = form == "old" ? Plain : $$$"""{"eos_token":"</s>","added_tokens_decoder":{"4096":{{{Yacht}}}}}""";
        var json = model ? null : PiecesJson.Of();
        var tokenizer = Open(config, json, model, form == "old" ? [("added_tokens.json", """{"yacht":4096}""")] : []);
        Assert.Equal(4097, tokenizer.VocabularySize);
        Assert.Contains(4096, tokenizer.Tokenizer.Encode("a yacht"));
        // One of the old file is looked for in normalised text, where the space before it is part of it; it is decoded without.
        Assert.Equal(form == "old" ? "ayacht" : "a yacht", tokenizer.Tokenizer.Decode(tokenizer.Tokenizer.Encode("a yacht")));
        Assert.Equal(form == "decoder", tokenizer.Tokenizer.Encode("a,yachts").Contains(4096));
        Assert.NotEqual(Open(Plain, json, model).Sha256, tokenizer.Sha256);
    }

    [Fact]
    public void Flags_of_added_tokens_hold_beside_tokenizer_model()
    {
        static string Token(string more) => $$"""{"content":"<x>","normalized":false,"special":true{{more}}}""";
        CheckpointTokenizer With(string more) => Open($$$"""{"eos_token":"</s>","added_tokens_decoder":{"4096":{{{Token(more)}}}}}""");
        Assert.Equal(["▁a", "▁", "<x>", "▁", "\n", "▁b"], Spelled(With(""), "a <x> \n b").Select(Line));
        Assert.Equal(["▁a", "▁", "<x>", "▁b"], Spelled(With(",\"rstrip\":true"), "a <x> \n b"));
        Assert.Equal(["▁a", "<x>", "▁", "\n", "▁b"], Spelled(With(",\"lstrip\":true"), "a <x> \n b").Select(Line));
        Assert.DoesNotContain("<x>", Spelled(With(",\"single_word\":true"), "a<x>b"));
        Assert.Equal("a b", With("").Tokenizer.Decode(With("").Tokenizer.Encode("a<x>b")));

        static string Line(string piece) => piece == "<0x0A>" ? "\n" : piece == "▁▁" ? "▁" : piece;
    }

    [Fact]
    public void Another_id_than_the_tokens_turn_is_refused()
    {
        var message = Assert.Throws<InputException>(() => Open($$$"""{"added_tokens_decoder":{"4100":{{{Yacht}}}}}""")).Message;
        Assert.Contains("\"yacht\" has id 4100, but tokenizer.model goes on with 4096", message);
    }

    [Theory]
    [InlineData("""{"eos_token":"</s>"}""", """{"eos_token":"<|im_end|>"}""", "<|im_end|>")]
    [InlineData("""{"eos_token":"</s>"}""", """{"eos_token":{"content":"<|im_end|>","lstrip":false}}""", "<|im_end|>")]
    [InlineData("""{"eos_token":"</s>"}""", """{"bos_token":"<s>"}""", "</s>")]
    [InlineData("""{"eos_token":"</s>","added_tokens_decoder":{}}""", """{"eos_token":"<|im_end|>"}""", "</s>")]
    [InlineData("""{"tokenizer_class":"LlamaTokenizerFast"}""", "{}", "</s>")]
    public void special_tokens_map_wins_unless_the_added_tokens_are_listed(string config, string map, string end)
    {
        var json = PiecesJson.Of(Added(4096, "<|im_end|>"));
        Assert.Equal(end, Open(config, json, model: true, ("special_tokens_map.json", map)).EndText);
        Assert.Equal(end, Open(config, json, model: false, ("special_tokens_map.json", map)).EndText);
    }

    [Fact]
    public void An_end_of_text_that_no_file_gives_an_id_is_refused() => Assert.Contains(
        "eos_token is \"<end>\", which tokenizer.model does not hold", Assert.Throws<InputException>(() => Open("""{"eos_token":"<end>"}""")).Message);

    [Theory, InlineData(true), InlineData(false)]
    public void Spaces_before_punctuation_go_whichever_file_carries_the_vocabulary(bool model)
    {
        var config = """{"eos_token":"</s>","clean_up_tokenization_spaces":true}""";
        var tokenizer = Open(config, model ? null : PiecesJson.Of(), model).Tokenizer;
        Assert.Equal("so, he did.", tokenizer.Decode(tokenizer.Encode("so , he did .")));
        Assert.Equal("so , he did .", Open(Plain).Tokenizer.Decode(tokenizer.Encode("so , he did .")));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Special_tokens_are_text_where_the_configuration_says_so(bool model)
    {
        var config = """{"eos_token":"</s>","split_special_tokens":true}""";
        var tokenizer = Open(config, model ? null : PiecesJson.Of(), model);
        Assert.DoesNotContain(2, tokenizer.Tokenizer.Encode("a</s>b"));
        Assert.Contains(2, Open(Plain).Tokenizer.Encode("a</s>b"));
    }

    [Fact]
    public void A_space_in_front_is_as_add_prefix_space_and_legacy_say()
    {
        Assert.Equal(["▁The", "</s>", "▁The"], Spelled(Open(Plain), "The</s>The"));
        var first = Open("""{"eos_token":"</s>","legacy":false}""");
        Assert.Equal(s_modelHash, first.Sha256);
        Assert.Equal("▁The", Spelled(first, "The</s>The")[0]);
        Assert.NotEqual("▁The", Spelled(first, "The</s>The")[2]);
        var without = Open("""{"eos_token":"</s>","add_prefix_space":false}""");
        Assert.NotEqual("▁The", Spelled(without, "The")[0]);
        Assert.Equal(" The", without.Tokenizer.Decode(without.Tokenizer.Encode(" The")));
        Assert.NotEqual(s_modelHash, without.Sha256);
    }

    [Fact]
    public void A_role_without_an_id_changes_neither_name_nor_size()
    {
        var tokenizer = Open("""{"eos_token":"</s>","pad_token":"[PAD]"}""");
        Assert.Equal((s_modelHash, 4096), (tokenizer.Sha256, tokenizer.VocabularySize));
        Assert.Contains(4096, tokenizer.Tokenizer.Encode("a [PAD]"));
    }

    private const string Image = """{"__type":"AddedToken","content":"<image>","lstrip":false,"normalized":false,"rstrip":false,"special":true}""";

    [Theory]
    [InlineData("\"image_token\":\"<image>\"", true)]
    [InlineData($"\"image_token\":{Image}", true)]
    [InlineData("\"extra_special_tokens\":{\"image_token\":\"<image>\"}", true)]
    [InlineData($"\"extra_special_tokens\":{{\"image_token\":{Image}}}", true)]
    [InlineData("\"model_specific_special_tokens\":{\"image_token\":\"<image>\"}", true)]
    [InlineData("\"additional_special_tokens\":{\"image_token\":\"<image>\"}", true)]
    [InlineData("\"extra_special_tokens\":[\"<image>\"]", false)]
    [InlineData($"\"extra_special_tokens\":[{Image}],\"additional_special_tokens\":[]", false)]
    [InlineData("\"additional_special_tokens\":[\"<image>\"]", false)]
    public void A_models_own_special_tokens_are_cut_out_in_whatever_form_they_are_listed(string listed, bool isNamed)
    {
        foreach (var model in (bool[])[true, false])
        {
            var json = model ? null : PiecesJson.Of();
            var (plain, tokenizer) = (Open(Plain, json, model), Open($$$"""{"eos_token":"</s>",{{{listed}}}}""", json, model));
            Assert.Equal([4096], tokenizer.Tokenizer.Encode("a<image>b").Where(id => id >= 4096));
            Assert.Equal("a b", tokenizer.Tokenizer.Decode(tokenizer.Tokenizer.Encode("a<image>b")));
            Assert.Equal(plain.Tokenizer.Encode("a yacht"), tokenizer.Tokenizer.Encode("a yacht"));
            Assert.Equal(isNamed, tokenizer.Sha256 != plain.Sha256);
            Assert.Null(tokenizer.Note);
        }
    }

    [Fact]
    public void A_models_own_special_token_of_the_vocabulary_keeps_its_id_and_is_named_by_the_hash()
    {
        var own = Open(Plain);
        // Merges never stop at it inside a longer word.
        var (id, text) = Enumerable.Range(300, 3000).Select(id => (id, own.Tokenizer.Spelled(id)))
            .First(piece => piece.Item2.Length == 3 && piece.Item2.All(char.IsAsciiLetterLower)
                && !own.Tokenizer.Encode($"q{piece.Item2}q").Contains(piece.id));
        var tokenizer = Open($$$"""{"eos_token":"</s>","extra_special_tokens":{"boi_token":"{{{text}}}"}}""");
        Assert.Contains(id, tokenizer.Tokenizer.Encode($"q{text}q"));
        Assert.Equal(4096, tokenizer.VocabularySize);
        Assert.NotEqual(own.Sha256, tokenizer.Sha256);
    }

    [Theory]
    // tokenizer_config.json's own text wins over the map's, its list over additional_special_tokens of the map.
    [InlineData("\"x_token\":\"<a>\"", "{\"x_token\":\"<b>\"}", "<a>")]
    [InlineData("\"x_token\":{\"__type\":\"AddedToken\",\"content\":\"<a>\"}", "{\"x_token\":{\"content\":\"<b>\"}}", "<b>")]
    [InlineData("\"additional_special_tokens\":[\"<a>\"]", "{\"additional_special_tokens\":[\"<b>\"]}", "<a>")]
    [InlineData("\"additional_special_tokens\":[\"<a>\"]", "{\"extra_special_tokens\":[\"<b>\",\"<a>\"]}", "<a> <b>")]
    [InlineData("\"extra_special_tokens\":[\"<a>\"]", "{\"extra_special_tokens\":{\"x_token\":\"<b>\"}}", "<b>")]
    [InlineData("\"extra_special_tokens\":{\"x_token\":\"<a>\"}", "{\"additional_special_tokens\":[\"<b>\"]}", "<a> <b>")]
    [InlineData("\"legacy\":true", "{\"x_token\":{\"content\":\"<b>\"},\"additional_special_tokens\":[{\"content\":\"<a>\"}]}", "<b> <a>")]
    [InlineData("\"model_specific_special_tokens\":{\"x_token\":\"<a>\"},\"x_token\":\"<b>\"", "{}", "<b>")]
    [InlineData("\"extra_special_tokens\":{\"x_token\":\"<a>\"},\"added_tokens_decoder\":{}", "{\"y_token\":\"<b>\"}", "<a>")]
    [InlineData("\"y_token\":\"\",\"z_token\":true,\"w_token\":null,\"extra_special_tokens\":null", "{}", "")]
    public void Special_tokens_of_both_files_come_in_transformers_order(string config, string map, string tokens)
    {
        foreach (var model in (bool[])[true, false])
        {
            var tokenizer = Open($$$"""{"eos_token":"</s>",{{{config}}}}""", model ? null : PiecesJson.Of(), model, ("special_tokens_map.json", map));
            // In the order of their ids.
            Assert.Equal(tokens, string.Join(' ', tokenizer.Tokenizer.Encode("<a><b>").Where(id => id >= 4096).Order().Select(tokenizer.Tokenizer.Spelled)));
        }
    }

    [Theory]
    [InlineData("\"image_token\":{\"content\":\"<image>\"}",
        "tokenizer_config.json: image_token has no \"__type\": \"AddedToken\", without which transformers passes it over: \"<image>\" is text as any other")]
    [InlineData("\"additional_special_tokens\":[\"<image>\",\"<a>\",\"</s>\"],\"extra_special_tokens\":{}",
        "tokenizer_config.json: additional_special_tokens is not read beside extra_special_tokens, as in transformers 5: \"<image>\" and 1 more are text as any other")]
    public void What_transformers_passes_over_is_said_where_no_other_file_adds_it(string config, string note)
    {
        var tokenizer = Open($$$"""{"eos_token":"</s>",{{{config}}}}""");
        Assert.Equal(note, tokenizer.Note);
        Assert.DoesNotContain(4096, tokenizer.Tokenizer.Encode("a<image>b"));
        var json = PiecesJson.Of(Added(4096, "<image>"), Added(4097, "<a>"));
        Assert.Null(Open($$$"""{"eos_token":"</s>",{{{config}}}}""", json, model: false).Note);
    }

    [Theory]
    [InlineData("\"additional_special_tokens\":[\"<a>\"]", "{\"additional_special_tokens\":[\"<b>\",\"<a>\"]}",
        "special_tokens_map.json: additional_special_tokens is not read beside the lists that come before it, as in transformers 5: \"<b>\" is text as any other")]
    [InlineData("\"additional_special_tokens\":[\"<a>\"]", "{\"extra_special_tokens\":{\"x_token\":\"<b>\"}}",
        "tokenizer_config.json: additional_special_tokens is not read beside extra_special_tokens of special_tokens_map.json, as in transformers 5: \"<a>\" is text as any other")]
    [InlineData("\"legacy\":true", "{\"additional_special_tokens\":[\"<b>\"]}", null)]
    public void What_one_list_takes_from_another_is_said(string config, string map, string? note) =>
        Assert.Equal(note, Open($$$"""{"eos_token":"</s>",{{{config}}}}""", others: ("special_tokens_map.json", map)).Note);

    [Theory]
    [InlineData("\"bos_token\":5", "\"bos_token\" holds what is neither a text nor a token")]
    [InlineData("\"pad_token\":[\"<p>\"]", "\"pad_token\" holds what is neither a text nor a token")]
    [InlineData("\"extra_special_tokens\":\"<a>\"", "\"extra_special_tokens\" is no list of tokens")]
    [InlineData("\"additional_special_tokens\":\"<a>\"", "\"additional_special_tokens\" is no list of tokens")]
    [InlineData("\"additional_special_tokens\":[\"<a>\",null]", "\"additional_special_tokens\" holds what is neither a text nor a token")]
    [InlineData("\"extra_special_tokens\":[7]", "\"extra_special_tokens\" holds what is neither a text nor a token")]
    [InlineData("\"extra_special_tokens\":{\"x_token\":null}", "\"x_token\" in extra_special_tokens is neither a text nor an AddedToken")]
    [InlineData("\"extra_special_tokens\":{\"x_token\":{\"content\":\"<a>\"}}", "\"x_token\" in extra_special_tokens is neither a text nor an AddedToken")]
    public void A_special_token_on_which_transformers_stops_is_refused(string config, string fact)
    {
        var message = Assert.Throws<InputException>(() => Open($$$"""{"eos_token":"</s>",{{{config}}}}""")).Message;
        Assert.StartsWith(Path.Combine(folder.Path, "tokenizer_config.json") + ": " + fact, message);
    }

    [Fact]
    public void A_section_of_tokens_may_name_the_end_of_text() => Assert.Equal(
        "<s>", Open("""{"eos_token":"</s>","extra_special_tokens":{"eos_token":"<s>"}}""").EndText);

    [Fact]
    public void A_role_makes_a_token_special_that_both_files_call_none()
    {
        var added = Added(4096, "<image>", special: false).ToJsonString().Replace("\"id\":4096,", "");
        string Left(string decoder) => Open($$$"""{"eos_token":"</s>","image_token":"<image>","added_tokens_decoder":{{{{decoder}}}}}""",
            PiecesJson.Of(Added(4096, "<image>", special: false)), model: false) is var it ? it.Tokenizer.Decode(it.Tokenizer.Encode("a<image>b")) : "";
        Assert.Equal("a b", Left($"\"4096\":{added}"));
        Assert.Equal("a b", Left($"\"4096\":{added.Replace("\"lstrip\":false", "\"lstrip\":true")}"));
    }
}
