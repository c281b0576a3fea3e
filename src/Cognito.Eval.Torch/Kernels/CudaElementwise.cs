using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>
/// On CUDA, in 16 bits: one kernel a step, compiled for the card at hand while the weights are loaded. A step whose kernel
/// does not suit the model's shapes is done by libtorch's own operators, and so are all where this libtorch brings no compiler.
/// </summary>
internal sealed unsafe partial class CudaElementwise : Elementwise
{
    private const int Threads = 256;

    /// <summary>How many keys a thread of a kernel takes.</summary>
    private static readonly int[] CappedKeys = [2, 4, 8, 32];

    private readonly SuitingKernels _suits;
    private readonly TensorElementwise _plain = new();
    private readonly Task<Kernels?> _compiled;

    private sealed record Kernels(CudaModule Module, nint Norm, nint NormWithin, nint ApplyRotary, nint Activate, nint[] CappedSoftmax, nint Choose, nint Weigh);

    public CudaElementwise(SuitingKernels suits, bool hasExperts, Device device, ScalarType dtype)
    {
        _suits = suits;
        Experts = hasExperts ? new(device, dtype) : null;
        _compiled = Task.Run(() => CudaModule.TryCompile(
                CudaSource.Types + Source, CudaSource.Define(dtype), device.index) is { } module
            ? new Kernels(
                module, module["rms_norm"], module["rms_norm_within"], module["apply_rotary"], module["activate"], [.. CappedKeys.Select(each => module[$"capped_softmax_{each}"])],
                module["choose"], module["weigh_parts"])
            : null);
    }

    public override ExpertKernels? Experts { get; }

    public override void Dispose()
    {
        _compiled.GetAwaiter().GetResult()?.Module.Dispose();
        Experts?.Dispose();
    }

    private Kernels? Compiled => _compiled.GetAwaiter().GetResult();

    public override Tensor Norm(Tensor x, NormSpec spec, Tensor weight, Tensor? bias)
    {
        if (!_suits.Norm || spec.Kind == NormKind.Centred || Compiled is not { } kernels)
            return _plain.Norm(x, spec, weight, bias);
        var y = empty_like(x);
        Norm(kernels, x, spec, weight, y, 0);
        return y;
    }

    public override void AddNormed(Tensor stream, Tensor x, NormSpec spec, Tensor weight, Tensor? bias)
    {
        if (!_suits.Norm || spec.Kind == NormKind.Centred || Compiled is not { } kernels)
            base.AddNormed(stream, x, spec, weight, bias);
        else
            Norm(kernels, x, spec, weight, stream, adds: 1);
    }

    private static void Norm(Kernels kernels, Tensor x, NormSpec spec, Tensor weight, Tensor y, int adds)
    {
        var (source, scale, target) = (CudaModule.Pointer(x), CudaModule.Pointer(weight), CudaModule.Pointer(y));
        var size = (int)x.shape[1];
        var (epsilon, kind) = ((float)spec.Epsilon, (int)spec.Kind);
        kernels.Module.Launch(kernels.Norm, x.shape[0], Threads, (nint)(&source), (nint)(&scale), (nint)(&target), (nint)(&size), (nint)(&epsilon), (nint)(&kind), (nint)(&adds));
    }

    public override void NormWithin(Tensor x, int from, int pieces, NormSpec spec, Tensor weight)
    {
        var size = (int)weight.shape[0];
        if (size % SuitingKernels.Wide != 0 || from % SuitingKernels.Wide != 0 || x.shape[1] % SuitingKernels.Wide != 0
            || spec.Kind == NormKind.Centred || Compiled is not { } kernels)
        {
            _plain.NormWithin(x, from, pieces, spec, weight);
            return;
        }
        var (at, scale) = (CudaModule.Pointer(x), CudaModule.Pointer(weight));
        var (row, rows) = (x.shape[1], x.shape[0] * pieces);
        var (epsilon, kind) = ((float)spec.Epsilon, (int)spec.Kind);
        const int together = Threads / 32;
        kernels.Module.Launch(kernels.NormWithin, (rows + together - 1) / together, Threads, (nint)(&at), (nint)(&scale), (nint)(&row),
            (nint)(&rows), (nint)(&from), (nint)(&pieces), (nint)(&size), (nint)(&epsilon), (nint)(&kind));
    }

    public override (Tensor Queries, Tensor Keys, Tensor Values) ApplyRotary(Tensor projected, AttentionSpec spec, RotaryTable table)
    {
        var turns = (int)table.Cos.shape[^1];
        if (!_suits.ApplyRotary || table.Cos.dtype != projected.dtype || Compiled is not { } kernels)
            return _plain.ApplyRotary(projected, spec, table);
        var (n, k, d) = (projected.shape[0], spec.KeyValueHeads, spec.HeadDim);
        var (keys, values) = (New(projected, n, k, d), New(projected, n, k, d));
        return (Rotated(kernels, projected, spec, table, turns, keys, values, null), keys, values);
    }

    public override Tensor RotateInto(Tensor projected, AttentionSpec spec, RotaryTable table, KeptPlaces kept)
    {
        var turns = (int)table.Cos.shape[^1];
        return _suits.ApplyRotary && table.Cos.dtype == projected.dtype && Compiled is { } kernels
            ? Rotated(kernels, projected, spec, table, turns, kept.Keys, kept.Values, kept.Places)
            : base.RotateInto(projected, spec, table, kept);
    }

    private static Tensor Rotated(
        Kernels kernels, Tensor projected, AttentionSpec spec, RotaryTable table, int turns, Tensor keys, Tensor values, Tensor? places)
    {
        var n = projected.shape[0];
        var (h, k, d) = (spec.Heads, spec.KeyValueHeads, spec.HeadDim);
        var queries = New(projected, n, h, d);
        var (source, cos, sin) = (CudaModule.Pointer(projected), CudaModule.Pointer(table.Cos), CudaModule.Pointer(table.Sin));
        var (q, kk, v) = (CudaModule.Pointer(queries), CudaModule.Pointer(keys), CudaModule.Pointer(values));
        var at = places is null ? 0 : CudaModule.Pointer(places);
        kernels.Module.Launch(kernels.ApplyRotary, n, Threads, (nint)(&source), (nint)(&cos), (nint)(&sin), (nint)(&q), (nint)(&kk), (nint)(&v),
            (nint)(&h), (nint)(&k), (nint)(&d), (nint)(&turns), (nint)(&at));
        return queries;
    }

    private static Tensor New(Tensor like, params long[] shape) => empty(shape, like.dtype, like.device);

    public override Tensor Activate(Tensor both, FeedForwardSpec spec)
    {
        if (!_suits.Activate || !spec.IsGated || Compiled is not { } kernels)
            return _plain.Activate(both, spec);
        var (n, size) = (both.shape[0], (int)(both.shape[1] / 2));
        var inner = empty([n, size], both.dtype, both.device);
        var (source, target) = (CudaModule.Pointer(both), CudaModule.Pointer(inner));
        var (pieces, act) = (n * size / SuitingKernels.Wide, (int)spec.Activation);
        kernels.Module.Launch(kernels.Activate, (pieces + Threads - 1) / Threads, Threads, (nint)(&source), (nint)(&target), (nint)(&size), (nint)(&pieces), (nint)(&act));
        return inner;
    }

    public override Tensor CappedSoftmax(Tensor scores, AttentionSpec spec, Tensor mask)
    {
        var size = Array.FindIndex(CappedKeys, each => scores.shape[^1] <= each * Threads);
        if (size < 0 || Compiled is not { } kernels || !scores.is_contiguous() || mask.dim() != 2 || mask.stride(1) != 1)
            return base.CappedSoftmax(scores, spec, mask);
        var (at, masks) = (CudaModule.Pointer(scores), CudaModule.PointerToRows(mask));
        var (rows, keys, step) = ((int)mask.shape[0], (int)scores.shape[^1], mask.stride(0));
        var (scale, cap) = ((float)spec.ScoreScale, (float)spec.SoftCap!.Value);
        kernels.Module.Launch(kernels.CappedSoftmax[size], scores.numel() / keys, Threads, (nint)(&at), (nint)(&masks), (nint)(&rows),
            (nint)(&keys), (nint)(&step), (nint)(&scale), (nint)(&cap));
        return scores.alias();
    }

    public override Tensor Choose(Tensor logits)
    {
        if (logits.shape[1] % SuitingKernels.Wide != 0 || Compiled is not { } kernels)
            return base.Choose(logits);
        var chosen = empty([logits.shape[0]], ScalarType.Int64, logits.device);
        var (source, target) = (CudaModule.Pointer(logits), CudaModule.Pointer(chosen));
        var pieces = (int)(logits.shape[1] / SuitingKernels.Wide);
        kernels.Module.Launch(kernels.Choose, logits.shape[0], 1024, (nint)(&source), (nint)(&target), (nint)(&pieces));
        return chosen;
    }

    public override void AddWeighed(Tensor stream, IReadOnlyList<Tensor> parts, Tensor logits)
    {
        if (!_suits.Weigh || Compiled is not { } kernels)
        {
            _plain.AddWeighed(stream, parts, logits);
            return;
        }
        var (target, router) = (CudaModule.Pointer(stream), CudaModule.Pointer(logits));
        var places = stackalloc nint[SuitingKernels.MostExperts];
        for (var e = 0; e < parts.Count; e++)
            places[e] = CudaModule.Pointer(parts[e]);
        var (experts, size) = (parts.Count, (int)stream.shape[1]);
        kernels.Module.Launch(kernels.Weigh, stream.shape[0], Threads, (nint)(&target), (nint)places, (nint)(&router), (nint)(&experts), (nint)(&size));
    }
}
