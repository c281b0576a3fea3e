using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Tokenizers.Bpe;

namespace Cognito.Eval.Tests;

/// <summary>Small tokenizer.json files, made up: bytes, a few merges, and whatever else a test asks for.</summary>
internal static class ByteLevelJson
{
    public const string End = "<|end_of_text|>";

    private static readonly string[] Merges =
    [
        "t h", "Ġ t", "Ġt h", "Ġth e", "i n", "e r", "Ġ a", "Ċ Ċ", "Ġ Ġ", "ĠĠ ĠĠ", "' s", "Ã ©", "ð Ł", "ðŁ ĺ", "1 2", "Q u", "Qu e",
    ];

    public static JsonObject Split(string pattern, string behavior = "Isolated", bool invert = false) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = pattern },
        ["behavior"] = behavior,
        ["invert"] = invert,
    };

    public static JsonObject ByteLevel(bool regex = false, bool space = false) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = space,
        ["trim_offsets"] = true,
        ["use_regex"] = regex,
    };

    public static JsonObject Sequence(params JsonObject[] steps) => new()
    {
        ["type"] = "Sequence",
        ["pretokenizers"] = new JsonArray([.. steps]),
    };

    public static JsonObject Added(int id, string content, bool special = true, bool normalized = false, bool word = false,
        bool left = false, bool right = false) => new()
        {
            ["id"] = id,
            ["content"] = content,
            ["single_word"] = word,
            ["lstrip"] = left,
            ["rstrip"] = right,
            ["normalized"] = normalized,
            ["special"] = special,
        };

    /// <summary>A vocabulary of 256 bytes and the merges above; ids from <see cref="FirstAdded"/> on are for added tokens.</summary>
    public static JsonObject Of(JsonObject? preTokenizer = null, params JsonObject[] added)
    {
        var vocab = new JsonObject();
        for (var value = 0; value < 256; value++)
            vocab[$"{ByteCharacters.Of((byte)value)}"] = value;
        foreach (var merge in Merges)
            vocab[merge.Replace(" ", "")] = vocab.Count;
        return new()
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. added.Length > 0 ? added : [Added(FirstAdded, End)]]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = preTokenizer ?? Sequence(Split(PreTokenization.Llama3), ByteLevel()),
            ["post_processor"] = null,
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = vocab,
                ["merges"] = new JsonArray([.. Merges.Select(merge => JsonValue.Create(merge))]),
            },
        };
    }

    public static int FirstAdded => 256 + Merges.Length;

    public static JsonTokenizer Tokenizer(JsonObject json, bool cleansSpaces = false) =>
        JsonTokenizer.Parse(JsonSerializer.SerializeToUtf8Bytes(json), "tokenizer.json",
            TokenizerConfig.None with { CleansSpaces = cleansSpaces });
}
