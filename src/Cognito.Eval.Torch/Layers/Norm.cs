using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>A norm and what it weighs by.</summary>
internal sealed record Norm(Elementwise Elementwise, NormSpec Spec, Tensor Weight, Tensor? Bias)
{
    /// <summary>[N, D] to [N, D].</summary>
    public Tensor Apply(Tensor x) => Elementwise.Norm(x, Spec, Weight, Bias);

    /// <summary>Norms in place a stretch of each of x's rows, from a column on, in pieces as long as the weight.</summary>
    public void ApplyWithin(Tensor x, int from, int pieces) => Elementwise.NormWithin(x, from, pieces, Spec, Weight);
}

/// <summary>A linear map.</summary>
internal sealed record Linear(Tensor Weight, Tensor? Bias)
{
    public Tensor Apply(Tensor x) => nn.functional.linear(x, Weight, Bias);
}
