namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Phi3ForCausalLM (transformers: models/phi3), of which Phi-3, Phi-3.5-mini, Phi-4 and Phi-4-mini are: queries, keys and
/// values in one matrix, gate and up in another, a share of each head turned, by longrope in the models of long contexts.
/// </summary>
internal sealed record Phi3() : Architecture("Phi3ForCausalLM", "phi3")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 32064, Hidden: 3072, Intermediate: 8192, Layers: 32, Heads: 32, MaxPositions: 4096)
    {
        NormEpsilon = 1e-5,
        End = 32000,
        RotaryShare = 1,
        KnownRopes = ["default", "longrope"],
        // What the first files called it.
        RopeKinds = new Dictionary<string, string> { ["su"] = "longrope", ["yarn"] = "longrope" },
        OriginalPositions = 4096,
    };

    public override IReadOnlyList<string> Reads => ["sliding_window"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var window = file.IntOrNull("sliding_window", 1, int.MaxValue, absent: null);
        return UsualDecoder.Read(file, Absent, (_, usual) => usual with
        {
            Attention = usual.Attention with { Window = window },
        });
    }

    public override TensorNames Names { get; } = new()
    {
        Projections = ["self_attn.qkv_proj"],
        FeedForward = new("mlp.", ["gate_up_proj"], "down_proj"),
    };
}
