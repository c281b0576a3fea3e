namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Qwen2ForCausalLM (transformers: models/qwen2): the usual decoder with biases of queries, keys and values. A sliding
/// window is of layers from max_window_layers on, or of those that layer_types names; of none without use_sliding_window.
/// </summary>
internal sealed record Qwen2() : Architecture("Qwen2ForCausalLM", "qwen2")
{
    public override Defaults Absent => new(MaxPositions: 32768, KeyValueHeads: 32);

    public override IReadOnlyList<string> Reads => ["use_sliding_window", "sliding_window", "max_window_layers", "layer_types"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var window = file.Bool("use_sliding_window") ? file.IntOrNull("sliding_window", 1, int.MaxValue, absent: 4096) : null;
        var first = file.Int("max_window_layers", 0, int.MaxValue, 28);
        var windows = LayerTypes.Windows(file, window, slides: layer => layer >= first);
        return UsualDecoder.Read(file, Absent, (layer, usual) => usual with
        {
            Attention = usual.Attention with { ProjectionBias = true, Window = windows[layer] },
        });
    }
}
