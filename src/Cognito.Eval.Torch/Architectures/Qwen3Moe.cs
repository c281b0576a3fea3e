namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Qwen3MoeForCausalLM (transformers: models/qwen3_moe): experts in the layers that mlp_only_layers and decoder_sparse_step
/// leave to them; queries and keys normed head by head; a window in all layers where use_sliding_window is on.
/// </summary>
internal sealed record Qwen3Moe() : Architecture("Qwen3MoeForCausalLM", "qwen3_moe")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 151936, Hidden: 2048, Intermediate: 6144, Layers: 24, Heads: 32, MaxPositions: 32768)
    {
        KeyValueHeads = 4,
    };

    public override IReadOnlyList<string> Reads =>
    [
        "use_sliding_window", "sliding_window", .. Mixtures.LayerKeys, "num_experts", "num_local_experts",
        "moe_intermediate_size", "norm_topk_prob", "attention_bias",
    ];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var window = file.Bool("use_sliding_window") ? file.IntOrNull("sliding_window", 1, int.MaxValue, absent: 4096) : null;
        var (bias, hasMixture) = (file.Bool("attention_bias"), Mixtures.Layers(file));
        var mixture = Mixtures.Read(file, experts: 128, expertsPerToken: 8) with
        {
            Renormalises = file.Bool("norm_topk_prob"),
            RoundsShares = true,
        };
        var width = file.Int("moe_intermediate_size", 1, 1 << 20, 768);
        return UsualDecoder.Read(file, Absent, (layer, usual) => usual with
        {
            Attention = usual.Attention with
            {
                ProjectionBias = bias,
                OutputBias = bias,
                QueryKeyNorm = usual.AttentionNorm,
                NormsHeads = true,
                Window = window,
            },
            FeedForward = !hasMixture(layer) ? usual.FeedForward
                : usual.FeedForward with { IntermediateSize = width, Mixture = mixture },
        });
    }

    public override IReadOnlyList<TensorForm> Forms => Mixtures.Forms;

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
