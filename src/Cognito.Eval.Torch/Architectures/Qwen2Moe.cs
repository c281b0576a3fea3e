namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Qwen2MoeForCausalLM (transformers: models/qwen2_moe): experts, and one shared by all tokens behind a gate of its own. A
/// sliding window is of every other layer before max_window_layers, or of those that layer_types names.
/// </summary>
internal sealed record Qwen2Moe() : Architecture("Qwen2MoeForCausalLM", "qwen2_moe")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 151936, Hidden: 2048, Intermediate: 5632, Layers: 24, Heads: 16, MaxPositions: 32768)
    {
        KeyValueHeads = 16,
    };

    public override IReadOnlyList<string> Reads =>
    [
        .. LayerTypes.SwitchedKeys, .. Mixtures.LayerKeys, "num_experts", "num_local_experts", "moe_intermediate_size",
        "shared_expert_intermediate_size", "norm_topk_prob", "qkv_bias",
    ];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var windows = LayerTypes.SwitchedWindows(file, Absent, (layer, first) => layer % 2 == 0 && layer < first);
        var (bias, hasMixture) = (file.Bool("qkv_bias", absent: true), Mixtures.Layers(file));
        var mixture = Mixtures.Read(file, experts: 60, expertsPerToken: 4) with
        {
            Renormalises = file.Bool("norm_topk_prob"),
            RoundsShares = true,
            Shared = new(file.Int("shared_expert_intermediate_size", 1, 1 << 20, 5632), HasGate: true),
        };
        var width = file.Int("moe_intermediate_size", 1, 1 << 20, 1408);
        return UsualDecoder.Read(file, Absent, (layer, usual) => usual with
        {
            Attention = usual.Attention with { ProjectionBias = bias, Window = windows[layer] },
            FeedForward = !hasMixture(layer) ? usual.FeedForward
                : usual.FeedForward with { IntermediateSize = width, Mixture = mixture },
        });
    }

    public override IReadOnlyList<TensorForm> Forms => Mixtures.Forms;

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
