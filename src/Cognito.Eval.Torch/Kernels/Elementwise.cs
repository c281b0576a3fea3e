using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>
/// A layer's work between its matrix products. It moves much memory and computes little, so each step is one pass where
/// the device allows; every implementation rounds where transformers' models round.
/// </summary>
/// <remarks>Letters: N tokens, D hidden size, I intermediate size, E experts, H query heads, K key-value heads, d head size.</remarks>
internal abstract class Elementwise : IDisposable
{
    /// <summary>Root mean square norm in float32, cast, then weighed: [N, D] to [N, D].</summary>
    public abstract Tensor Norm(Tensor x, Tensor weight, NormSpec spec);

    /// <summary>
    /// Parts the projection [N, (H + 2 K) d] into queries [N, H, d] and keys [N, K, d], both turned to their positions, and
    /// values [N, K, d].
    /// </summary>
    public abstract (Tensor Queries, Tensor Keys, Tensor Values) ApplyRotary(
        Tensor projected, AttentionSpec spec, RotaryTable table);

    /// <summary>silu(gate) * up, from gate and up side by side: [N, 2 I] to [N, I].</summary>
    public abstract Tensor SiluMul(Tensor both);

    /// <summary>
    /// Adds to the stream [N, D], in place, the experts' parts, each [N, D], weighed by the softmax of the router's logits
    /// [N, E]: in float32, each product rounded once.
    /// </summary>
    public abstract void AddWeighed(Tensor stream, IReadOnlyList<Tensor> parts, Tensor logits);

    public virtual void Dispose()
    {
    }

    /// <summary>What suits the device best.</summary>
    public static Elementwise For(DecoderSpec spec, Device device, ScalarType dtype) =>
        (device.type, dtype) switch
        {
            (DeviceType.CUDA, ScalarType.BFloat16 or ScalarType.Float16) when SuitingKernels.For(spec) is { Any: true } suits =>
                new CudaElementwise(suits, device, dtype),
            (DeviceType.CPU, ScalarType.Float32) => new CpuElementwise(),
            _ => new TensorElementwise(),
        };
}

/// <summary>By libtorch's operators: any device, any type.</summary>
internal sealed class TensorElementwise : Elementwise
{
    public override Tensor Norm(Tensor x, Tensor weight, NormSpec spec)
    {
        using var scope = NewDisposeScope();
        var wide = x.to_type(ScalarType.Float32);
        var scale = wide.square().mean([-1L], keepdim: true).add_(spec.Epsilon).rsqrt_();
        return wide.mul(scale).to_type(x.dtype).mul_(weight).MoveToOuterDisposeScope();
    }

    public override (Tensor Queries, Tensor Keys, Tensor Values) ApplyRotary(Tensor projected, AttentionSpec spec, RotaryTable table)
    {
        var (h, k) = (spec.Heads, spec.KeyValueHeads);
        var all = projected.view(-1, h + 2 * k, spec.HeadDim);
        var heads = all.narrow(1, 0, h + k);
        var turned = heads.mul(table.Cos).add_(heads.roll(heads.shape[^1] / 2, -1).mul_(table.Sin), Scalars.One);
        return (turned.narrow(1, 0, h), turned.narrow(1, h, k), all.narrow(1, h + k, k));
    }

    public override Tensor SiluMul(Tensor both)
    {
        var half = both.shape[1] / 2;
        using var gate = both.narrow(1, 0, half);
        using var up = both.narrow(1, half, half);
        return nn.functional.silu(gate).mul_(up);
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
