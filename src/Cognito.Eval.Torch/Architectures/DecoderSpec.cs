namespace Cognito.Eval.Torch.Architectures;

/// <summary>What a decoder is made of, layer by layer: all that the blocks which compute it know of it.</summary>
internal sealed record DecoderSpec
{
    public required int VocabularySize { get; init; }
    public required int HiddenSize { get; init; }

    /// <summary>From the first to the last.</summary>
    public required IReadOnlyList<LayerSpec> Layers { get; init; }

    /// <summary>After the last layer, before the head.</summary>
    public required NormSpec Norm { get; init; }

    /// <summary>The table of embeddings is the head too.</summary>
    public bool TiesEmbeddings { get; init; }

    /// <summary>What config.json says of these that has no effect, here or in transformers; one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>How far the layers see, each width once: what needs a mask of its own.</summary>
    public IReadOnlyList<int?> Windows => [.. Layers.Select(layer => layer.Attention.Window).Distinct()];
}

/// <summary>One layer: attention, then the feed-forward, each of the normed stream and added to the stream.</summary>
/// <param name="AttentionNorm">Before the attention.</param>
/// <param name="FeedForwardNorm">Before the feed-forward.</param>
internal sealed record LayerSpec(
    NormSpec AttentionNorm, AttentionSpec Attention, NormSpec FeedForwardNorm, FeedForwardSpec FeedForward);

/// <summary>A norm by the root of the mean square: in float32, cast to the model's type, then weighed.</summary>
internal sealed record NormSpec(double Epsilon);

/// <summary>Causal attention of turned queries and keys.</summary>
/// <param name="KeyValueHeads">A divisor of Heads: so many query heads share one.</param>
internal sealed record AttentionSpec(int Heads, int KeyValueHeads, int HeadDim, RopeConfig Rope)
{
    /// <summary>How many positions a token sees, itself included; null means all before it.</summary>
    public int? Window { get; init; }

    /// <summary>Of queries, keys and values.</summary>
    public bool ProjectionBias { get; init; }
    public bool OutputBias { get; init; }

    /// <summary>What scores are multiplied by before their softmax.</summary>
    public double Scale => 1 / Math.Sqrt(HeadDim);
}

/// <summary>A gated feed-forward, down(silu(gate x) * up x), or several of them.</summary>
/// <param name="IntermediateSize">The width of one.</param>
internal sealed record FeedForwardSpec(int IntermediateSize)
{
    /// <summary>Of all three matrices.</summary>
    public bool HasBias { get; init; }

    /// <summary>What makes it several; null where it is one.</summary>
    public MixtureSpec? Mixture { get; init; }

    /// <summary>How many there are, and how many of them a token meets.</summary>
    public int Experts => Mixture?.Experts ?? 1;
    public int ExpertsPerToken => Mixture?.ExpertsPerToken ?? 1;
}

/// <summary>
/// Experts among which a router chooses for each token: by the softmax of its logits in float32, of which the chosen ones'
/// shares are scaled to add up to 1.
/// </summary>
internal sealed record MixtureSpec(int Experts, int ExpertsPerToken);
