using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Tokenizers.Bpe;
using static Cognito.Eval.Tests.ByteLevelJson;

namespace Cognito.Eval.Tests;

/// <summary>What a tokenizer.json asks for is done exactly or refused in one line; so is what stands beside it.</summary>
public sealed class JsonTokenizerFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static JsonObject With(string key, string value, string? inside = null)
    {
        var json = Of();
        (inside is null ? json : json[inside]!.AsObject())[key] = JsonNode.Parse(value);
        return json;
    }

    public static TheoryData<string, string, string?, string> Strange => new()
    {
        { "normalizer", """{"type":"Lowercase"}""", null, "normalizer: \"Lowercase\"" },
        { "normalizer", """{"type":"Replace","pattern":{"Regex":"a"},"content":""}""", null, "\"Replace\"" },
        { "pre_tokenizer", """{"type":"Whitespace"}""", null, "pre_tokenizer: \"Whitespace\"" },
        { "pre_tokenizer", """{"type":"Split","pattern":{"Regex":"\\p{Han}+"},"behavior":"Isolated"}""", null, "\\p{Han}" },
        { "pre_tokenizer", """{"type":"Split","pattern":{"Regex":"(?<=a)b"},"behavior":"Isolated"}""", null, "(?<" },
        { "pre_tokenizer", """{"type":"Split","pattern":{"Regex":"(a+)+b"},"behavior":"Isolated"}""", null, "repeated" },
        { "pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a*"},"behavior":"Isolated"}""", null, "no character" },
        { "pre_tokenizer", $$"""{"type":"Split","pattern":{"String":"{{new string('a', 40_000)}}"},"behavior":"Isolated"}""", null, "more than 512" },
        { "pre_tokenizer", $$"""{"type":"Split","pattern":{"Regex":"\n{{new string('(', 5_000)}}"},"behavior":"Isolated"}""", null, "more than 4,096" },
        { "pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a"},"behavior":"Merged"}""", null, "\"Merged\"" },
        { "pre_tokenizer", """{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]}""", null, "follows ByteLevel" },
        { "pre_tokenizer", "null", null, "byte_fallback" },
        { "post_processor", """{"type":"Other"}""", null, "\"Other\"" },
        { "decoder", """{"type":"WordPiece"}""", null, "decoder: \"WordPiece\"" },
        { "type", "\"Unigram\"", "model", "\"Unigram\"" },
        { "dropout", "0.1", "model", "chance" },
        { "end_of_word_suffix", "\"</w>\"", "model", "</w>" },
        { "merges", """["t h","q zz"]""", "model", "merge 1" },
        { "vocab", """{"a":0}""", "model", "for a byte" },
        { "vocab", """{"a":0,"b":0}""", "model", "\"b\"" },
        { "added_tokens", """[{"id":900,"content":"<x>"}]""", null, "\"<x>\" has id 900" },
        { "added_tokens", "5", null, "no list" },
    };

    [Theory, MemberData(nameof(Strange))]
    public void What_is_not_done_exactly_is_refused(string key, string value, string? inside, string fact)
    {
        var message = Assert.Throws<InputException>(() => Tokenizer(With(key, value, inside))).Message;
        Assert.StartsWith("tokenizer.json", message);
        Assert.Contains(fact, message);
        Assert.Contains("; ", message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_file_cut_short_is_refused_wherever_it_is_cut()
    {
        var whole = System.Text.Encoding.UTF8.GetBytes(Of().ToJsonString());
        for (var length = 0; length < whole.Length; length += 61)
            Assert.Throws<InputException>(() => JsonTokenizer.Parse(whole[..length], "tokenizer.json", TokenizerConfig.None));
    }

    [Fact]
    public void The_end_of_text_is_what_the_configuration_names()
    {
        var tokenizer = Open("""{"eos_token": "<|end_of_text|>", "clean_up_tokenization_spaces": true}""");
        Assert.Equal((FirstAdded, End), (tokenizer.EndId, tokenizer.EndText));
        Assert.True(((JsonTokenizer)tokenizer.Tokenizer).CleansSpaces);
        Assert.Equal([FirstAdded], tokenizer.Encode(new LogLikelihood("", "x")).Context);
        Assert.Equal([FirstAdded], tokenizer.Tokenizer.Encode(End));
    }

    [Theory]
    [InlineData("{}", "names no eos_token")]
    [InlineData("""{"eos_token": "</s>"}""", "\"</s>\"")]
    [InlineData("""{"eos_token": "<|end_of_text|>", "add_prefix_space": true}""", "add_prefix_space is true")]
    [InlineData("""{"eos_token": "<|end_of_text|>", "added_tokens_decoder": {"300": {"content": "<x>"}}}""", "\"<x>\" has id 300")]
    public void A_configuration_that_says_otherwise_is_refused(string config, string fact) =>
        Assert.Contains(fact, Assert.Throws<InputException>(() => Open(config)).Message);

    private CheckpointTokenizer Open(string config)
    {
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer.json"), Of().ToJsonString());
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer_config.json"), config);
        return CheckpointTokenizer.Open(folder.Path);
    }
}
