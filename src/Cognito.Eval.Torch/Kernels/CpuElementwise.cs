using System.Runtime.InteropServices;
using Cognito.Eval.Torch.Architectures;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>On the CPU in float32: each token's numbers are read once, while they are in the nearest cache.</summary>
internal sealed partial class CpuElementwise : Elementwise
{
    private readonly TensorElementwise _plain = new();

    public override Tensor Norm(Tensor x, NormSpec spec, Tensor weight, Tensor? bias)
    {
        if (spec.Kind == NormKind.Centred)
            return _plain.Norm(x, spec, weight, bias);
        var y = empty_like(x);
        var size = (int)x.shape[1];
        var (rows, into) = (Rows(x, size), Rows(y, size));
        var scale = Scales(spec, weight);
        for (var t = 0; t < rows.Count; t++)
            Norm(rows[t], into[t], scale, spec);
        return y;
    }

    public override void NormWithin(Tensor x, int from, int pieces, NormSpec spec, Tensor weight)
    {
        var size = (int)weight.shape[0];
        var scale = Scales(spec, weight);
        var rows = Rows(x, (int)x.shape[1]);
        for (var t = 0; t < rows.Count; t++)
            for (var piece = 0; piece < pieces; piece++)
                NormExactly(rows[t].Slice(from + piece * size, size), scale, spec);
    }

    /// <summary>In double precision, rounded once.</summary>
    private static void NormExactly(Span<float> row, ReadOnlySpan<float> scale, NormSpec spec)
    {
        var sum = 0.0;
        foreach (var x in row)
            sum += (double)x * x;
        var by = 1 / Math.Sqrt(sum / row.Length + spec.Epsilon);
        for (var i = 0; i < row.Length; i++)
            row[i] = (float)(row[i] * by * scale[i]);
    }

    private static void Norm(ReadOnlySpan<float> row, Span<float> into, ReadOnlySpan<float> scale, NormSpec spec)
    {
        var mean = TensorPrimitives.SumOfSquares(row) / row.Length;
        TensorPrimitives.Multiply(row, 1 / MathF.Sqrt(mean + (float)spec.Epsilon), into);
        TensorPrimitives.Multiply(into, scale, into);
    }

    /// <summary>In float32 all kinds but this one weigh by the same numbers.</summary>
    private static ReadOnlySpan<float> Scales(NormSpec spec, Tensor weight)
    {
        var numbers = Rows(weight, (int)weight.shape[0])[0];
        if (spec.Kind != NormKind.WeighByOneMore)
            return numbers;
        var more = new float[numbers.Length];
        TensorPrimitives.Add(numbers, 1f, more);
        return more;
    }

    public override (Tensor Queries, Tensor Keys, Tensor Values) ApplyRotary(Tensor projected, AttentionSpec spec, RotaryTable table)
    {
        var (n, h, k, d) = ((int)projected.shape[0], spec.Heads, spec.KeyValueHeads, spec.HeadDim);
        var (queries, keys, values) = (Empty(n, h, d), Empty(n, k, d), Empty(n, k, d));
        var (source, q, kk, v) = (Rows(projected, d), Rows(queries, d), Rows(keys, d), Rows(values, k * d));
        var turns = (int)table.Cos.shape[^1];
        var (cos, sin, own) = (Rows(table.Cos, turns), Rows(table.Sin, turns), Rows(projected, (h + 2 * k) * d));
        for (var t = 0; t < n; t++)
        {
            var first = t * (h + 2 * k);
            for (var head = 0; head < h; head++)
                Turn(source[first + head], cos[t], sin[t], q[t * h + head]);
            for (var head = 0; head < k; head++)
                Turn(source[first + h + head], cos[t], sin[t], kk[t * k + head]);
            own[t][((h + k) * d)..].CopyTo(v[t]);
        }
        return (queries, keys, values);
    }

    private static void Turn(ReadOnlySpan<float> head, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, Span<float> into)
    {
        var (turns, half) = (cos.Length, cos.Length / 2);
        TensorPrimitives.Multiply(head[half..turns], sin[..half], into[..half]);
        TensorPrimitives.Multiply(head[..half], sin[half..], into[half..turns]);
        TensorPrimitives.MultiplyAdd(head[..turns], cos, into[..turns], into[..turns]);
        head[turns..].CopyTo(into[turns..]);
    }

    public override Tensor Activate(Tensor both, FeedForwardSpec spec)
    {
        if (spec is not { IsGated: true, Activation: Activation.Silu })
            return _plain.Activate(both, spec);
        var (n, size) = ((int)both.shape[0], (int)(both.shape[1] / 2));
        var inner = Empty(n, size);
        var (halves, into) = (Rows(both, size), Rows(inner, size));
        for (var t = 0; t < n; t++)
        {
            TensorPrimitives.Sigmoid<float>(halves[2 * t], into[t]);
            TensorPrimitives.Multiply(into[t], halves[2 * t], into[t]);
            TensorPrimitives.Multiply(into[t], halves[2 * t + 1], into[t]);
        }
        return inner;
    }

    public override void AddWeighed(Tensor stream, IReadOnlyList<Tensor> parts, Tensor logits)
    {
        var (size, experts) = ((int)stream.shape[1], parts.Count);
        var (into, router) = (Rows(stream, size), Rows(logits, experts));
        var weights = Empty(into.Count, experts);
        var shares = Rows(weights, experts);
        for (var t = 0; t < shares.Count; t++)
        {
            SoftMax(router[t], shares[t]);
            TensorPrimitives.Divide(shares[t], TensorPrimitives.Sum<float>(shares[t]), shares[t]);
        }
        for (var e = 0; e < experts; e++)
        {
            var part = Rows(parts[e], size);
            for (var t = 0; t < into.Count; t++)
                TensorPrimitives.MultiplyAdd(part[t], shares[t][e], into[t], into[t]);
        }
    }

    /// <summary>Where exponentials would leave float's range, the largest number is taken away first.</summary>
    private static void SoftMax(ReadOnlySpan<float> numbers, Span<float> into)
    {
        var most = TensorPrimitives.Max(numbers);
        TensorPrimitives.Subtract(numbers, Math.Abs(most) > 64 ? most : 0, into);
        TensorPrimitives.SoftMax<float>(into, into);
    }

    /// <summary>
    /// For every target its log-probability, then 1 where no other token is likelier, else 0: [2, P], from the logits [R, V].
    /// </summary>
    /// <param name="rowOf">A target's row; rows ascend.</param>
    public static Tensor Chances(Tensor logits, ReadOnlySpan<int> targets, Func<int, int> rowOf, Func<int, int> idOf)
    {
        var size = (int)logits.shape[1];
        var (found, rows, shifted) = (Empty(2, targets.Length), Rows(logits, size), new float[size]);
        var halves = Rows(found, targets.Length);
        var (last, top, logSum) = (-1, 0, 0f);
        for (var t = 0; t < targets.Length; t++)
        {
            var (row, id) = (rowOf(targets[t]), idOf(targets[t]));
            if (row != last)
            {
                (last, top) = (row, TensorPrimitives.IndexOfMax<float>(rows[row]));
                TensorPrimitives.Subtract(rows[row], rows[row][top], shifted);
                TensorPrimitives.Exp<float>(shifted, shifted);
                logSum = MathF.Log(TensorPrimitives.Sum<float>(shifted));
            }
            halves[0][t] = rows[row][id] - rows[row][top] - logSum;
            halves[1][t] = id == top ? 1 : 0;
        }
        return found;
    }

    private static Tensor Empty(params long[] shape) => empty(shape, ScalarType.Float32);

    /// <summary>A contiguous tensor's numbers, so many a row.</summary>
    private static unsafe TensorRows Rows(Tensor tensor, int size) =>
        tensor.is_contiguous() && tensor.dtype == ScalarType.Float32
            ? new((float*)Data(tensor.Handle), size, (int)(tensor.numel() / size))
            : throw new ArgumentException("Only contiguous tensors of float32 are read.", nameof(tensor));

    private readonly unsafe struct TensorRows(float* numbers, int size, int count)
    {
        public int Count => count;

        public Span<float> this[int row] => new(numbers + (long)row * size, size);
    }

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static unsafe partial void* Data(nint tensor);
}
