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
        Assert.Equal(new SuitingKernels(Norm: true, ApplyRotary: true, Activate: true, Weigh: true), SuitingKernels.For(Usual));
        Assert.Equal(new SuitingKernels(Norm: true, ApplyRotary: true, Activate: true, Weigh: false), SuitingKernels.For(OfExperts(60)));
        Assert.Equal(new SuitingKernels(Norm: true, ApplyRotary: false, Activate: true, Weigh: true), SuitingKernels.For(Each(layer => layer with { Attention = layer.Attention with { Rope = layer.Attention.Rope with { Size = 72 } } })));
        Assert.Equal(new SuitingKernels(Norm: true, ApplyRotary: true, Activate: false, Weigh: true), SuitingKernels.For(OfWidth(1001)));
        Assert.Equal(new SuitingKernels(Norm: false, ApplyRotary: true, Activate: true, Weigh: false), SuitingKernels.For(Usual with { HiddenSize = 900 }));
    }

    [Theory]
    [InlineData(2, 128, 256)]
    [InlineData(60, 128, 256)]
    [InlineData(2, 128, 250)]
    [InlineData(2, 100, 256)]
    public void Steps_on_a_GPU_are_libtorchs_whichever_kernels_suit(int experts, int hidden, int intermediate)
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        var feedForward = new FeedForwardSpec(intermediate) { Mixture = new(experts, 2) };
        var spec = Usual with
        {
            HiddenSize = hidden,
            Layers = [Usual.Layers[0] with { FeedForward = feedForward }],
        };
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        using var chosen = Elementwise.For(spec, CUDA, ScalarType.BFloat16);
        Assert.IsType<CudaElementwise>(chosen);
        var plain = new TensorElementwise();
        Tensor Some(params long[] shape) => randn(shape, ScalarType.BFloat16, CUDA);
        var (x, weight, both) = (Some(5, hidden), Some(hidden), Some(5, 2 * intermediate));
        foreach (var kind in Enum.GetValues<NormKind>())
        {
            var norm = new NormSpec(1e-6) { Kind = kind };
            Near(plain.Norm(x, norm, weight, weight), chosen.Norm(x, norm, weight, weight));
        }
        foreach (var kind in Enum.GetValues<Activation>())
            Near(plain.Activate(both, feedForward with { Activation = kind }), chosen.Activate(both, feedForward with { Activation = kind }));
        Tensor[] parts = [.. Enumerable.Range(0, experts).Select(_ => Some(5, hidden))];
        var (logits, one, other) = (Some(5, experts), x.clone(), x.clone());
        chosen.AddWeighed(one, [.. parts.Select(part => part.clone())], logits);
        plain.AddWeighed(other, [.. parts.Select(part => part.clone())], logits);
        Near(other, one);
    }

    [Theory]
    [InlineData(128, 1, 128)]
    [InlineData(128, 3, 32)]
    [InlineData(128, 2, 20)]
    public void Stretches_of_rows_are_normed_on_a_GPU_as_by_libtorch(int hidden, int pieces, int size)
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        using var chosen = Elementwise.For(Usual, CUDA, ScalarType.BFloat16);
        var (x, weight) = (randn([7, hidden + 8], ScalarType.BFloat16, CUDA), randn([size], ScalarType.BFloat16, CUDA));
        foreach (var kind in (NormKind[])[NormKind.CastThenWeigh, NormKind.WeighThenCast, NormKind.WeighByOneMore])
        {
            var (one, other, norm) = (x.clone(), x.clone(), new NormSpec(1e-6) { Kind = kind });
            new TensorElementwise().NormWithin(one, 8, pieces, norm, weight);
            chosen.NormWithin(other, 8, pieces, norm, weight);
            Near(one, other);
        }
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(64, 16)]
    [InlineData(64, 48)]
    public void A_part_of_each_head_turns_on_a_GPU_as_by_libtorch(int headDim, int turned)
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        using var chosen = Elementwise.For(Usual, CUDA, ScalarType.BFloat16);
        using var rope = new Rope(new("default", 1e4, turned), CUDA, ScalarType.BFloat16);
        var attention = new AttentionSpec(4, 2, headDim, rope.Config);
        var x = randn([9, attention.ProjectedSize], ScalarType.BFloat16, CUDA);
        var table = rope.At(arange(9, ScalarType.Int64, CUDA), 9, null);
        var (one, other) = (new TensorElementwise().ApplyRotary(x, attention, table), chosen.ApplyRotary(x, attention, table));
        Near(one.Queries, other.Queries);
        Near(one.Keys, other.Keys);
        Near(one.Values, other.Values);
    }

    [Theory]
    [InlineData(37, 37)]
    [InlineData(16, 300)]
    public void Capped_scores_are_shares_on_a_GPU_as_by_libtorch(int rows, int keys)
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        using var chosen = Elementwise.For(Usual, CUDA, ScalarType.BFloat16);
        var attention = new AttentionSpec(4, 2, 16, new("default", 1e4, 16)) { SoftCap = 5 };
        var scores = randn([2, 2 * rows, keys], ScalarType.BFloat16, CUDA).mul_(20);
        var mask = zeros([rows, keys], ScalarType.BFloat16, CUDA).masked_fill_(ones([rows, keys], ScalarType.Bool, CUDA).triu(keys - rows + 1), float.NegativeInfinity);
        var (one, other) = (new TensorElementwise().CappedSoftmax(scores.clone(), attention, mask), chosen.CappedSoftmax(scores.clone(), attention, mask));
        Near(one, other);
    }

    /// <summary>One step of bfloat16 apart at most, of the largest.</summary>
    private static void Near(Tensor expected, Tensor actual)
    {
        var apart = (expected.to_type(ScalarType.Float32) - actual.to_type(ScalarType.Float32)).abs().max().item<float>();
        Assert.InRange(apart / expected.to_type(ScalarType.Float32).abs().max().item<float>(), 0, 1f / 128);
    }
}
