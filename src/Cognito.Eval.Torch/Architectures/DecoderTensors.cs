using System.Globalization;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>A tensor that a decoder is made of, by its name in the hub's layout of one tensor for each matrix.</summary>
internal sealed record NamedTensor(string Name, params long[] Shape)
{
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}

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

/// <summary>Which tensors a decoder is made of, and their shapes. Where files hold them, see <see cref="TensorForm"/>.</summary>
internal sealed record DecoderTensors(DecoderSpec Spec, TensorNames Names)
{
    public NamedTensor Embedding => new($"{Names.Base}{Names.Embedding}.weight", Spec.VocabularySize, Spec.HiddenSize);

    public NamedTensor Norm => new($"{Names.Base}{Names.Norm}.weight", Spec.HiddenSize);

    /// <summary>Null where the embedding is the head too.</summary>
    public NamedTensor? Head => Spec.TiesEmbeddings ? null : new(HeadName, Spec.VocabularySize, Spec.HiddenSize);

    /// <summary>The head's name, whether there is one or not.</summary>
    public string HeadName => Names.Head + ".weight";

    /// <summary>Every tensor, layer by layer.</summary>
    public IEnumerable<NamedTensor> All =>
    [
        Embedding, Norm, .. Head is { } head ? [head] : Array.Empty<NamedTensor>(),
        .. Enumerable.Range(0, Spec.Layers.Count).SelectMany(layer => Layer(layer).All),
    ];

    public LayerTensors Layer(int index) => WithoutExperts(index) with
    {
        Experts = [.. Enumerable.Range(0, Spec.Layers[index].FeedForward.Experts).Select(expert => Expert(index, expert))],
    };

    /// <summary>How many numbers all tensors hold.</summary>
    /// <param name="experts">How many of a layer's experts count.</param>
    public long Count(Func<FeedForwardSpec, int> experts) => Embedding.Count + Norm.Count + (Head?.Count ?? 0)
        + Enumerable.Range(0, Spec.Layers.Count).Sum(layer => WithoutExperts(layer).All.Sum(tensor => tensor.Count)
            + experts(Spec.Layers[layer].FeedForward) * Expert(layer, 0).All.Sum(tensor => tensor.Count));

    private LayerTensors WithoutExperts(int index)
    {
        var (attention, feedForward) = (Spec.Layers[index].Attention, Spec.Layers[index].FeedForward);
        long hidden = Spec.HiddenSize, queries = (long)attention.Heads * attention.HeadDim;
        var keys = (long)attention.KeyValueHeads * attention.HeadDim;
        (string Name, long Rows)[] projections = [(Names.Query, queries), (Names.Key, keys), (Names.Value, keys)];
        NamedTensor Of(string name, string kind, params long[] shape) => new($"{Within(index, 0, name)}.{kind}", shape);
        return new(
            Of(Names.AttentionNorm, "weight", hidden),
            [.. projections.Select(part => Of(part.Name, "weight", part.Rows, hidden))],
            attention.ProjectionBias ? [.. projections.Select(part => Of(part.Name, "bias", part.Rows))] : [],
            Of(Names.Output, "weight", hidden, queries),
            attention.OutputBias ? Of(Names.Output, "bias", hidden) : null,
            Of(Names.FeedForwardNorm, "weight", hidden),
            feedForward.Mixture is { } mixture ? Of(Names.Router, "weight", mixture.Experts, hidden) : null,
            []);
    }

    private ExpertTensors Expert(int layer, int expert)
    {
        var feedForward = Spec.Layers[layer].FeedForward;
        var names = feedForward.Mixture is null ? Names.FeedForward : Names.Expert;
        var within = Within(layer, expert, names.Within);
        long hidden = Spec.HiddenSize, inner = feedForward.IntermediateSize;
        var bias = feedForward.HasBias;
        return new(
            [new($"{within}{names.Gate}.weight", inner, hidden), new($"{within}{names.Up}.weight", inner, hidden)],
            bias ? [new($"{within}{names.Gate}.bias", inner), new($"{within}{names.Up}.bias", inner)] : [],
            new($"{within}{names.Down}.weight", hidden, inner),
            bias ? new($"{within}{names.Down}.bias", hidden) : null);
    }

    private string Within(int layer, int expert, string name) =>
        string.Format(CultureInfo.InvariantCulture, Names.Base + Names.Layer + name, layer, expert);
}
