using System.Globalization;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>A tensor that a decoder is made of, by its name in the hub's layout of one tensor for each matrix.</summary>
internal sealed record NamedTensor(string Name, params long[] Shape)
{
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>A norm's tensors.</summary>
/// <param name="Bias">Null where it has none.</param>
internal sealed record NormTensors(NamedTensor Weight, NamedTensor? Bias)
{
    public IEnumerable<NamedTensor> All => Bias is null ? [Weight] : [Weight, Bias];
}

/// <summary>A linear map's tensors; a list is what lies one below the other as one matrix.</summary>
/// <param name="Biases">None where there are no biases.</param>
internal sealed record LinearTensors(IReadOnlyList<NamedTensor> Weights, IReadOnlyList<NamedTensor> Biases)
{
    public IEnumerable<NamedTensor> All => [.. Weights, .. Biases];
}

/// <summary>One feed-forward's tensors.</summary>
internal sealed record FeedForwardTensors(LinearTensors Up, LinearTensors Down)
{
    public IEnumerable<NamedTensor> All => [.. Up.All, .. Down.All];
}

/// <summary>One layer's tensors; what it does not have is null.</summary>
internal sealed record LayerTensors(
    NormTensors? AttentionNorm, LinearTensors Projection, NormTensors? QueryNorm, NormTensors? KeyNorm, LinearTensors Output,
    NormTensors? AttentionOutputNorm, NormTensors? FeedForwardNorm, NormTensors? FeedForwardOutputNorm, NamedTensor? Router,
    FeedForwardTensors? SharedExpert, NamedTensor? SharedExpertGate, IReadOnlyList<FeedForwardTensors> Experts)
{
    public IEnumerable<NamedTensor> All =>
    [
        .. ((NormTensors?[])[AttentionNorm, QueryNorm, KeyNorm, AttentionOutputNorm, FeedForwardNorm, FeedForwardOutputNorm])
            .OfType<NormTensors>().SelectMany(norm => norm.All),
        .. Projection.All, .. Output.All,
        .. ((NamedTensor?[])[Router, SharedExpertGate]).OfType<NamedTensor>(),
        .. SharedExpert?.All ?? [], .. Experts.SelectMany(expert => expert.All),
    ];
}

/// <summary>The tensors that a decoder is made of. <see cref="TensorForm"/> says where files hold them.</summary>
internal sealed record DecoderTensors(DecoderSpec Spec, TensorNames Names)
{
    public NamedTensor Embedding => new($"{Names.Base}{Names.Embedding}.weight", Spec.VocabularySize, Spec.HiddenSize);

    public NormTensors Norm => Normed(Names.Base + Names.Norm, Spec.Norm, Spec.HiddenSize)!;

    /// <summary>Null where the embedding is the head too.</summary>
    public NamedTensor? Head => Spec.TiesEmbeddings ? null : new(HeadName, Spec.VocabularySize, Spec.HiddenSize);

    /// <summary>The head's name, whether there is one or not.</summary>
    public string HeadName => Names.Head + ".weight";

    /// <summary>Every tensor, layer by layer, each made as it is asked for: a config's counts are only a claim.</summary>
    public IEnumerable<NamedTensor> All => ((NamedTensor?[])[Embedding, .. Norm.All, Head]).OfType<NamedTensor>()
        .Concat(Enumerable.Range(0, Spec.Layers.Count).SelectMany(layer => Layer(layer).All));

    public LayerTensors Layer(int index) => WithoutExperts(index) with
    {
        Experts = [.. Enumerable.Range(0, Spec.Layers[index].FeedForward.Experts).Select(expert => Expert(index, expert))],
    };

    /// <summary>How many numbers all tensors hold.</summary>
    /// <param name="experts">How many of a layer's experts count.</param>
    public long Count(Func<FeedForwardSpec, int> experts) =>
        Embedding.Count + Norm.All.Sum(tensor => tensor.Count) + (Head?.Count ?? 0)
        + Spec.Layers.Index().GroupBy(layer => layer.Item, layer => layer.Index).Sum(alike => alike.Count() * Count(alike.First(), experts));

    /// <summary>How many numbers a layer's tensors hold.</summary>
    public long Count(int layer, Func<FeedForwardSpec, int> experts) => WithoutExperts(layer).All.Sum(tensor => tensor.Count)
        + experts(Spec.Layers[layer].FeedForward) * Expert(layer, 0).All.Sum(tensor => tensor.Count);

    private LayerTensors WithoutExperts(int index)
    {
        var layer = Spec.Layers[index];
        var (attention, mixture) = (layer.Attention, layer.FeedForward.Mixture);
        long hidden = Spec.HiddenSize, queries = (long)attention.Heads * attention.HeadDim;
        var keys = (long)attention.KeyValueHeads * attention.HeadDim;
        string In(string name) => Within(index, 0, name);
        NormTensors? Norm(string name, NormSpec? spec, long size) => Normed(In(name), spec, size);
        var normed = attention.NormsHeads ? (Query: attention.HeadDim, Key: attention.HeadDim) : (Query: queries, Key: keys);
        return new(
            Norm(Names.AttentionNorm, layer.AttentionNorm, hidden),
            Linear(index, 0, "", Names.Projections,
                Names.Projections.Count == 1 ? [attention.ProjectedSize] : [queries, keys, keys], hidden,
                attention.ProjectionBias),
            Norm(Names.QueryNorm, attention.QueryKeyNorm, normed.Query),
            Norm(Names.KeyNorm, attention.QueryKeyNorm, normed.Key),
            Linear(index, 0, "", [Names.Output], [hidden], queries, attention.OutputBias),
            Norm(Names.AttentionOutputNorm, layer.AttentionOutputNorm, hidden),
            Norm(Names.FeedForwardNorm, layer.FeedForwardNorm, hidden),
            Norm(Names.FeedForwardOutputNorm, layer.FeedForwardOutputNorm, hidden),
            mixture is null ? null : new(In(Names.Router) + ".weight", mixture.Experts, hidden),
            mixture?.Shared is not { } shared ? null : FeedForward(
                index, 0, Names.SharedExpert, layer.FeedForward with { IntermediateSize = shared.IntermediateSize }),
            mixture?.Shared is { HasGate: true } ? new(In(Names.SharedExpertGate) + ".weight", 1, hidden) : null,
            []);
    }

    private FeedForwardTensors Expert(int layer, int expert)
    {
        var spec = Spec.Layers[layer].FeedForward;
        return FeedForward(layer, expert, spec.Mixture is null ? Names.FeedForward : Names.Expert, spec);
    }

    private FeedForwardTensors FeedForward(int layer, int expert, FeedForwardNames names, FeedForwardSpec spec) => new(
        Linear(layer, expert, names.Within, names.Up, [.. names.Up.Select(_ => spec.InnerSize / names.Up.Count)],
            Spec.HiddenSize, spec.HasBias),
        Linear(layer, expert, names.Within, [names.Down], [Spec.HiddenSize], spec.IntermediateSize, spec.HasBias));

    private LinearTensors Linear(
        int layer, int expert, string within, IReadOnlyList<string> names, IReadOnlyList<long> rows, long columns, bool hasBias)
    {
        var parts = names.Zip(rows, (name, size) => (Name: Within(layer, expert, within + name), Rows: size)).ToList();
        return new(
            [.. parts.Select(part => new NamedTensor(part.Name + ".weight", part.Rows, columns))],
            hasBias ? [.. parts.Select(part => new NamedTensor(part.Name + ".bias", part.Rows))] : []);
    }

    private static NormTensors? Normed(string name, NormSpec? spec, long size) => spec is null ? null
        : new(new(name + ".weight", size), spec.Kind == NormKind.Centred ? new(name + ".bias", size) : null);

    private string Within(int layer, int expert, string name) =>
        string.Format(CultureInfo.InvariantCulture, Names.Base + Names.Layer + name, layer, expert);
}
