namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// DeepseekForCausalLM (modeling_deepseek.py beside the weights of deepseek-moe-16b; not a class of transformers): the first
/// layers dense, in the others experts and a feed-forward that all tokens share, without a gate.
/// </summary>
internal sealed record Deepseek() : Architecture("DeepseekForCausalLM", "deepseek")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 102400, Hidden: 4096, Intermediate: 11008, Layers: 30, Heads: 32, MaxPositions: 2048)
    {
        KnownRopes = ["default", "linear"],
    };

    public override IReadOnlyList<string> Reads =>
    [
        "n_routed_experts", "n_shared_experts", "moe_intermediate_size", "first_k_dense_replace", "moe_layer_freq", "norm_topk_prob",
        "scoring_func", "attention_bias", "auto_map",
    ];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        file.Word("scoring_func", "softmax");
        var (bias, width) = (file.Bool("attention_bias"), file.Int("moe_intermediate_size", 1, 1 << 20, 1407));
        var (first, step) = (file.Int("first_k_dense_replace", 0, 1024, 0), file.Int("moe_layer_freq", 1, 1024, 1));
        var mixture = file.Has("n_routed_experts") ? Mixture(file, width) : null;
        return UsualDecoder.Read(file, Absent, (layer, usual) => usual with
        {
            Attention = usual.Attention with { ProjectionBias = bias, OutputBias = bias },
            FeedForward = mixture is null || layer < first || layer % step != 0 ? usual.FeedForward
                : usual.FeedForward with { IntermediateSize = width, Mixture = mixture },
        });
    }

    private static MixtureSpec Mixture(ConfigFile file, int width)
    {
        var (experts, chosen) = (file.Int("n_routed_experts", 1, 1024), file.Int("num_experts_per_tok", 1, 1024));
        if (chosen > experts)
            throw file.Bad("num_experts_per_tok", $"is {chosen}, more than the {experts} of n_routed_experts");
        var shared = file.Int("n_shared_experts", 0, 1024, 0);
        return new(experts, chosen)
        {
            Renormalises = chosen > 1 && file.Bool("norm_topk_prob"),
            RoundsShares = true,
            Shared = shared == 0 ? null : new(shared * width, HasGate: false),
        };
    }

    public override TensorNames Names { get; } = new() { SharedExpert = new("mlp.shared_experts.", ["gate_proj", "up_proj"], "down_proj") };

    public override IReadOnlyList<TensorForm> Forms => Mixtures.Forms;

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
