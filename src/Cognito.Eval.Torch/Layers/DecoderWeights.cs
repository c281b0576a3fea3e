using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>
/// A decoder's tensors in the config's shapes, each filled from the source in its place on the device. Matrices that
/// share their input become one: a row of a product does not depend on other rows.
/// </summary>
internal sealed class DecoderWeights(
    ModelConfig config, WeightSource source, Device device, ScalarType dtype, Elementwise elementwise) : IDisposable
{
    private readonly List<Tensor> _tensors = [];
    private readonly DecoderTensors _named = config.Tensors;

    public Tensor Embedding() => One(_named.Embedding);

    public Tensor Norm() => One(_named.Norm);

    public Tensor Head(Tensor embedding) => _named.Head is { } head ? One(head) : embedding;

    public DecoderLayer Layer(int index)
    {
        var (layer, spec) = (_named.Layer(index), config.Spec.Layers[index]);
        return new(elementwise, spec,
            One(layer.AttentionNorm), Stacked(layer.Projections), Maybe(layer.ProjectionBiases),
            One(layer.Output), Maybe(layer.OutputBias), One(layer.FeedForwardNorm),
            new(elementwise, spec.FeedForward, Maybe(layer.Router), [.. layer.Experts.Select(Expert)]));
    }

    public void Dispose() => _tensors.ForEach(t => t.Dispose());

    private Expert Expert(ExpertTensors expert) =>
        new(Stacked(expert.GateUp), Maybe(expert.GateUpBiases), One(expert.Down), Maybe(expert.DownBias));

    private Tensor One(NamedTensor tensor) => Stacked([tensor]);

    private Tensor? Maybe(NamedTensor? tensor) => tensor is null ? null : One(tensor);

    private Tensor? Maybe(IReadOnlyList<NamedTensor> parts) => parts.Count == 0 ? null : Stacked(parts);

    /// <summary>Tensors of so many rows each, all of one shape but for that, one below the other.</summary>
    private Tensor Stacked(IReadOnlyList<NamedTensor> parts)
    {
        using var scope = NewDisposeScope();
        // All are looked up before there is memory for any: a config's sizes are only a claim.
        foreach (var part in parts)
            source.Check(part.Name, part.Shape);
        var whole = empty([parts.Sum(part => part.Shape[0]), .. parts[0].Shape[1..]], dtype, device);
        long at = 0;
        foreach (var part in parts)
        {
            source.Fill(part.Name, whole.narrow(0, at, part.Shape[0]));
            at += part.Shape[0];
        }
        _tensors.Add(whole.DetachFromDisposeScope());
        return whole;
    }
}
