using System.Runtime.InteropServices;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>What a step of generation computes in kernels of its own, against libtorch's operators.</summary>
[Collection("torch")]
public sealed class StepAttentionTests
{
    private const int Places = 700;

    /// <summary>Rows that end everywhere in a turn of 16 keys, of a block, and of a stretch.</summary>
    private static readonly long[] Positions = [0, 1, 14, 15, 16, 63, 64, 65, 127, 300, 511, 699];

    private static void NeedsCuda() => Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");

    private static Tensor Some(params long[] shape) => randn(shape, ScalarType.BFloat16, CUDA);

    private static StepAttention Create(AttentionSpec spec)
    {
        var layer = ModelConfig.Named("llama-3.1-8b").Spec.Layers[0];
        var attention = StepAttention.TryCreate([layer with { Attention = spec }], CUDA, ScalarType.BFloat16);
        Assert.True(attention is { IsThere: true });
        return attention;
    }

    [Theory]
    [InlineData(128, 32, 8, null, null)]
    [InlineData(128, 48, 3, null, null)]
    [InlineData(32, 6, 6, null, null)]
    [InlineData(64, 14, 2, 33, null)]
    [InlineData(80, 4, 4, null, null)]
    [InlineData(96, 8, 4, 100, null)]
    [InlineData(256, 8, 4, null, 3.0)]
    [InlineData(256, 4, 1, 64, 3.0)]
    public void A_rows_query_gathers_what_scores_computed_whole_gather(int headDim, int heads, int shared, int? window, double? cap)
    {
        NeedsCuda();
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        var spec = new AttentionSpec(heads, shared, headDim, new("default", 1e4, headDim)) { SoftCap = cap, Window = window, Scale = 0.11 };
        using var attention = Create(spec);
        var rows = Positions.Length;
        var (q, k, v) = (Some(rows, heads, headDim), Some(rows * Places, shared, headDim), Some(rows * Places, shared, headDim));
        using var positions = tensor(Positions, device: CUDA);
        // Rows need not lie in their own order.
        using var starts = tensor([.. Enumerable.Range(0, rows).Select(Start)], device: CUDA);
        var few = attention.Over(spec, q, k, v, starts, positions, Positions.Max() + 1);
        // One block a row and head, as where there are many rows.
        var many = attention.Over(spec, q, k, v, starts, positions, 1);
        for (var row = 0; row < rows; row++)
        {
            var whole = Whole(spec, q[row], Row(k, row), Row(v, row));
            Near(whole, few[row]);
            Near(whole, many[row]);
        }
        Assert.True(few.equal(attention.Over(spec, q, k, v, starts, positions, Positions.Max() + 1)).all().item<bool>());

        long Start(int row) => (rows - 1 - row) * Places;
        Tensor Row(Tensor all, int row)
        {
            var (keys, from) = (Positions[row] + 1, Math.Max(0, Positions[row] + 1 - (window ?? Places)));
            return all.narrow(0, Start(row) + from, keys - from).to_type(ScalarType.Float32).repeat_interleave(heads / shared, 1);
        }
    }

    [Fact]
    public void What_lies_beyond_a_rows_last_place_does_not_count()
    {
        NeedsCuda();
        using var scope = NewDisposeScope();
        var spec = new AttentionSpec(8, 2, 64, new("default", 1e4, 64));
        using var attention = Create(spec);
        var (q, k, v) = (Some(1, 8, 64), Some(Places, 2, 64), Some(Places, 2, 64));
        using Tensor starts = tensor([0L], device: CUDA), positions = tensor([20L], device: CUDA);
        var clean = attention.Over(spec, q, k, v, starts, positions, 21);
        k.narrow(0, 21, Places - 21).fill_(float.NaN);
        v.narrow(0, 21, Places - 21).fill_(float.PositiveInfinity);
        Assert.True(clean.equal(attention.Over(spec, q, k, v, starts, positions, 21)).all().item<bool>());
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(64, 32)]
    public void Keys_and_values_go_to_their_places_as_they_would_be_copied_there(int headDim, int turned)
    {
        NeedsCuda();
        using var scope = NewDisposeScope();
        var model = ModelConfig.Named("llama-3.1-8b").Spec;
        var spec = new AttentionSpec(4, 2, headDim, new("default", 1e4, turned));
        using var elementwise = Elementwise.For(model with { Layers = [model.Layers[0] with { Attention = spec }] }, CUDA, ScalarType.BFloat16);
        using var rope = new Rope(spec.Rope, CUDA, ScalarType.BFloat16);
        var table = rope.At(tensor([3L, 900L, 0L], device: CUDA), 901, null);
        var projected = Some(3, 8 * headDim);
        var places = tensor([5L, 0L, 9L], device: CUDA);
        var (keys, values) = (zeros(12, 2, headDim, ScalarType.BFloat16, CUDA), zeros(12, 2, headDim, ScalarType.BFloat16, CUDA));
        var queries = elementwise.RotateInto(projected, spec, table, new(keys, values, places));
        var (q, k, v) = elementwise.ApplyRotary(projected, spec, table);
        Assert.True(queries.equal(q).all().item<bool>());
        Assert.True(keys.equal(zeros_like(keys).index_copy_(0, places, k)).all().item<bool>());
        Assert.True(values.equal(zeros_like(values).index_copy_(0, places, v)).all().item<bool>());
    }

    [Theory]
    [InlineData(32000)]
    [InlineData(40)]
    [InlineData(8)]
    public void The_first_of_the_largest_logits_is_chosen_and_what_is_no_number_is_said(int vocabulary)
    {
        NeedsCuda();
        using var scope = NewDisposeScope();
        using var elementwise = Elementwise.For(ModelConfig.Named("llama-3.1-8b").Spec, CUDA, ScalarType.BFloat16);
        // Of few values, so that most rows have ties.
        var logits = randint(-3, 4, [64, vocabulary], ScalarType.BFloat16, CUDA);
        logits[1, vocabulary - 1] = logits[2, 5] = tensor(float.NaN, ScalarType.BFloat16, CUDA);
        logits[2, 3] = tensor(float.PositiveInfinity, ScalarType.BFloat16, CUDA);
        logits[3, 0] = tensor(float.NegativeInfinity, ScalarType.BFloat16, CUDA);
        logits[4].fill_(float.NegativeInfinity);
        logits[5].fill_(0);
        var chosen = Host(elementwise.Choose(logits));
        Assert.Equal(Host(Elementwise.FirstLargest(logits, logits)), chosen);
        Assert.Equal([~(long)(vocabulary - 1), ~5L], chosen[1..3]);
        Assert.Equal([~0L, 0L], chosen[4..6]);
        Assert.True(chosen[3] < 0 && chosen[6..].All(id => id >= 0));
    }

    private static long[] Host(Tensor tensor) => MemoryMarshal.Cast<byte, long>(tensor.cpu().bytes).ToArray();

    /// <summary>[H, d] over [S, H, d], in float32.</summary>
    private static Tensor Whole(AttentionSpec spec, Tensor q, Tensor k, Tensor v)
    {
        var scores = q.to_type(ScalarType.Float32).unsqueeze(0).mul(k).sum([-1L]).mul(spec.ScoreScale); // [S, H]
        if (spec.SoftCap is { } cap)
            scores = scores.div(cap).tanh().mul(cap);
        return scores.softmax(0).unsqueeze(-1).mul(v).sum([0L]);
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        var apart = (expected - actual.to_type(ScalarType.Float32)).abs().max().item<float>();
        Assert.InRange(apart / expected.abs().max().item<float>(), 0, 1f / 128);
    }
}
