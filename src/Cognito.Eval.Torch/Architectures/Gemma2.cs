namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Gemma2ForCausalLM (transformers: models/gemma2): Gemma with norms after attention and feed-forward too, soft caps of scores
/// and logits, scores scaled by query_pre_attn_scalar, and a sliding window in every other layer.
/// </summary>
internal sealed record Gemma2() : Architecture("Gemma2ForCausalLM", "gemma2")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 256000, Hidden: 2304, Intermediate: 9216, Layers: 26, Heads: 8, MaxPositions: 8192)
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
        "attention_bias", "use_bidirectional_attention", "query_pre_attn_scalar", "attn_logit_softcapping",
        "final_logit_softcapping", "sliding_window", "layer_types", "hidden_activation",
    ];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        UsualDecoder.RequireCausal(file);
        var bias = file.Bool("attention_bias");
        var windows = LayerTypes.Windows(file, Absent, file.IntOrNull("sliding_window", 1, int.MaxValue, absent: 4096),
            slides: layer => layer % 2 == 0);
        var cap = file.NumberOrNull("attn_logit_softcapping", 1e-3, 1e6, absent: 50);
        var scalar = file.Number("query_pre_attn_scalar", 1e-3, 1e9, 256);
        return UsualDecoder.Read(file, Absent, (layer, usual) => usual.WithOutputNorms() with
        {
            Attention = usual.Attention with
            {
                ProjectionBias = bias,
                OutputBias = bias,
                Window = windows[layer],
                Scale = scalar == usual.Attention.HeadDim ? null : 1 / Math.Sqrt(scalar),
                SoftCap = cap,
            },
        }, NormKind.WeighByOneMore).WithScaledEmbeddings() with
        {
            LogitCap = file.NumberOrNull("final_logit_softcapping", 1e-3, 1e6, absent: 30),
        };
    }

    public override TensorNames Names { get; } = new() { FeedForwardNorm = "pre_feedforward_layernorm" };

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
