namespace Cognito.Eval.Torch.Architectures;

/// <summary>LlamaForCausalLM (transformers: models/llama): the usual decoder, whose biases config.json switches on.</summary>
internal sealed record Llama() : Architecture("LlamaForCausalLM", "llama")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 32000, Hidden: 4096, Intermediate: 11008, Layers: 32, Heads: 32, MaxPositions: 2048)
    {
        End = 2,
    };

    public override IReadOnlyList<string> Reads => ["attention_bias", "mlp_bias"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var (attention, feedForward) = (file.Bool("attention_bias"), file.Bool("mlp_bias"));
        return UsualDecoder.Read(file, Absent, (_, usual) => usual with
        {
            Attention = usual.Attention with { ProjectionBias = attention, OutputBias = attention },
            FeedForward = usual.FeedForward with { HasBias = feedForward },
        });
    }

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
