using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>The kernel that caps scores, against scores that are computed whole, in float32.</summary>
[Collection("torch")]
public sealed class CappedFlashTests
{
    [Theory]
    [InlineData(32, 4, 4, null)]
    [InlineData(64, 4, 2, null)]
    [InlineData(128, 6, 2, 70)]
    [InlineData(256, 4, 1, null)]
    [InlineData(256, 2, 2, 33)]
    public void Sequences_gather_what_scores_computed_whole_gather(int headDim, int heads, int shared, int? window)
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        var attention = new AttentionSpec(heads, shared, headDim, new("default", 1e4, headDim)) { SoftCap = 3, Window = window, Scale = 0.11 };
        var usual = ModelConfig.Named("gemma-2-9b").Spec;
        using var flash = CappedFlash.TryCreate(usual with { Layers = [usual.Layers[0] with { Attention = attention }] }, CUDA, ScalarType.BFloat16);
        Assert.NotNull(flash);
        // A long sequence, one whose queries are its last, a single query, and one that is as long as a tile.
        (int Queries, int Keys)[] sequences = [(200, 200), (37, 300), (1, 150), (64, 64)];
        var (q, k, v) = (Some(sequences.Sum(s => s.Queries), heads, headDim), Some(sequences.Sum(s => s.Keys), shared, headDim), Some(sequences.Sum(s => s.Keys), shared, headDim));
        var found = flash.Over(attention, q, k, v, Ends(sequences.Select(s => s.Queries)), Ends(sequences.Select(s => s.Keys)), sequences.Max(s => s.Queries));
        var (atQ, atK) = (0, 0);
        foreach (var (queries, keys) in sequences)
        {
            Near(Whole(attention, q.narrow(0, atQ, queries), k.narrow(0, atK, keys), v.narrow(0, atK, keys)), found.narrow(0, atQ, queries));
            (atQ, atK) = (atQ + queries, atK + keys);
        }

        static Tensor Some(params long[] shape) => randn(shape, ScalarType.BFloat16, CUDA);
    }

    [Fact]
    public void A_cache_is_read_as_far_as_it_is_filled()
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        var usual = ModelConfig.Named("gemma-2-9b").Spec;
        var attention = usual.Layers[0].Attention with { Heads = 4, KeyValueHeads = 2, SoftCap = 3, Window = null };
        using var flash = CappedFlash.TryCreate(usual, CUDA, ScalarType.BFloat16)!;
        const int places = 96;
        int[] used = [5, 96, 64];
        var q = randn([3, 4, 256], ScalarType.BFloat16, CUDA);
        var (k, v) = (randn([3 * places, 2, 256], ScalarType.BFloat16, CUDA), randn([3 * places, 2, 256], ScalarType.BFloat16, CUDA));
        var found = flash.Over(attention, q, k, v, Ends([1, 1, 1]), Ends([places, places, places]), 1, tensor(used, ScalarType.Int32, CUDA));
        for (var row = 0; row < 3; row++)
            Near(Whole(attention, q.narrow(0, row, 1), k.narrow(0, row * places, used[row]), v.narrow(0, row * places, used[row])), found.narrow(0, row, 1));
    }

    private static Tensor Ends(IEnumerable<int> lengths) =>
        tensor(lengths.Aggregate(new List<int> { 0 }, (ends, length) => [.. ends, ends[^1] + length]).ToArray(), ScalarType.Int32, CUDA);

    /// <summary>One sequence, whose queries are the last of its keys, in float32.</summary>
    private static Tensor Whole(AttentionSpec spec, Tensor q, Tensor k, Tensor v)
    {
        var (queries, keys, g) = (q.shape[0], k.shape[0], spec.Heads / spec.KeyValueHeads);
        var back = arange(queries, ScalarType.Int64, CUDA).add(keys - queries).unsqueeze(1) - arange(keys, ScalarType.Int64, CUDA);
        var visible = back.ge(0).logical_and(back.lt(spec.Window ?? int.MaxValue));
        Tensor Wide(Tensor x) => x.to_type(ScalarType.Float32).permute(1, 0, 2); // [heads, tokens, d]
        return CappedAttention.Over(spec, new TensorElementwise(), Wide(q).reshape(spec.KeyValueHeads, g * queries, -1), Wide(k), Wide(v),
            BandMask.Additive(visible, ScalarType.Float32)).view(spec.Heads, queries, -1).permute(1, 0, 2);
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        var apart = (expected - actual.to_type(ScalarType.Float32)).abs().max().item<float>();
        Assert.InRange(apart / expected.abs().max().item<float>(), 0, 1f / 128);
    }
}
