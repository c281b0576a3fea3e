namespace Cognito.Eval.Torch.Architectures;

/// <summary>MistralForCausalLM (transformers: models/mistral): the usual decoder, a sliding window in every layer.</summary>
internal sealed record Mistral() : Architecture("MistralForCausalLM", "mistral")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 32000, Hidden: 4096, Intermediate: 14336, Layers: 32, Heads: 32, MaxPositions: 4096 * 32)
    {
        KeyValueHeads = 8,
        End = 2,
    };

    public override IReadOnlyList<string> Reads => ["sliding_window"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        // A null says that there is none; a missing key does not.
        var window = file.IntOrNull("sliding_window", 1, int.MaxValue, absent: 4096);
        return UsualDecoder.Read(file, Absent, (_, usual) => usual with
        {
            Attention = usual.Attention with { Window = window },
        });
    }
}
