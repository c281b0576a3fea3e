namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Qwen3ForCausalLM (transformers: models/qwen3): queries and keys are normed head by head; windows as in Qwen2.
/// </summary>
internal sealed record Qwen3() : Architecture("Qwen3ForCausalLM", "qwen3")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 151936, Hidden: 4096, Intermediate: 22016, Layers: 32, Heads: 32, MaxPositions: 32768)
    {
        KeyValueHeads = 32,
        HeadDim = 128,
    };

    public override IReadOnlyList<string> Reads => [.. LayerTypes.SwitchedKeys, "attention_bias"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var windows = LayerTypes.SwitchedWindows(file, Absent);
        var bias = file.Bool("attention_bias");
        return UsualDecoder.Read(file, Absent, (layer, usual) => usual with
        {
            Attention = usual.Attention with
            {
                ProjectionBias = bias,
                OutputBias = bias,
                QueryKeyNorm = usual.AttentionNorm,
                NormsHeads = true,
                Window = windows[layer],
            },
        });
    }

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
