namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Olmo2ForCausalLM (transformers: models/olmo2): norms after attention and feed-forward and none before, queries and keys
/// normed over all heads, positions turned in float32.
/// </summary>
internal sealed record Olmo2() : Architecture("Olmo2ForCausalLM", "olmo2")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 50304, Hidden: 4096, Intermediate: 11008, Layers: 32, Heads: 32, MaxPositions: 2048)
    {
        NormEpsilon = 1e-5,
        End = 50279,
    };

    public override IReadOnlyList<string> Reads => ["attention_bias"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var bias = file.Bool("attention_bias");
        return UsualDecoder.Read(file, Absent, (_, usual) => usual with
        {
            AttentionNorm = null,
            AttentionOutputNorm = usual.AttentionNorm,
            FeedForwardNorm = null,
            FeedForwardOutputNorm = usual.FeedForwardNorm,
            Attention = usual.Attention with
            {
                ProjectionBias = bias,
                OutputBias = bias,
                QueryKeyNorm = usual.AttentionNorm,
                Rope = usual.Attention.Rope with { IsWide = true },
            },
        }, NormKind.WeighThenCast);
    }

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
