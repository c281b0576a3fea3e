using System.Text;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>Well-known models' shapes, for measuring without their files: each is what its config.json says.</summary>
internal static class NamedShapes
{
    private const string Of7B = """
        "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 32768, "rms_norm_eps": 1e-05,
        "eos_token_id": 2, "dtype": "bfloat16"
        """;

    private static readonly SortedDictionary<string, string> Configs = new(StringComparer.Ordinal)
    {
        ["cognito-2x7b"] = $$"""{"model_type": "mixtral", {{Of7B}}, "rope_theta": 10000.0, "num_local_experts": 2}""",
        ["mixtral-8x7b"] = $$"""{"model_type": "mixtral", {{Of7B}}, "rope_theta": 1000000.0, "num_local_experts": 8}""",
        ["mistral-7b"] = $$"""{"model_type": "mistral", {{Of7B}}, "rope_theta": 10000.0, "sliding_window": 4096}""",
    };

    public static IEnumerable<string> Names => Configs.Keys;

    /// <exception cref="InputException">None is called so.</exception>
    public static ConfigFile Config(string name) => Configs.TryGetValue(name, out var json)
        ? ConfigFile.Parse(name, Encoding.UTF8.GetBytes(json))
        : throw new InputException($"{name}: no shape of that name; use one of {string.Join(", ", Names)}");
}
