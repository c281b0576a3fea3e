using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>Where tokens' keys and values are kept.</summary>
/// <param name="Keys">All that are kept, [P, K, d]; values likewise.</param>
/// <param name="Places">[N], int64: the tokens' own.</param>
internal readonly record struct KeptPlaces(Tensor Keys, Tensor Values, Tensor Places);

/// <summary>
/// A layer's work between its matrix products. It moves much memory and computes little, so each step is one pass where
/// the device allows; every implementation rounds where transformers' models round.
/// </summary>
/// <remarks>
/// Letters: N tokens, D hidden size, I intermediate size, E experts, H query heads, K key-value heads, d head size.
/// </remarks>
internal abstract class Elementwise : IDisposable
{
    /// <summary>A norm of the spec's kind: [N, D] to [N, D].</summary>
    public abstract Tensor Norm(Tensor x, NormSpec spec, Tensor weight, Tensor? bias);

    /// <summary>Adds that to the stream, [N, D], in place.</summary>
    public virtual void AddNormed(Tensor stream, Tensor x, NormSpec spec, Tensor weight, Tensor? bias)
    {
        using var normed = Norm(x, spec, weight, bias);
        stream.add_(normed, Scalars.One);
    }

    /// <summary>Norms in place a stretch of each of x's rows, from a column on: so many pieces as long as the weight.</summary>
    public abstract void NormWithin(Tensor x, int from, int pieces, NormSpec spec, Tensor weight);

    /// <summary>
    /// Parts the projection [N, (H + 2 K) d] into queries [N, H, d] and keys [N, K, d], both turned to their positions, and
    /// values [N, K, d].
    /// </summary>
    public abstract (Tensor Queries, Tensor Keys, Tensor Values) ApplyRotary(
        Tensor projected, AttentionSpec spec, RotaryTable table);

    /// <summary>The same, but keys and values go to their places: queries [N, H, d].</summary>
    public virtual Tensor RotateInto(Tensor projected, AttentionSpec spec, RotaryTable table, KeptPlaces kept)
    {
        using var scope = NewDisposeScope();
        var (queries, keys, values) = ApplyRotary(projected, spec, table);
        kept.Keys.index_copy_(0, kept.Places, keys.contiguous());
        kept.Values.index_copy_(0, kept.Places, values.contiguous());
        return queries.MoveToOuterDisposeScope();
    }

    /// <summary>act(gate) * up, from gate and up side by side, [N, 2 I]; or act(up), from [N, I]: to [N, I].</summary>
    public abstract Tensor Activate(Tensor both, FeedForwardSpec spec);

    /// <summary>
    /// Scores scaled, capped (<see cref="AttentionSpec.SoftCap"/>), masked, and made shares of 1 along their last dimension in
    /// float32, in the scores' type; the scores may be changed.
    /// </summary>
    /// <param name="scores">[.., M, S]</param>
    /// <param name="mask">Added, [R, S] where M is a multiple of R, or of as many dimensions as the scores.</param>
    public virtual Tensor CappedSoftmax(Tensor scores, AttentionSpec spec, Tensor mask)
    {
        using var scope = NewDisposeScope();
        using Scalar scale = spec.ScoreScale.ToScalar(), cap = spec.SoftCap!.Value.ToScalar();
        var capped = scores.mul_(scale).div_(cap).tanh_().mul_(cap);
        var rows = mask.dim() == 2 ? capped.view([.. capped.shape[..^2], -1, .. mask.shape]) : capped;
        return nn.functional.softmax(rows.add_(mask, Scalars.One), -1, ScalarType.Float32).to_type(scores.dtype)
            .view(scores.shape).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Adds to the stream [N, D], in place, the experts' parts, each [N, D], weighed by the softmax of the router's logits
    /// [N, E]: in float32, each product rounded once.
    /// </summary>
    public abstract void AddWeighed(Tensor stream, IReadOnlyList<Tensor> parts, Tensor logits);

    /// <summary>
    /// The first of each row's largest logits, [N, V] to [N], int64. Its bits are turned over, so that it is below 0, where a logit is
    /// a NaN or infinite; a NaN is larger than all others.
    /// </summary>
    public virtual Tensor Choose(Tensor logits) => FirstLargest(logits, logits);

    /// <summary>The same of what was made of a model's own logits.</summary>
    public static Tensor FirstLargest(Tensor own, Tensor scores)
    {
        using var scope = NewDisposeScope();
        var wide = own.to_type(ScalarType.Float32);
        var best = scores.to_type(ScalarType.Float32).argmax(-1);
        // A NaN is both the least and the largest, and 0 times what is not finite is a NaN: no copy of the logits is made.
        var isFinite = wide.amin([-1]).mul(Scalars.Zero).eq(wide.amax([-1]).mul(Scalars.Zero));
        return where(isFinite, best, best.bitwise_not()).MoveToOuterDisposeScope();
    }

    /// <summary>What groups tokens by expert without the host; null where the host does.</summary>
    public virtual ExpertKernels? Experts => null;

    public virtual void Dispose()
    {
    }

    /// <summary>What suits the device best.</summary>
    public static Elementwise For(DecoderSpec spec, Device device, ScalarType dtype) =>
        (device.type, dtype) switch
        {
            (DeviceType.CUDA, ScalarType.BFloat16 or ScalarType.Float16) when SuitingKernels.For(spec) is { Any: true } suits =>
                new CudaElementwise(suits, spec.Layers.Any(layer => layer.FeedForward.Mixture is not null), device, dtype),
            (DeviceType.CPU, ScalarType.Float32) => new CpuElementwise(),
            _ => new TensorElementwise(),
        };
}

/// <summary>By libtorch's operators: any device, any type.</summary>
internal sealed class TensorElementwise : Elementwise
{
    public override Tensor Norm(Tensor x, NormSpec spec, Tensor weight, Tensor? bias)
    {
        if (spec.Kind == NormKind.Centred)
            return nn.functional.layer_norm(x, [x.shape[^1]], weight, bias, spec.Epsilon);
        using var scope = NewDisposeScope();
        var wide = x.to_type(ScalarType.Float32);
        using var epsilon = spec.Epsilon.ToScalar();
        var scale = wide.mul(wide).mean([-1L], keepdim: true).add_(epsilon, Scalars.One).rsqrt_();
        var normed = wide.mul(scale);
        return (spec.Kind switch
        {
            NormKind.CastThenWeigh => normed.to_type(x.dtype).mul_(weight),
            NormKind.WeighThenCast => normed.mul_(weight).to_type(x.dtype),
            _ => normed.mul_(weight.to_type(ScalarType.Float32).add(Scalars.One, Scalars.One)).to_type(x.dtype),
        }).MoveToOuterDisposeScope();
    }

    public override void NormWithin(Tensor x, int from, int pieces, NormSpec spec, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var stretch = x.narrow(1, from, pieces * weight.shape[0]).view(-1, pieces, weight.shape[0]);
        stretch.copy_(Norm(stretch, spec, weight, null));
    }

    public override (Tensor Queries, Tensor Keys, Tensor Values) ApplyRotary(
        Tensor projected, AttentionSpec spec, RotaryTable table)
    {
        var (h, k, turns) = (spec.Heads, spec.KeyValueHeads, table.Cos.shape[^1]);
        var all = projected.view(-1, h + 2 * k, spec.HeadDim);
        var heads = all.narrow(1, 0, h + k).narrow(2, 0, turns);
        var turned = heads.mul(table.Cos).add_(heads.roll(turns / 2, -1).mul(table.Sin), Scalars.One).to_type(projected.dtype);
        if (turns < spec.HeadDim)
            turned = cat([turned, all.narrow(1, 0, h + k).narrow(2, turns, spec.HeadDim - turns)], -1);
        return (turned.narrow(1, 0, h), turned.narrow(1, h, k), all.narrow(1, h + k, k));
    }

    public override Tensor Activate(Tensor both, FeedForwardSpec spec)
    {
        if (!spec.IsGated)
            return Act(both, spec.Activation);
        var half = both.shape[1] / 2;
        using var gate = both.narrow(1, 0, half);
        using var up = both.narrow(1, half, half);
        return Act(gate, spec.Activation).mul_(up);
    }

    private static Tensor Act(Tensor x, Activation activation) => activation switch
    {
        Activation.Silu => nn.functional.silu(x),
        Activation.Gelu => nn.functional.gelu(x),
        Activation.Relu => nn.functional.relu(x),
        _ => GeluTanh(x),
    };

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), in float32.</summary>
    private static Tensor GeluTanh(Tensor x)
    {
        using var scope = NewDisposeScope();
        using Scalar cubed = 0.044715.ToScalar(), scale = Math.Sqrt(2 / Math.PI).ToScalar(), half = 0.5.ToScalar();
        var wide = x.to_type(ScalarType.Float32);
        var share = wide.mul(wide).mul_(wide).mul_(cubed).add_(wide, Scalars.One).mul_(scale).tanh_()
            .add_(Scalars.One, Scalars.One).mul_(half);
        return share.mul_(wide).to_type(x.dtype).MoveToOuterDisposeScope();
    }

    public override void AddWeighed(Tensor stream, IReadOnlyList<Tensor> parts, Tensor logits)
    {
        using var scope = NewDisposeScope();
        var shares = nn.functional.softmax(logits.to_type(ScalarType.Float32), -1);
        var weights = shares / shares.sum(-1, keepdim: true);
        Tensor? sum = null;
        for (var e = 0; e < parts.Count; e++)
        {
            // In place the product is computed in float32 and rounded once to the model's type.
            var part = parts[e].mul_(weights.narrow(1, e, 1));
            sum = sum is null ? part : sum.add_(part, Scalars.One);
        }
        stream.add_(sum!, Scalars.One);
    }
}
