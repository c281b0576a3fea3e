using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>
/// On CUDA, in 16 bits: one kernel a step, compiled for the card at hand while the weights are loaded. A step whose kernel
/// does not suit the model's shapes is done by libtorch's own operators, and so are all where this libtorch brings no compiler.
/// </summary>
internal sealed unsafe class CudaElementwise : Elementwise
{
    private const int Threads = 256;

    /// <summary>How many keys a thread of a kernel takes.</summary>
    private static readonly int[] CappedKeys = [2, 4, 8, 32];

    private readonly SuitingKernels _suits;
    private readonly TensorElementwise _plain = new();
    private readonly Task<Kernels?> _compiled;

    private sealed record Kernels(CudaModule Module, nint Norm, nint NormWithin, nint ApplyRotary, nint Activate, nint[] CappedSoftmax, nint Weigh);

    public CudaElementwise(SuitingKernels suits, bool hasExperts, Device device, ScalarType dtype)
    {
        _suits = suits;
        Experts = hasExperts ? new(device, dtype) : null;
        _compiled = Task.Run(() => CudaModule.TryCompile(
                CudaSource.Types + Source, CudaSource.Define(dtype), device.index) is { } module
            ? new Kernels(
                module, module["rms_norm"], module["rms_norm_within"], module["apply_rotary"], module["activate"], [.. CappedKeys.Select(each => module[$"capped_softmax_{each}"])],
                module["weigh_parts"])
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
        var n = projected.shape[0];
        var (h, k, d) = (spec.Heads, spec.KeyValueHeads, spec.HeadDim);
        var (queries, keys, values) = (New(projected, n, h, d), New(projected, n, k, d), New(projected, n, k, d));
        var (source, cos, sin) = (CudaModule.Pointer(projected), CudaModule.Pointer(table.Cos), CudaModule.Pointer(table.Sin));
        var (q, kk, v) = (CudaModule.Pointer(queries), CudaModule.Pointer(keys), CudaModule.Pointer(values));
        kernels.Module.Launch(kernels.ApplyRotary, n, Threads, (nint)(&source), (nint)(&cos), (nint)(&sin), (nint)(&q), (nint)(&kk), (nint)(&v), (nint)(&h), (nint)(&k), (nint)(&d), (nint)(&turns));
        return (queries, keys, values);
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

    private const string Source = """
        struct Parts { const Eight* of[8]; };

        // kind: cast then weigh, weigh then cast, weigh by 1 + w.
        __device__ half_t weighed(float normed, half_t w, int kind)
        {
            return kind == 0 ? narrow(rounded(normed) * wide(w)) : narrow(normed * (wide(w) + (kind == 2 ? 1.0f : 0.0f)));
        }

        // One block a token.
        extern "C" __global__ void rms_norm(const Eight* x, const Eight* weight, Eight* y, int size, float epsilon, int kind, int adds)
        {
            __shared__ float sums[32];
            int pieces = size / 8;
            x += (size_t)blockIdx.x * pieces;
            y += (size_t)blockIdx.x * pieces;
            float sum = 0;
            for (int i = threadIdx.x; i < pieces; i += blockDim.x) {
                Eight v = x[i];
                for (int j = 0; j < 8; j++) sum += wide(v.at[j]) * wide(v.at[j]);
            }
            for (int step = 16; step > 0; step /= 2) sum += __shfl_down_sync(~0u, sum, step);
            if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = sum;
            __syncthreads();
            sum = 0;
            for (int i = 0; i < blockDim.x / 32; i++) sum += sums[i];
            float scale = rsqrtf(sum / size + epsilon);
            for (int i = threadIdx.x; i < pieces; i += blockDim.x) {
                Eight v = x[i], w = weight[i];
                for (int j = 0; j < 8; j++) v.at[j] = weighed(wide(v.at[j]) * scale, w.at[j], kind);
                if (adds) {
                    Eight stream = y[i];
                    for (int j = 0; j < 8; j++) v.at[j] = narrow(wide(stream.at[j]) + wide(v.at[j]));
                }
                y[i] = v;
            }
        }

        // One warp a piece, in place: of each row, so many pieces from a column on.
        extern "C" __global__ void rms_norm_within(half_t* all, const Eight* weight, long long row, long long rows, int from, int pieces,
            int size, float epsilon, int kind)
        {
            long long piece = (long long)blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
            if (piece >= rows) return;
            Eight* x = (Eight*)(all + piece / pieces * row + from + piece % pieces * size);
            float sum = 0;
            for (int i = threadIdx.x % 32; i < size / 8; i += 32) {
                Eight v = x[i];
                for (int j = 0; j < 8; j++) sum += wide(v.at[j]) * wide(v.at[j]);
            }
            for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
            float scale = rsqrtf(sum / size + epsilon);
            for (int i = threadIdx.x % 32; i < size / 8; i += 32) {
                Eight v = x[i], w = weight[i];
                for (int j = 0; j < 8; j++) v.at[j] = weighed(wide(v.at[j]) * scale, w.at[j], kind);
                x[i] = v;
            }
        }

        // One block a token; a thread turns eight pairs of a head's first values, or copies eight of the others.
        extern "C" __global__ void apply_rotary(const Eight* projected, const Eight* cos, const Eight* sin, Eight* queries,
            Eight* keys, Eight* values, int heads, int shared, int size, int turns)
        {
            int half = turns / 16, whole = size / 8, steps = whole - half;
            size_t token = blockIdx.x;
            projected += token * (heads + 2 * shared) * whole;
            for (int i = threadIdx.x; i < (heads + 2 * shared) * steps; i += blockDim.x) {
                int head = i / steps, at = i % steps;
                const Eight* source = projected + head * whole;
                Eight* target = head < heads ? queries + (token * heads + head) * whole
                    : head < heads + shared ? keys + (token * shared + head - heads) * whole
                    : values + (token * shared + head - heads - shared) * whole;
                if (at >= half) {
                    target[at + half] = source[at + half];
                    continue;
                }
                Eight low = source[at], high = source[half + at];
                if (head < heads + shared) {
                    Eight c0 = cos[token * half * 2 + at], c1 = cos[token * half * 2 + half + at];
                    Eight s0 = sin[token * half * 2 + at], s1 = sin[token * half * 2 + half + at];
                    for (int j = 0; j < 8; j++) {
                        float a = wide(low.at[j]), b = wide(high.at[j]);
                        low.at[j] = narrow(rounded(a * wide(c0.at[j])) + rounded(b * wide(s0.at[j])));
                        high.at[j] = narrow(rounded(b * wide(c1.at[j])) + rounded(a * wide(s1.at[j])));
                    }
                }
                target[at] = low;
                target[half + at] = high;
            }
        }

        __device__ float act(float x, int kind)
        {
            if (kind == 0) return x / (1.0f + expf(-x));
            if (kind == 1) return 0.5f * x * (1.0f + erff(x * 0.70710678f));
            if (kind == 2) return x - __fdividef(x, 1.0f + __expf(1.59576912f * (x + 0.044715f * x * x * x)));
            return fmaxf(x, 0.0f);
        }

        extern "C" __global__ void activate(const Eight* both, Eight* inner, int size, long long pieces, int kind)
        {
            long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
            if (i >= pieces) return;
            long long row = i / (size / 8), at = i % (size / 8);
            Eight g = both[row * (size / 4) + at], u = both[row * (size / 4) + size / 8 + at];
            for (int j = 0; j < 8; j++) g.at[j] = narrow(rounded(act(wide(g.at[j]), kind)) * wide(u.at[j]));
            inner[i] = g;
        }

        __device__ float over_block(float x, bool largest)
        {
            __shared__ float found[32];
            for (int step = 16; step > 0; step /= 2) {
                float other = __shfl_xor_sync(~0u, x, step);
                x = largest ? fmaxf(x, other) : x + other;
            }
            __syncthreads();
            if (threadIdx.x % 32 == 0) found[threadIdx.x / 32] = x;
            __syncthreads();
            x = found[0];
            for (int i = 1; i < blockDim.x / 32; i++) x = largest ? fmaxf(x, found[i]) : x + found[i];
            return x;
        }

        // One block a row of scores, each thread so many of them; row i has the mask's row i modulo rows.
        template <int Each> __device__ void capped_softmax(half_t* scores, const half_t* mask, int rows, int keys, long long step,
            float scale, float cap)
        {
            scores += (size_t)blockIdx.x * keys;
            mask += blockIdx.x % rows * step;
            float x[Each], most = -INFINITY, sum = 0;
            #pragma unroll
            for (int j = 0; j < Each; j++) {
                int i = threadIdx.x + j * blockDim.x;
                if (i < keys) {
                    float t = rounded(rounded(wide(scores[i]) * scale) / cap);
                    t = rounded(rounded(1.0f - __fdividef(2.0f, 1.0f + __expf(2.0f * t))) * cap);
                    x[j] = rounded(t + wide(mask[i]));
                    most = fmaxf(most, x[j]);
                }
            }
            most = over_block(most, true);
            #pragma unroll
            for (int j = 0; j < Each; j++)
                if (threadIdx.x + j * blockDim.x < keys) sum += x[j] = __expf(x[j] - most);
            sum = 1.0f / over_block(sum, false);
            #pragma unroll
            for (int j = 0; j < Each; j++)
                if (threadIdx.x + j * blockDim.x < keys) scores[threadIdx.x + j * blockDim.x] = narrow(x[j] * sum);
        }

        #define CAPPED(each) extern "C" __global__ void capped_softmax_##each(half_t* scores, const half_t* mask, int rows, int keys, \
            long long step, float scale, float cap) { capped_softmax<each>(scores, mask, rows, keys, step, scale, cap); }
        CAPPED(2)
        CAPPED(4)
        CAPPED(8)
        CAPPED(32)

        // One block a token.
        extern "C" __global__ void weigh_parts(Eight* stream, Parts parts, const half_t* logits, int experts, int size)
        {
            float weights[8], most = -INFINITY, sum = 0;
            logits += (size_t)blockIdx.x * experts;
            for (int e = 0; e < experts; e++) most = fmaxf(most, wide(logits[e]));
            for (int e = 0; e < experts; e++) sum += weights[e] = expf(wide(logits[e]) - most);
            float shares = 0;
            for (int e = 0; e < experts; e++) shares += weights[e] /= sum;
            for (int e = 0; e < experts; e++) weights[e] /= shares;
            size_t row = (size_t)blockIdx.x * (size / 8);
            for (int i = threadIdx.x; i < size / 8; i += blockDim.x) {
                Eight x = stream[row + i];
                float total[8];
                for (int e = 0; e < experts; e++) {
                    Eight part = parts.of[e][row + i];
                    for (int j = 0; j < 8; j++) {
                        float weighed = rounded(wide(part.at[j]) * weights[e]);
                        total[j] = e == 0 ? weighed : rounded(total[j] + weighed);
                    }
                }
                for (int j = 0; j < 8; j++) x.at[j] = narrow(wide(x.at[j]) + total[j]);
                stream[row + i] = x;
            }
        }
        """;
}
