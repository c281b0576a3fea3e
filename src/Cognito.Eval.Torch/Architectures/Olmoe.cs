namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// OlmoeForCausalLM (transformers: models/olmoe): experts in every layer, queries and keys normed over all heads, then cut to
/// clip_qkv.
/// </summary>
internal sealed record Olmoe() : Architecture("OlmoeForCausalLM", "olmoe")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 50304, Hidden: 2048, Intermediate: 2048, Layers: 16, Heads: 16, MaxPositions: 4096)
    {
        NormEpsilon = 1e-5,
        End = 50279,
    };

    public override IReadOnlyList<string> Reads =>
        ["num_experts", "num_local_experts", "norm_topk_prob", "clip_qkv", "attention_bias"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var (bias, clip) = (file.Bool("attention_bias"), file.NumberOrNull("clip_qkv", 0, 1e9, absent: null));
        var mixture = Mixtures.Read(file, experts: 64, expertsPerToken: 8) with
        {
            Renormalises = file.Bool("norm_topk_prob"),
            RoundsShares = true,
        };
        return UsualDecoder.Read(file, Absent, (_, usual) => usual with
        {
            Attention = usual.Attention with
            {
                ProjectionBias = bias,
                OutputBias = bias,
                QueryKeyNorm = usual.AttentionNorm,
                Clip = clip,
            },
            FeedForward = usual.FeedForward with { Mixture = mixture },
        });
    }

    public override IReadOnlyList<TensorForm> Forms => Mixtures.Forms;

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
