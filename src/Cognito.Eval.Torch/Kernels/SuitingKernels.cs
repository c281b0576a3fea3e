using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>Which kernels of <see cref="CudaElementwise"/> can compute a model of these shapes, each asked on its own.</summary>
internal sealed record SuitingKernels(bool Norm, bool Turn, bool Gate, bool Weigh)
{
    /// <summary>Numbers that a thread reads at once: 16 bytes.</summary>
    public const int Wide = 8;

    /// <summary>The experts' addresses are passed by value.</summary>
    public const int MostExperts = 8;

    public bool Any => Norm || Turn || Gate || Weigh;

    public static SuitingKernels For(ModelConfig config) => new(
        Norm: config.HiddenSize % Wide == 0,
        Turn: config.HeadDim % (2 * Wide) == 0,
        Gate: config.IntermediateSize % Wide == 0,
        Weigh: config.HiddenSize % Wide == 0 && config.Experts <= MostExperts);
}
