using Cognito.Eval.Torch.Architectures;
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
    public abstract Tensor Norm(Tensor x, Tensor weight);

    /// <summary>
    /// Parts the projection [N, (H + 2 K) d] into queries [N, H, d] and keys [N, K, d], both turned to their positions, and
    /// values [N, K, d].
    /// </summary>
    public abstract (Tensor Queries, Tensor Keys, Tensor Values) ApplyRotary(Tensor projected, RotaryTable table);

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
    public static Elementwise For(ModelConfig config, Device device, ScalarType dtype) =>
        (device.type, dtype) switch
        {
            (DeviceType.CUDA, ScalarType.BFloat16 or ScalarType.Float16) when SuitingKernels.For(config).Any =>
                new CudaElementwise(config, device, dtype),
            (DeviceType.CPU, ScalarType.Float32) => new CpuElementwise(config),
            _ => new TensorElementwise(config),
        };
}

/// <summary>By libtorch's operators: any device, any type.</summary>
internal sealed class TensorElementwise(ModelConfig config) : Elementwise
{
    private readonly Scalar _epsilon = config.NormEpsilon.ToScalar();

    public override Tensor Norm(Tensor x, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var wide = x.to_type(ScalarType.Float32);
        var scale = wide.square().mean([-1L], keepdim: true).add_(_epsilon).rsqrt_();
        return wide.mul(scale).to_type(x.dtype).mul_(weight).MoveToOuterDisposeScope();
    }

    public override (Tensor Queries, Tensor Keys, Tensor Values) ApplyRotary(Tensor projected, RotaryTable table)
    {
        var (h, k) = (config.Heads, config.KeyValueHeads);
        var all = projected.view(-1, h + 2 * k, config.HeadDim);
        var heads = all.narrow(1, 0, h + k);
        var turned = heads.mul(table.Cos).add_(heads.roll(heads.shape[^1] / 2, -1).mul_(table.Sin));
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
            sum = sum is null ? part : sum.add_(part);
        }
        stream.add_(sum!);
    }
}
