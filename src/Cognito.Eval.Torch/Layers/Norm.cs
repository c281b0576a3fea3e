using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>A norm and what it weighs by.</summary>
internal sealed record Norm(Elementwise Elementwise, NormSpec Spec, Tensor Weight, Tensor? Bias)
{
    /// <summary>Adds the norm of x to the stream, in place: [N, D] both.</summary>
    public void AddTo(Tensor stream, Tensor x) => Elementwise.AddNormed(stream, x, Spec, Weight, Bias);

    /// <summary>[N, D] to [N, D].</summary>
    public Tensor Apply(Tensor x) => Elementwise.Norm(x, Spec, Weight, Bias);

    /// <summary>Norms in place a stretch of each of x's rows, from a column on, in pieces as long as the weight.</summary>
    public void ApplyWithin(Tensor x, int from, int pieces) => Elementwise.NormWithin(x, from, pieces, Spec, Weight);
}

/// <summary>A linear map.</summary>
internal sealed record Linear(Tensor Weight, Tensor? Bias)
{
    public Tensor Apply(Tensor x) => nn.functional.linear(x, Weight, Bias);

    /// <summary>Adds to the stream, in place, what it makes of x; on CUDA in the product itself, rounded once.</summary>
    public void AddTo(Tensor stream, Tensor x)
    {
        if (Bias is null && stream.device_type == DeviceType.CUDA && stream.dtype != ScalarType.Float32)
        {
            using var transposed = Weight.t();
            stream.addmm_(x, transposed);
        }
        else
            stream.add_(Apply(x), Scalars.One);
    }
}
