using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Keys of config.json that change the numbers of some decoder of transformers, but not of the one that the config is of:
/// transformers reads over them, and so does this program, which says so where their value would mean something.
/// </summary>
internal static class UnreadKeys
{
    private delegate bool Inert(ModelConfig config, JsonElement value);

    /// <summary>Without effect at false, 0, nothing.</summary>
    private static readonly string[] Switches =
    [
        "attn_logit_softcapping", "final_logit_softcapping", "attn_logit_cap", "clip_qkv", "qk_layernorm", "use_qk_norm",
        "qk_norm", "q_lora_rank", "kv_lora_rank", "alibi", "use_alibi", "parallel_attn", "use_parallel_residual", "multi_query",
        "new_decoder_architecture", "rope_interleave", "rope_interleaved", "no_rope_layers", "no_rope_layer_interval",
        "nope_layer_interval", "attention_chunk_size", "attn_temperature_tuning", "use_bidirectional_attention",
        "attention_sinks", "sliding_window_pattern", "lm_head_bias", "qkv_bias", "use_qkv_bias", "use_bias", "enable_bias",
        "attention_out_bias", "bias",
        "scale_attn_by_inverse_layer_idx", "tie_encoder_decoder", "add_cross_attention", "is_encoder_decoder",
    ];

    /// <summary>Without effect at 1 or true.</summary>
    private static readonly string[] Multipliers =
    [
        "embedding_multiplier", "residual_multiplier", "logits_scaling", "logit_scale", "scale_emb", "lm_head_multiplier",
        "key_multiplier", "rotary_pct", "scale_attn_weights", "mup_width_multiplier",
    ];

    /// <summary>Of a mixture of experts, without effect at nothing.</summary>
    private static readonly string[] MixtureSwitches =
    [
        "n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "shared_expert_intermediate_size",
        "shared_intermediate_size", "first_k_dense_replace", "mlp_only_layers", "moe_layers", "use_expert_bias",
        "moe_router_enable_expert_bias",
    ];

    /// <summary>Of a mixture of experts, without effect at 1 or true.</summary>
    private static readonly string[] MixtureOnes =
        ["routed_scaling_factor", "n_group", "topk_group", "decoder_sparse_step", "moe_layer_freq", "interleave_moe_layer_step",
            "norm_topk_prob"];

    private static readonly Dictionary<string, Inert> Keys = Table();

    /// <summary>
    /// A sentence for each key that the architecture does not read and whose value would mean something elsewhere.
    /// </summary>
    public static IEnumerable<string> Notes(ConfigFile file, Architecture page, ModelConfig config) =>
        from held in file.Held
        where !page.Reads.Contains(held.Key) && !page.Absent.Keys.Contains(held.Key)
        where Keys.TryGetValue(held.Key, out var isInert) && !isInert(config, held.Value)
        select Note(held.Key, held.Value);

    /// <param name="how">Who does not read it.</param>
    public static string Note(string key, JsonElement value, string how = "is not read") =>
        $"config.json: {QuotedName.Of(key)} is {ConfigFile.Shown(value)}, which {how}, as in transformers";

    private static Dictionary<string, Inert> Table()
    {
        var keys = new Dictionary<string, Inert>();
        void Add(Inert inert, params string[] names) => Array.ForEach(names, name => keys[name] = inert);

        Add((_, value) => IsOff(value), Switches);
        Add((_, value) => IsOne(value), Multipliers);
        Add((config, value) => !config.HasRouter || IsOff(value), MixtureSwitches);
        Add((config, value) => !config.HasRouter || IsOne(value), MixtureOnes);
        Add((config, value) => !config.HasRouter || Is(value, "softmax"), "scoring_func", "moe_router_score_function");
        Add((config, value) => !config.HasRouter || IsOff(value) || Number(value) == config.IntermediateSize,
            "moe_intermediate_size", "expert_ffn_hidden_size");
        Add((config, value) => config.HasRouter || IsOff(value) || IsOne(value),
            "num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts");
        Add((_, value) => IsOff(value), "attention_bias", "mlp_bias");
        Add((config, value) => IsOff(value) || Number(value) == config.HeadDim,
            "query_pre_attn_scalar", "rotary_dim", "kv_channels");
        Add((config, value) => IsOff(value) || Near(value, config.Spec.Layers[0].Attention.ScoreScale),
            "attention_multiplier", "attn_scale", "softmax_scale");
        Add((config, value) => Near(value, config.Spec.Norm.Epsilon),
            "rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon");
        Add((config, value) => value.ValueKind == JsonValueKind.String
            && Activations.Named(value.GetString()!) == config.Spec.Layers[0].FeedForward.Activation,
            "hidden_act", "hidden_activation", "activation_function", "ffn_act_fn");
        Add((config, value) => config.Spec.Layers.All(layer => Near(value, layer.Attention.Rope.Theta)),
            "rope_theta", "rotary_emb_base", "rope_local_base_freq");
        Add((config, value) => (int?)(Number(value) * config.HeadDim) == config.Spec.Layers[0].Attention.Rope.Size,
            "partial_rotary_factor");
        Add((config, value) => Number(value) >= config.MaxLength, "sliding_window");
        Add((config, value) => value.ValueKind == JsonValueKind.True == HasWindow(config)
            || !HasWindow(config) && IsOff(value), "use_sliding_window");
        Add((config, value) => !HasWindow(config) || IsOff(value), "max_window_layers");
        Add((config, value) => IsOff(value) || value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Index()
            .All(layer => Is(layer.Item, KindOf(config, layer.Index))), "layer_types");
        Add((_, value) => value.ValueKind == JsonValueKind.Object
            && !value.EnumerateObject().Any(entry => entry.Name.StartsWith("AutoModel", StringComparison.Ordinal)), "auto_map");
        Add((_, _) => false, "text_config", "llm_config", "language_config");
        return keys;
    }

    private static bool HasWindow(ModelConfig config) => config.Spec.Layers.Any(layer => layer.Attention.Window is not null);

    /// <summary>What "layer_types" would call a layer; where it names too many, the last.</summary>
    private static string KindOf(ModelConfig config, int layer) =>
        config.Spec.Layers[Math.Min(layer, config.Layers - 1)].Attention.Window is null ? LayerTypes.Full : LayerTypes.Sliding;

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.Number => Number(value) == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        JsonValueKind.String => value.GetString()!.Length == 0,
        _ => false,
    };

    private static bool IsOne(JsonElement value) => value.ValueKind == JsonValueKind.True || Number(value) == 1;

    private static bool Is(JsonElement value, string text) =>
        value.ValueKind == JsonValueKind.String && value.GetString()!.Equals(text, StringComparison.OrdinalIgnoreCase);

    private static bool Near(JsonElement value, double other) =>
        Number(value) is { } number && Math.Abs(number - other) <= 1e-6 * Math.Abs(other);

    private static double? Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number : null;
}
