namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Gemma3ForCausalLM (transformers: models/gemma3): Gemma2 with queries and keys normed head by head in place of the cap of
/// scores, a sliding window in all but every sixth layer, and positions of their own in either kind of layer.
/// </summary>
internal sealed record Gemma3() : Architecture("Gemma3ForCausalLM", "gemma3_text")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 262208, Hidden: 2304, Intermediate: 9216, Layers: 26, Heads: 8, MaxPositions: 131072)
    {
        KeyValueHeads = 4,
        HeadDim = 256,
        Activation = "gelu_pytorch_tanh",
        ActivationKey = "hidden_activation",
        TiesEmbeddings = true,
        End = 1,
    };

    public override IReadOnlyList<string> Reads =>
    [
        "attention_bias", "use_bidirectional_attention", "query_pre_attn_scalar", "final_logit_softcapping", "sliding_window",
        "sliding_window_pattern", "layer_types", "hidden_activation", "rope_local_base_freq",
    ];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        UsualDecoder.RequireCausal(file);
        var (bias, pattern) = (file.Bool("attention_bias"), file.Int("sliding_window_pattern", 1, 1024, 6));
        var windows = LayerTypes.Windows(file, Absent, file.IntOrNull("sliding_window", 1, int.MaxValue, absent: 4096),
            slides: layer => (layer + 1) % pattern != 0);
        var scalar = file.Number("query_pre_attn_scalar", 1e-3, 1e9, 256);
        var ropes = new Ropes(file, Absent);
        return UsualDecoder.Read(file, Absent, (layer, usual) => usual.WithOutputNorms() with
        {
            Attention = usual.Attention with
            {
                ProjectionBias = bias,
                OutputBias = bias,
                QueryKeyNorm = usual.AttentionNorm,
                NormsHeads = true,
                Window = windows[layer],
                Rope = windows[layer] is null ? usual.Attention.Rope : ropes.Sliding(usual.Attention.HeadDim).Rope,
                Scale = scalar == usual.Attention.HeadDim ? null : 1 / Math.Sqrt(scalar),
            },
        }, NormKind.WeighByOneMore, ropes.Full).WithScaledEmbeddings() with
        {
            LogitCap = file.NumberOrNull("final_logit_softcapping", 1e-3, 1e6, absent: null),
        };
    }

    public override TensorNames Names { get; } = new() { FeedForwardNorm = "pre_feedforward_layernorm" };

    public override string UnusedBiases => "of biases that config.json does not switch on";

    /// <summary>
    /// "rope_parameters" by the layers' types; before there were such, rope_theta and rope_scaling were of the layers that see
    /// all, and rope_local_base_freq of the others.
    /// </summary>
    private sealed class Ropes(ConfigFile file, Defaults absent)
    {
        private readonly ConfigFile? _both = file.Section("rope_parameters");

        public (RopeConfig Rope, IReadOnlyList<string> Notes) Full(int headDim)
        {
            if (_both is not null && file.Has("rope_scaling"))
                throw file.Bad("rope_scaling", "is there beside \"rope_parameters\"", "keep one");
            if (_both?.Held.FirstOrDefault(held => held.Key is not (LayerTypes.Full or LayerTypes.Sliding)).Key is { } other)
                throw _both.Bad(
                    other, $"is no kind of layer; this version knows {LayerTypes.Full}, {LayerTypes.Sliding}", null);
            var section = _both is null ? file.Section("rope_scaling") : _both.Section(LayerTypes.Full);
            var (rope, notes) = RopeConfig.Read(file, section, absent with { Theta = 1e6 }, headDim);
            return (rope, [.. notes, .. Sliding(headDim).Notes]);
        }

        public (RopeConfig Rope, IReadOnlyList<string> Notes) Sliding(int headDim) => RopeConfig.Read(
            file, _both?.Section(LayerTypes.Sliding), absent with { ThetaKey = "rope_local_base_freq" }, headDim);
    }
}
