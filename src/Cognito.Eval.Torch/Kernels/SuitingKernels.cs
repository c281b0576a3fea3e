using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>Which kernels of <see cref="CudaElementwise"/> can compute a model of these shapes, each asked on its own.</summary>
internal sealed record SuitingKernels(bool Norm, bool ApplyRotary, bool Activate, bool Weigh)
{
    /// <summary>Numbers that a thread reads at once: 16 bytes.</summary>
    public const int Wide = 8;

    /// <summary>The experts' addresses are passed by value.</summary>
    public const int MostExperts = 8;

    public bool Any => Norm || ApplyRotary || Activate || Weigh;

    public static SuitingKernels For(DecoderSpec spec) => new(
        Norm: spec.HiddenSize % Wide == 0,
        ApplyRotary: spec.Layers.All(layer =>
            layer.Attention.HeadDim % Wide == 0 && layer.Attention.Rope.Size % (2 * Wide) == 0),
        Activate: spec.Layers.All(layer => layer.FeedForward.IntermediateSize % Wide == 0
            && (layer.FeedForward.Mixture?.Shared?.IntermediateSize ?? 0) % Wide == 0),
        Weigh: spec.HiddenSize % Wide == 0 && spec.Layers.All(layer => layer.FeedForward.Experts <= MostExperts));
}
