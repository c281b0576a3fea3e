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

    private const string Bfloat16 = "\"dtype\": \"bfloat16\"";

    private static readonly SortedDictionary<string, string> Configs = new(StringComparer.Ordinal)
    {
        ["cognito-2x7b"] = $$"""{"model_type": "mixtral", {{Of7B}}, "rope_theta": 10000.0, "num_local_experts": 2}""",
        ["mixtral-8x7b"] = $$"""{"model_type": "mixtral", {{Of7B}}, "rope_theta": 1000000.0, "num_local_experts": 8}""",
        ["mistral-7b"] = $$"""{"model_type": "mistral", {{Of7B}}, "rope_theta": 10000.0, "sliding_window": 4096}""",
        ["qwen3-30b-a3b"] = $$"""
            {"model_type": "qwen3_moe", "vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 48,
            "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "max_position_embeddings": 40960,
            "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "num_experts": 128, "num_experts_per_tok": 8,
            "moe_intermediate_size": 768, "norm_topk_prob": true, "eos_token_id": 151645, {{Bfloat16}}}
            """,
        ["olmoe-1b-7b"] = $$"""
            {"model_type": "olmoe", "vocab_size": 50304, "hidden_size": 2048, "intermediate_size": 1024, "num_hidden_layers": 16,
            "num_attention_heads": 16, "num_key_value_heads": 16, "max_position_embeddings": 4096, "rms_norm_eps": 1e-05,
            "rope_theta": 10000.0, "num_experts": 64, "num_experts_per_tok": 8, "norm_topk_prob": false, "eos_token_id": 50279,
            {{Bfloat16}}}
            """,
        ["qwen2.5-7b"] = $$"""
            {"model_type": "qwen2", "vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
            "num_attention_heads": 28, "num_key_value_heads": 4, "max_position_embeddings": 131072, "rms_norm_eps": 1e-06,
            "rope_theta": 1000000.0, "eos_token_id": 151643, {{Bfloat16}}}
            """,
        ["llama-3.1-8b"] = $$"""
            {"model_type": "llama", "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131072, "rms_norm_eps": 1e-05,
            "rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}, "eos_token_id": 128001, {{Bfloat16}}}
            """,
        ["gemma-2-9b"] = $$"""
            {"model_type": "gemma2", "vocab_size": 256000, "hidden_size": 3584, "intermediate_size": 14336, "num_hidden_layers": 42,
            "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256, "max_position_embeddings": 8192,
            "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "sliding_window": 4096, "query_pre_attn_scalar": 256,
            "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "hidden_activation": "gelu_pytorch_tanh",
            "eos_token_id": 1, {{Bfloat16}}}
            """,
        ["phi-4"] = $$"""
            {"model_type": "phi3", "vocab_size": 100352, "hidden_size": 5120, "intermediate_size": 17920, "num_hidden_layers": 40,
            "num_attention_heads": 40, "num_key_value_heads": 10, "max_position_embeddings": 16384, "rms_norm_eps": 1e-05,
            "rope_theta": 250000.0, "eos_token_id": 100265, {{Bfloat16}}}
            """,
    };

    public static IEnumerable<string> Names => Configs.Keys;

    /// <exception cref="InputException">None is called so.</exception>
    public static ConfigFile Config(string name) => Configs.TryGetValue(name, out var json)
        ? ConfigFile.Parse(name, Encoding.UTF8.GetBytes(json))
        : throw new InputException($"{name}: no shape of that name; use one of {string.Join(", ", Names)}");
}
