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
    private readonly List<(Tensor Rows, int Heads)> _interleaved = [];
    private readonly DecoderTensors _named = config.Tensors;

    public Tensor Embedding() => Stacked([_named.Embedding]);

    public Norm Norm() => Norm(_named.Norm, config.Spec.Norm)!;

    /// <param name="embedding">Where it is on the head's device; a tied head has else a copy of its own.</param>
    public Tensor Head(Tensor? embedding) => _named.Head is { } head ? Stacked([head]) : embedding ?? Embedding();

    public DecoderLayer Layer(int index)
    {
        var (layer, spec) = (_named.Layer(index), config.Spec.Layers[index]);
        var normed = spec.Attention.QueryKeyNorm;
        return new(elementwise, spec,
            new(Norm(layer.AttentionNorm, spec.AttentionNorm), Norm(layer.QueryNorm, normed), Norm(layer.KeyNorm, normed),
                Norm(layer.AttentionOutputNorm, spec.AttentionOutputNorm), Norm(layer.FeedForwardNorm, spec.FeedForwardNorm),
                Norm(layer.FeedForwardOutputNorm, spec.FeedForwardOutputNorm)),
            Linear(layer.Projection, spec.Attention.IsInterleaved ? spec.Attention.Heads : 1),
            Linear(layer.Output), FeedForward(layer, spec.FeedForward));
    }

    /// <summary>Once all are filled: rows that lie head by head become all queries', all keys', all values'.</summary>
    public void Arrange()
    {
        foreach (var (rows, heads) in _interleaved)
        {
            using var scope = NewDisposeScope();
            rows.copy_(rows.view([heads, 3, -1, .. rows.shape[1..]]).transpose(0, 1).contiguous().view(rows.shape));
        }
    }

    public void Dispose() => _tensors.ForEach(t => t.Dispose());

    private FeedForward FeedForward(LayerTensors layer, FeedForwardSpec spec)
    {
        if (spec.Mixture is not { } mixture)
            return Single(layer.Experts[0], spec);
        var router = Stacked([layer.Router!]);
        // Biases aside, all experts lie together.
        var (up, down) = (Together(layer.Experts, expert => expert.Up), Together(layer.Experts, expert => expert.Down));
        SingleFeedForward[] experts = [.. layer.Experts.Select((expert, e) => new SingleFeedForward(
            elementwise, spec, Linear(expert.Up, Kept(up[e])), Linear(expert.Down, Kept(down[e]))))];
        var shared = mixture.Shared is null ? null : new SharedExpert(
            Single(layer.SharedExpert!, spec), layer.SharedExpertGate is { } gate ? Stacked([gate]) : null);
        return new Mixture(elementwise, spec, router, experts, new(up, down), shared);
    }

    private SingleFeedForward Single(FeedForwardTensors tensors, FeedForwardSpec spec) =>
        new(elementwise, spec, Linear(tensors.Up), Linear(tensors.Down));

    private Norm? Norm(NormTensors? norm, NormSpec? spec) => norm is null ? null
        : new(elementwise, spec!, Stacked([norm.Weight]), norm.Bias is null ? null : Stacked([norm.Bias]));

    private Linear Linear(LinearTensors linear, Tensor weight) =>
        new(weight, linear.Biases.Count == 0 ? null : Stacked(linear.Biases));

    /// <summary>One matrix of each expert, [E, rows, columns].</summary>
    private Tensor Together(IReadOnlyList<FeedForwardTensors> experts, Func<FeedForwardTensors, LinearTensors> linear)
    {
        NamedTensor[] parts = [.. experts.SelectMany(expert => linear(expert).Weights)];
        return Kept(Stacked(parts).view(experts.Count, -1, parts[0].Shape[1]));
    }

    private Tensor Kept(Tensor tensor)
    {
        _tensors.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    /// <param name="heads">Whose queries, keys and values lie together in the file, where that is so; else 1.</param>
    private Linear Linear(LinearTensors linear, int heads = 1) =>
        new(Stacked(linear.Weights, heads), linear.Biases.Count == 0 ? null : Stacked(linear.Biases, heads));

    /// <summary>Tensors of so many rows each, all of one shape but for that, one below the other.</summary>
    private Tensor Stacked(IReadOnlyList<NamedTensor> parts, int heads = 1)
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
        if (heads > 1)
            _interleaved.Add((whole, heads));
        return Kept(whole);
    }
}
