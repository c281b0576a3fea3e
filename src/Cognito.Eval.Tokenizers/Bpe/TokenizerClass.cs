using System.Collections.Frozen;
using System.Text.Json;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>Which of its classes transformers makes of a folder, as AutoTokenizer of version 5.17 chooses it.</summary>
internal static class TokenizerClass
{
    public const string
        Backend = "TokenizersBackend", Llama = "LlamaTokenizer", CodeLlama = "CodeLlamaTokenizer",
        Gemma = "GemmaTokenizer", Gpt2 = "GPT2Tokenizer", GptNeoX = "GPTNeoXTokenizer", Qwen2 = "Qwen2Tokenizer";

    /// <summary>By model_type: decoders alone. Mistral's are of this class where there is no tekken.json.</summary>
    private static readonly FrozenDictionary<string, string> s_registered = new (string Class, string Types)[]
    {
        (Backend, "mistral mixtral mistral3 ministral ministral3 olmo2 olmo3 olmo_hybrid flex_olmo phi3 phimoe "
            + "deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v4 glm glm4 glm4_moe glm4_moe_lite gpt_bigcode granite "
            + "granitemoe granitemoehybrid granitemoeshared kimi_linear kimi_k25 mimo_v2_flash persimmon stablelm arctic "
            + "chatlm ernie4_5 ernie4_5_moe hyperclovax internlm2 jamba minicpm3 minimax_m2 nemotron step3p5"),
        (GptNeoX, "gpt_neox olmo olmoe falcon_mamba mamba mamba2 mpt rwkv xlstm"),
        (Qwen2, "qwen2 qwen2_moe qwen2_vl qwen2_5_vl qwen3 qwen3_moe qwen3_next qwen3_vl qwen3_vl_moe"),
        (Gemma, "gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text recurrent_gemma zaya"),
        (Gpt2, "gpt2 gpt_neo gptj codegen dbrx jais2 opt phi starcoder2"),
        (CodeLlama, "code_llama"),
    }.SelectMany(line => line.Types.Split(' ').Select(type => KeyValuePair.Create(type, line.Class))).ToFrozenDictionary();

    /// <summary>Without "Fast". Names that transformers does not know stand for <see cref="Backend"/>.</summary>
    /// <param name="config">tokenizer_config.json, if it is there.</param>
    /// <param name="model">config.json, if it can be read.</param>
    public static string Of(JsonPart? config, JsonPart? model)
    {
        var named = Word(config, "tokenizer_class") ?? Word(model, "tokenizer_class");
        var type = Word(model, "model_type");
        if (type is null || !s_registered.TryGetValue(type, out var registered))
            return Plain(named ?? Backend);
        if (named is null || Plain(named) == registered)
            return registered;
        // Of the types whose files are known to name a wrong class, Qwen2's alone has a class of its own.
        return !HasOwnCode(config) && (registered == Backend || type == "qwen2") ? registered : Plain(named);
    }

    private static string Plain(string name) =>
        name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^4] : name;

    private static string? Word(JsonPart? file, string key) =>
        Value(file, key) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text
            ? text : null;

    private static bool HasOwnCode(JsonPart? config) => Value(config, "auto_map") switch
    {
        { ValueKind: JsonValueKind.Array } => true,
        { ValueKind: JsonValueKind.Object } map =>
            map.TryGetProperty("AutoTokenizer", out var own) && own.ValueKind != JsonValueKind.Null,
        _ => false,
    };

    private static JsonElement? Value(JsonPart? file, string key) =>
        file is { } there && there.Value.TryGetProperty(key, out var value) ? value : null;
}
