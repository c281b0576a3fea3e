namespace Cognito.Eval.Torch.Architectures;

/// <summary>A tensor that a decoder is made of, by its name in the hub's layout of one tensor for each matrix.</summary>
internal sealed record NamedTensor(string Name, params long[] Shape);

/// <summary>One gated feed-forward's tensors; a list is what lies one below the other as one matrix.</summary>
/// <param name="GateUpBiases">None where there are no biases.</param>
internal sealed record ExpertTensors(
    IReadOnlyList<NamedTensor> GateUp, IReadOnlyList<NamedTensor> GateUpBiases, NamedTensor Down, NamedTensor? DownBias)
{
    public IEnumerable<NamedTensor> All => [.. GateUp, .. GateUpBiases, Down, .. DownBias is null ? [] : (NamedTensor[])[DownBias]];
}

/// <summary>One layer's tensors; a list is what lies one below the other as one matrix.</summary>
internal sealed record LayerTensors(
    NamedTensor AttentionNorm, IReadOnlyList<NamedTensor> Projections, IReadOnlyList<NamedTensor> ProjectionBiases,
    NamedTensor Output, NamedTensor? OutputBias, NamedTensor FeedForwardNorm, NamedTensor? Router,
    IReadOnlyList<ExpertTensors> Experts)
{
    public IEnumerable<NamedTensor> All => ((NamedTensor?[])[AttentionNorm, .. Projections, .. ProjectionBiases, Output, OutputBias,
        FeedForwardNorm, Router, .. Experts.SelectMany(expert => expert.All)]).OfType<NamedTensor>();
}

/// <summary>Which tensors a config's decoder is made of, and their shapes. Where files hold them, see <see cref="TensorForm"/>.</summary>
internal sealed record DecoderTensors(ModelConfig Config)
{
    public NamedTensor Embedding => new("model.embed_tokens.weight", Config.VocabularySize, Config.HiddenSize);

    public NamedTensor Norm => new("model.norm.weight", Config.HiddenSize);

    /// <summary>Null where the embedding is the head too.</summary>
    public NamedTensor? Head =>
        Config.TiesEmbeddings ? null : new("lm_head.weight", Config.VocabularySize, Config.HiddenSize);

    /// <summary>Every tensor, layer by layer.</summary>
    public IEnumerable<NamedTensor> All =>
    [
        Embedding, Norm, .. Head is { } head ? [head] : Array.Empty<NamedTensor>(),
        .. Enumerable.Range(0, Config.Layers).SelectMany(layer => Layer(layer).All),
    ];

    public LayerTensors Layer(int index)
    {
        long hidden = Config.HiddenSize, queries = (long)Config.Heads * Config.HeadDim, keys = (long)Config.KeyValueHeads * Config.HeadDim;
        var (layer, attention) = ($"model.layers.{index}.", $"model.layers.{index}.self_attn.");
        (string, long)[] parts = [("q", queries), ("k", keys), ("v", keys)];
        var bias = Config.AttentionBias;
        return new(
            new(layer + "input_layernorm.weight", hidden),
            [.. parts.Select(part => new NamedTensor($"{attention}{part.Item1}_proj.weight", part.Item2, hidden))],
            bias ? [.. parts.Select(part => new NamedTensor($"{attention}{part.Item1}_proj.bias", part.Item2))] : [],
            new(attention + "o_proj.weight", hidden, queries),
            bias ? new(attention + "o_proj.bias", hidden) : null,
            new(layer + "post_attention_layernorm.weight", hidden),
            Config.HasRouter ? new(layer + "block_sparse_moe.gate.weight", Config.Experts, hidden) : null,
            Config.HasRouter
                ? [.. Enumerable.Range(0, Config.Experts).Select(e => Expert($"{layer}block_sparse_moe.experts.{e}.", "w1", "w3", "w2"))]
                : [Expert(layer + "mlp.", "gate_proj", "up_proj", "down_proj")]);
    }

    private ExpertTensors Expert(string expert, string gate, string up, string down)
    {
        long hidden = Config.HiddenSize, inner = Config.IntermediateSize;
        var bias = Config.FeedForwardBias;
        return new(
            [new($"{expert}{gate}.weight", inner, hidden), new($"{expert}{up}.weight", inner, hidden)],
            bias ? [new($"{expert}{gate}.bias", inner), new($"{expert}{up}.bias", inner)] : [],
            new($"{expert}{down}.weight", hidden, inner),
            bias ? new($"{expert}{down}.bias", hidden) : null);
    }
}
