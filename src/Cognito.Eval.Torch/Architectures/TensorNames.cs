namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// What a decoder's tensors are called, without ".weight" and ".bias". What is not said is called as in most of transformers'
/// classes. {0} stands for the layer, {1} for the expert. Where several names are given, their tensors lie one below the other.
/// </summary>
internal sealed record TensorNames
{
    /// <summary>Before all names but the head's; what was saved of the model without its head lacks it.</summary>
    public string Base { get; init; } = "model.";

    /// <summary>What older files have in its place.</summary>
    public IReadOnlyList<string> OtherBases { get; init; } = [];
    public string Embedding { get; init; } = "embed_tokens";
    public string Norm { get; init; } = "norm";
    public string Head { get; init; } = "lm_head";

    /// <summary>Before all names of a layer.</summary>
    public string Layer { get; init; } = "layers.{0}.";
    public string AttentionNorm { get; init; } = "input_layernorm";

    /// <summary>Of queries, keys and values; one name is of all three.</summary>
    public IReadOnlyList<string> Projections { get; init; } = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
    public string QueryNorm { get; init; } = "self_attn.q_norm";
    public string KeyNorm { get; init; } = "self_attn.k_norm";
    public string Output { get; init; } = "self_attn.o_proj";
    public string AttentionOutputNorm { get; init; } = "post_attention_layernorm";
    public string FeedForwardNorm { get; init; } = "post_attention_layernorm";
    public string FeedForwardOutputNorm { get; init; } = "post_feedforward_layernorm";
    public FeedForwardNames FeedForward { get; init; } = new("mlp.", ["gate_proj", "up_proj"], "down_proj");
    public string Router { get; init; } = "mlp.gate";
    public FeedForwardNames Expert { get; init; } = new("mlp.experts.{1}.", ["gate_proj", "up_proj"], "down_proj");
    public FeedForwardNames SharedExpert { get; init; } = new("mlp.shared_expert.", ["gate_proj", "up_proj"], "down_proj");
    public string SharedExpertGate { get; init; } = "mlp.shared_expert_gate";
}

/// <summary>A feed-forward's matrices.</summary>
/// <param name="Within">Before the names of all.</param>
/// <param name="Up">Of the gate and of what it gates; one name is of both, or of the one that there is.</param>
internal sealed record FeedForwardNames(string Within, IReadOnlyList<string> Up, string Down);
