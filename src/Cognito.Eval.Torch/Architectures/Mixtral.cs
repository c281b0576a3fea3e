namespace Cognito.Eval.Torch.Architectures;

/// <summary>MixtralForCausalLM (transformers: models/mixtral): experts in every layer, among which a router chooses.</summary>
internal sealed record Mixtral() : Architecture("MixtralForCausalLM", "mixtral")
{
    public override Defaults Absent => new(MaxPositions: 4096 * 32, NormEpsilon: 1e-5, Theta: 1e6, KeyValueHeads: 8);

    public override IReadOnlyList<string> Reads => ["sliding_window", "num_local_experts", "num_experts"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var window = file.IntOrNull("sliding_window", 1, int.MaxValue, absent: null);
        var mixture = new MixtureSpec(Experts(file), file.Int("num_experts_per_tok", 1, 1024, 2));
        if (mixture.ExpertsPerToken > mixture.Experts)
            throw file.Bad("num_experts_per_tok",
                $"is {mixture.ExpertsPerToken}, more than the {mixture.Experts} of num_local_experts");
        return UsualDecoder.Read(file, Absent, (_, usual) => usual with
        {
            Attention = usual.Attention with { Window = window },
            FeedForward = usual.FeedForward with { Mixture = mixture },
        });
    }

    /// <summary>transformers knows the key by another name too.</summary>
    private static int Experts(ConfigFile file)
    {
        var (local, other) = (file.Int("num_local_experts", 1, 1024, 8), file.Int("num_experts", 1, 1024, 0));
        return other == 0 || other == local ? local
            : !file.Has("num_local_experts") ? other
            : throw file.Bad("num_experts", $"is {other}, and num_local_experts is {local}",
                "set both to the number of experts");
    }

    private const string Block = "block_sparse_moe.";

    public override TensorNames Names => new()
    {
        Router = Block + "gate",
        Expert = new(Block + "experts.{1}.", Gate: "w1", Up: "w3", Down: "w2"),
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
