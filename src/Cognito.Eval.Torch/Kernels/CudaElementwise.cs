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

    private readonly SuitingKernels _suits;
    private readonly TensorElementwise _plain = new();
    private readonly Task<Kernels?> _compiled;

    private sealed record Kernels(CudaModule Module, nint Norm, nint ApplyRotary, nint SiluMul, nint Weigh);

    public CudaElementwise(SuitingKernels suits, Device device, ScalarType dtype)
    {
        _suits = suits;
        _compiled = Task.Run(() => CudaModule.TryCompile(
                Source, dtype == ScalarType.BFloat16 ? "BF16" : "FP16", device.index) is { } module
            ? new Kernels(
                module, module["rms_norm"], module["apply_rotary"], module["silu_mul"], module["weigh_parts"])
            : null);
    }

    public override void Dispose() => _compiled.GetAwaiter().GetResult()?.Module.Dispose();

    private Kernels? Compiled => _compiled.GetAwaiter().GetResult();

    public override Tensor Norm(Tensor x, Tensor weight, NormSpec spec)
    {
        if (!_suits.Norm || Compiled is not { } kernels)
            return _plain.Norm(x, weight, spec);
        var y = empty_like(x);
        var (source, scale, target) = (CudaModule.Pointer(x), CudaModule.Pointer(weight), CudaModule.Pointer(y));
        var size = (int)x.shape[1];
        var epsilon = (float)spec.Epsilon;
        kernels.Module.Launch(kernels.Norm, x.shape[0], Threads, (nint)(&source), (nint)(&scale), (nint)(&target), (nint)(&size), (nint)(&epsilon));
        return y;
    }

    public override (Tensor Queries, Tensor Keys, Tensor Values) ApplyRotary(Tensor projected, AttentionSpec spec, RotaryTable table)
    {
        if (!_suits.ApplyRotary || Compiled is not { } kernels)
            return _plain.ApplyRotary(projected, spec, table);
        var n = projected.shape[0];
        var (h, k, d) = (spec.Heads, spec.KeyValueHeads, spec.HeadDim);
        var (queries, keys, values) = (New(projected, n, h, d), New(projected, n, k, d), New(projected, n, k, d));
        var (source, cos, sin) = (CudaModule.Pointer(projected), CudaModule.Pointer(table.Cos), CudaModule.Pointer(table.Sin));
        var (q, kk, v) = (CudaModule.Pointer(queries), CudaModule.Pointer(keys), CudaModule.Pointer(values));
        kernels.Module.Launch(kernels.ApplyRotary, n, Threads, (nint)(&source), (nint)(&cos), (nint)(&sin), (nint)(&q), (nint)(&kk), (nint)(&v), (nint)(&h), (nint)(&k), (nint)(&d));
        return (queries, keys, values);
    }

    private static Tensor New(Tensor like, params long[] shape) => empty(shape, like.dtype, like.device);

    public override Tensor SiluMul(Tensor both)
    {
        if (!_suits.SiluMul || Compiled is not { } kernels)
            return _plain.SiluMul(both);
        var (n, size) = (both.shape[0], (int)(both.shape[1] / 2));
        var inner = empty([n, size], both.dtype, both.device);
        var (source, target) = (CudaModule.Pointer(both), CudaModule.Pointer(inner));
        var pieces = n * size / SuitingKernels.Wide;
        kernels.Module.Launch(kernels.SiluMul, (pieces + Threads - 1) / Threads, Threads, (nint)(&source), (nint)(&target), (nint)(&size), (nint)(&pieces));
        return inner;
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

    /// <summary>Numbers are widened to float, and narrowed wherever the model's own code has a tensor.</summary>
    private const string Source = """
        typedef unsigned short half_t;
        #ifdef BF16
        __device__ float wide(half_t x) { return __uint_as_float((unsigned)x << 16); }
        __device__ half_t narrow(float x) { half_t y; asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y) : "f"(x)); return y; }
        #else
        __device__ float wide(half_t x) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x)); return y; }
        __device__ half_t narrow(float x) { half_t y; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x)); return y; }
        #endif
        __device__ float rounded(float x) { return wide(narrow(x)); }
        struct __align__(16) Eight { half_t at[8]; };
        struct Parts { const Eight* of[8]; };

        // One block a token.
        extern "C" __global__ void rms_norm(const Eight* x, const Eight* weight, Eight* y, int size, float epsilon)
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
                for (int j = 0; j < 8; j++) v.at[j] = narrow(rounded(wide(v.at[j]) * scale) * wide(w.at[j]));
                y[i] = v;
            }
        }

        // One block a token; a thread turns eight pairs of a head, or copies sixteen values.
        extern "C" __global__ void apply_rotary(const Eight* projected, const Eight* cos, const Eight* sin, Eight* queries,
            Eight* keys, Eight* values, int heads, int shared, int size)
        {
            int half = size / 16;
            size_t token = blockIdx.x;
            projected += token * (heads + 2 * shared) * half * 2;
            for (int i = threadIdx.x; i < (heads + 2 * shared) * half; i += blockDim.x) {
                int head = i / half, at = i % half;
                Eight low = projected[head * half * 2 + at], high = projected[head * half * 2 + half + at];
                Eight* target = head < heads ? queries + (token * heads + head) * half * 2
                    : head < heads + shared ? keys + (token * shared + head - heads) * half * 2
                    : values + (token * shared + head - heads - shared) * half * 2;
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

        extern "C" __global__ void silu_mul(const Eight* both, Eight* inner, int size, long long pieces)
        {
            long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
            if (i >= pieces) return;
            long long row = i / (size / 8), at = i % (size / 8);
            Eight g = both[row * (size / 4) + at], u = both[row * (size / 4) + size / 8 + at];
            for (int j = 0; j < 8; j++) {
                float x = wide(g.at[j]);
                g.at[j] = narrow(rounded(x / (1.0f + expf(-x))) * wide(u.at[j]));
            }
            inner[i] = g;
        }

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
