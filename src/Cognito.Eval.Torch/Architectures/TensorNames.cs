namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// What a decoder's tensors are called, without ".weight" and ".bias", in the layout of one tensor for each matrix. What is not
/// said is called as in most of transformers' classes. {0} stands for the layer, {1} for the expert.
/// </summary>
internal sealed record TensorNames
{
    /// <summary>Before all names but the head's; what was saved of the model without its head lacks it.</summary>
    public string Base { get; init; } = "model.";
    public string Embedding { get; init; } = "embed_tokens";
    public string Norm { get; init; } = "norm";
    public string Head { get; init; } = "lm_head";

    /// <summary>Before all names of a layer.</summary>
    public string Layer { get; init; } = "layers.{0}.";
    public string AttentionNorm { get; init; } = "input_layernorm";
    public string Query { get; init; } = "self_attn.q_proj";
    public string Key { get; init; } = "self_attn.k_proj";
    public string Value { get; init; } = "self_attn.v_proj";
    public string Output { get; init; } = "self_attn.o_proj";
    public string FeedForwardNorm { get; init; } = "post_attention_layernorm";
    public GatedNames FeedForward { get; init; } = new("mlp.", "gate_proj", "up_proj", "down_proj");
    public string Router { get; init; } = "mlp.gate";
    public GatedNames Expert { get; init; } = new("mlp.experts.{1}.", "gate_proj", "up_proj", "down_proj");
}

/// <summary>A gated feed-forward's matrices.</summary>
/// <param name="Within">Before the names of all three.</param>
internal sealed record GatedNames(string Within, string Gate, string Up, string Down);
