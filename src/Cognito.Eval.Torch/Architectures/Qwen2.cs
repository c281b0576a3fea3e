namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Qwen2ForCausalLM (transformers: models/qwen2): the usual decoder with biases of queries, keys and values. A sliding
/// window is of layers from max_window_layers on, or of those that layer_types names; of none without use_sliding_window.
/// </summary>
internal sealed record Qwen2() : Architecture("Qwen2ForCausalLM", "qwen2")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 151936, Hidden: 4096, Intermediate: 22016, Layers: 32, Heads: 32, MaxPositions: 32768)
    {
        KeyValueHeads = 32,
    };

    public override IReadOnlyList<string> Reads => LayerTypes.SwitchedKeys;

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var windows = LayerTypes.SwitchedWindows(file, Absent);
        return UsualDecoder.Read(file, Absent, (layer, usual) => usual with
        {
            Attention = usual.Attention with { ProjectionBias = true, Window = windows[layer] },
        });
    }
}
