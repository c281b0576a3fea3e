using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class SuitingKernelsTests
{
    private static readonly DecoderSpec Usual = ModelConfig.Named("cognito-2x7b").Spec;

    private static DecoderSpec Each(Func<LayerSpec, LayerSpec> change) => Usual with { Layers = [.. Usual.Layers.Select(change)] };

    private static DecoderSpec OfExperts(int experts) =>
        Each(layer => layer with { FeedForward = layer.FeedForward with { Mixture = new(experts, 2) } });

    private static DecoderSpec OfWidth(int size) =>
        Each(layer => layer with { FeedForward = layer.FeedForward with { IntermediateSize = size } });

    [Fact]
    public void Each_kernel_is_asked_on_its_own()
    {
        Assert.Equal(new SuitingKernels(Norm: true, ApplyRotary: true, SiluMul: true, Weigh: true), SuitingKernels.For(Usual));
        Assert.Equal(new SuitingKernels(Norm: true, ApplyRotary: true, SiluMul: true, Weigh: false), SuitingKernels.For(OfExperts(60)));
        Assert.Equal(new SuitingKernels(Norm: true, ApplyRotary: false, SiluMul: true, Weigh: true), SuitingKernels.For(Each(layer => layer with { Attention = layer.Attention with { HeadDim = 72 } })));
        Assert.Equal(new SuitingKernels(Norm: true, ApplyRotary: true, SiluMul: false, Weigh: true), SuitingKernels.For(OfWidth(1001)));
        Assert.Equal(new SuitingKernels(Norm: false, ApplyRotary: true, SiluMul: true, Weigh: false), SuitingKernels.For(Usual with { HiddenSize = 900 }));
    }

    [Theory]
    [InlineData(2, 128, 256)]
    [InlineData(60, 128, 256)]
    [InlineData(2, 128, 250)]
    [InlineData(2, 100, 256)]
    public void Steps_on_a_GPU_are_libtorchs_whichever_kernels_suit(int experts, int hidden, int intermediate)
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        var norm = Usual.Norm;
        var spec = Usual with
        {
            HiddenSize = hidden,
            Layers = [Usual.Layers[0] with { FeedForward = new(intermediate) { Mixture = new(experts, 2) } }],
        };
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        using var chosen = Elementwise.For(spec, CUDA, ScalarType.BFloat16);
        Assert.IsType<CudaElementwise>(chosen);
        var plain = new TensorElementwise();
        Tensor Some(params long[] shape) => randn(shape, ScalarType.BFloat16, CUDA);
        var (x, weight, both) = (Some(5, hidden), Some(hidden), Some(5, 2 * intermediate));
        Near(plain.Norm(x, weight, norm), chosen.Norm(x, weight, norm));
        Near(plain.SiluMul(both), chosen.SiluMul(both));
        Tensor[] parts = [.. Enumerable.Range(0, experts).Select(_ => Some(5, hidden))];
        var (logits, one, other) = (Some(5, experts), x.clone(), x.clone());
        chosen.AddWeighed(one, [.. parts.Select(part => part.clone())], logits);
        plain.AddWeighed(other, [.. parts.Select(part => part.clone())], logits);
        Near(other, one);
    }

    /// <summary>One step of bfloat16 apart at most, of the largest.</summary>
    private static void Near(Tensor expected, Tensor actual)
    {
        var apart = (expected.to_type(ScalarType.Float32) - actual.to_type(ScalarType.Float32)).abs().max().item<float>();
        Assert.InRange(apart / expected.to_type(ScalarType.Float32).abs().max().item<float>(), 0, 1f / 128);
    }
}
