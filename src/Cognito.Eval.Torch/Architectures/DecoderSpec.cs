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

    /// <summary>What embeddings are multiplied by, rounded to the model's type; null leaves them as they are.</summary>
    public double? EmbeddingScale { get; init; }

    public DecoderSpec WithScaledEmbeddings() => this with { EmbeddingScale = Math.Sqrt(HiddenSize) };

    /// <summary>Logits x become cap tanh(x / cap), in the model's type.</summary>
    public double? LogitCap { get; init; }

    /// <summary>What config.json says of these that has no effect, here or in transformers; one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The attentions that need a layout of blocks and masks of their own.</summary>
    public IReadOnlyList<Visibility> Visibilities => [.. Layers.Select(layer => layer.Attention.Visibility).Distinct()];
}

/// <summary>One layer: attention, then the feed-forward, each added to the stream.</summary>
internal sealed record LayerSpec(AttentionSpec Attention, FeedForwardSpec FeedForward)
{
    /// <summary>Of the stream before the attention; null takes it as it is. So are the others.</summary>
    public NormSpec? AttentionNorm { get; init; }

    /// <summary>Of what the attention adds to the stream.</summary>
    public NormSpec? AttentionOutputNorm { get; init; }

    /// <summary>Of the stream before the feed-forward.</summary>
    public NormSpec? FeedForwardNorm { get; init; }

    /// <summary>Of what the feed-forward adds to the stream.</summary>
    public NormSpec? FeedForwardOutputNorm { get; init; }

    /// <summary>Norms what attention and feed-forward add as it norms what they take.</summary>
    public LayerSpec WithOutputNorms() =>
        this with { AttentionOutputNorm = AttentionNorm, FeedForwardOutputNorm = FeedForwardNorm };

    /// <summary>The feed-forward is of the stream before the attention, not after.</summary>
    public bool IsParallel { get; init; }
}

/// <summary>A norm in float32, by the root of the mean square.</summary>
internal sealed record NormSpec(double Epsilon)
{
    public NormKind Kind { get; init; }
}

/// <summary>What a norm does beside dividing by the root of the mean square.</summary>
internal enum NormKind
{
    /// <summary>Casts to the model's type, then weighs.</summary>
    CastThenWeigh,

    /// <summary>Weighs, then casts to the model's type.</summary>
    WeighThenCast,

    /// <summary>Weighs by 1 + w in float32, then casts.</summary>
    WeighByOneMore,

    /// <summary>Takes the mean away first; weighs and adds a bias, then casts.</summary>
    Centred,
}

/// <summary>Causal attention of turned queries and keys.</summary>
/// <param name="KeyValueHeads">A divisor of Heads: so many query heads share one.</param>
internal sealed record AttentionSpec(int Heads, int KeyValueHeads, int HeadDim, RopeConfig Rope)
{
    /// <summary>How many positions a token sees, itself included; null means all before it.</summary>
    public int? Window { get; init; }

    /// <summary>Of queries, keys and values.</summary>
    public bool ProjectionBias { get; init; }
    public bool OutputBias { get; init; }

    /// <summary>The projection's rows lie head by head: its queries, its keys, its values.</summary>
    public bool IsInterleaved { get; init; }

    /// <summary>Of queries, and of keys, before they are turned; null leaves them as they are.</summary>
    public NormSpec? QueryKeyNorm { get; init; }

    /// <summary>That norm is over a head's values; else over all heads' at once.</summary>
    public bool NormsHeads { get; init; }

    /// <summary>Queries, keys and values are cut to this far from 0, after their norms.</summary>
    public double? Clip { get; init; }

    /// <summary>What scores are multiplied by before their softmax; null is 1 / sqrt(HeadDim).</summary>
    public double? Scale { get; init; }

    public double ScoreScale => Scale ?? 1 / Math.Sqrt(HeadDim);

    /// <summary>Scores x become cap tanh(x / cap) before their softmax.</summary>
    public double? SoftCap { get; init; }

    public Visibility Visibility => new(Window, SoftCap is not null);

    /// <summary>The values of queries, keys and values side by side.</summary>
    public int ProjectedSize => (Heads + 2 * KeyValueHeads) * HeadDim;
}

/// <summary>How far an attention sees, and whether its scores must be seen themselves.</summary>
internal readonly record struct Visibility(int? Window, bool IsCapped);

/// <summary>A feed-forward, or several of them: down(act(gate x) * up x), or down(act(up x)).</summary>
/// <param name="IntermediateSize">The width of one.</param>
internal sealed record FeedForwardSpec(int IntermediateSize)
{
    public Activation Activation { get; init; }
    public bool IsGated { get; init; } = true;

    /// <summary>Of all its matrices.</summary>
    public bool HasBias { get; init; }

    /// <summary>What makes it several; null where it is one.</summary>
    public MixtureSpec? Mixture { get; init; }

    /// <summary>How many there are, and how many of them a token meets.</summary>
    public int Experts => Mixture?.Experts ?? 1;
    public int ExpertsPerToken => Mixture?.ExpertsPerToken ?? 1;

    /// <summary>Of the first product: gate and up side by side.</summary>
    public long InnerSize => (IsGated ? 2L : 1) * IntermediateSize;
}

internal enum Activation
{
    Silu,
    Gelu,

    /// <summary>GELU by tanh.</summary>
    GeluTanh,
    Relu,
}

/// <summary>Experts among which a router chooses for each token, by the softmax of its logits in float32.</summary>
internal sealed record MixtureSpec(int Experts, int ExpertsPerToken)
{
    /// <summary>The chosen ones' shares are scaled to add up to 1.</summary>
    public bool Renormalises { get; init; } = true;

    /// <summary>Shares are rounded to the model's type before they weigh.</summary>
    public bool RoundsShares { get; init; }

    /// <summary>Each token meets all experts and their parts are weighed as they are: nothing needs to be gathered.</summary>
    public bool WeighsAll => ExpertsPerToken == Experts && this is { Renormalises: true, RoundsShares: false };

    /// <summary>What every token meets beside the chosen; null where there is none.</summary>
    public SharedExpertSpec? Shared { get; init; }
}

/// <summary>A feed-forward beside the experts.</summary>
/// <param name="HasGate">What it makes is multiplied by the sigmoid of a product with the token.</param>
internal sealed record SharedExpertSpec(int IntermediateSize, bool HasGate);
