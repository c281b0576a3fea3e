namespace Cognito.Eval.Torch.Architectures;

/// <summary>MixtralForCausalLM (transformers: models/mixtral): experts in every layer, among which a router chooses.</summary>
internal sealed record Mixtral() : Architecture("MixtralForCausalLM", "mixtral")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 32000, Hidden: 4096, Intermediate: 14336, Layers: 32, Heads: 32, MaxPositions: 4096 * 32)
    {
        NormEpsilon = 1e-5,
        End = 2,
        Theta = 1e6,
        KeyValueHeads = 8,
    };

    public override IReadOnlyList<string> Reads => ["sliding_window", "num_local_experts", "num_experts"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var window = file.IntOrNull("sliding_window", 1, int.MaxValue, absent: null);
        var mixture = Mixtures.Read(file, experts: 8, expertsPerToken: 2);
        return UsualDecoder.Read(file, Absent, (_, usual) => usual with
        {
            Attention = usual.Attention with { Window = window },
            FeedForward = usual.FeedForward with { Mixture = mixture },
        });
    }

    private const string Block = "block_sparse_moe.";

    public override TensorNames Names { get; } = new()
    {
        Router = Block + "gate",
        Expert = new(Block + "experts.{1}.", ["w1", "w3"], "w2"),
    };

    /// <summary>
    /// Experts one by one, as Mistral published them, and packed, w1 over w3, as transformers 5 keeps and mergekit writes
    /// them. transformers reads either under either name of the block.
    /// </summary>
    public override IReadOnlyList<TensorForm> Forms { get; } =
    [
        .. from block in (string[])[Block, "mlp."]
           let asked = "model.layers.*." + Block
           let stored = "model.layers.{0}." + block
           from form in (TensorForm[])
           [
               new(asked + "gate.weight", stored + "gate.weight"),
               .. TensorForm.Experts(asked + "experts.*.", stored + "experts.", gate: "w1", up: "w3", down: "w2"),
           ]
           select form,
    ];
}
