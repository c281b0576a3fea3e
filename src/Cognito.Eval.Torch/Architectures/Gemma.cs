namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// GemmaForCausalLM (transformers: models/gemma): embeddings scaled by the root of hidden_size, norms that weigh by 1 + w,
/// GELU, and the table of embeddings for a head.
/// </summary>
internal sealed record Gemma() : Architecture("GemmaForCausalLM", "gemma")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 256000, Hidden: 3072, Intermediate: 24576, Layers: 28, Heads: 16, MaxPositions: 8192)
    {
        KeyValueHeads = 16,
        HeadDim = 256,
        Activation = "gelu_pytorch_tanh",
        TiesEmbeddings = true,
        End = 1,
    };

    public override IReadOnlyList<string> Reads => ["attention_bias", "use_bidirectional_attention"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        UsualDecoder.RequireCausal(file);
        var bias = file.Bool("attention_bias");
        return UsualDecoder.Read(file, Absent, (_, usual) => usual with
        {
            Attention = usual.Attention with { ProjectionBias = bias, OutputBias = bias },
        }, NormKind.WeighByOneMore).WithScaledEmbeddings();
    }

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
