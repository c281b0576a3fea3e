using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>
/// Attention of many sequences in one launch whose scores x become cap tanh(x / cap), on CUDA in 16 bits: FlashAttention-2's way
/// (Dao, 2023), tile by tile with a running maximum, the cap applied to each tile's scores in float.
/// </summary>
/// <remarks>
/// Letters: T tokens of all sequences, S keys of all sequences, H query heads, K key-value heads, d head size. One block takes 64
/// queries of a head, one warp 16 of them; keys and values come in tiles of 64.
/// </remarks>
internal sealed unsafe class CappedFlash : IDisposable
{
    private const int Threads = 128, Tile = 64;

    private readonly CudaModule _module;
    private readonly nint _kernel;
    private readonly int _shared;

    private CappedFlash(CudaModule module, int headDim)
    {
        (_module, _kernel, _shared) = (module, module["capped_flash"], 3 * Tile * headDim * 2);
        module.AllowShared(_kernel, _shared);
    }

    /// <summary>Null where no layer caps its scores, or its shapes are not done, or this libtorch brings no compiler.</summary>
    public static CappedFlash? TryCreate(DecoderSpec spec, Device device, ScalarType dtype)
    {
        int[] sizes = [.. spec.Layers.Where(layer => layer.Attention.SoftCap is not null).Select(layer => layer.Attention.HeadDim).Distinct()];
        return device.type == DeviceType.CUDA && dtype is ScalarType.BFloat16 or ScalarType.Float16 && sizes is [32 or 64 or 128 or 256]
            && CudaModule.TryCompile($"#define D {sizes[0]}\n{CudaSource.Types}{CudaSource.Tiles}{Source}", CudaSource.Define(dtype), device.index) is { } module
            ? new(module, sizes[0]) : null;
    }

    /// <summary>
    /// Queries [T, H, d] over keys and values [S, K, d]: [T, H, d]. Sequences, windows and which keys a query sees are those of
    /// <see cref="AtenOps.Flash"/>.
    /// </summary>
    public Tensor Over(
        AttentionSpec spec, Tensor q, Tensor k, Tensor v, Tensor cuSeqlensQ, Tensor cuSeqlensK, long maxSeqlenQ, Tensor? seqUsedK = null)
    {
        using var scope = NewDisposeScope();
        (q, k, v) = (q.contiguous(), k.contiguous(), v.contiguous());
        var output = empty_like(q);
        nint pQ = CudaModule.Pointer(q), pK = CudaModule.Pointer(k), pV = CudaModule.Pointer(v), pOutput = CudaModule.Pointer(output),
            pEndsQ = CudaModule.Pointer(cuSeqlensQ), pEndsK = CudaModule.Pointer(cuSeqlensK), pUsed = seqUsedK is null ? 0 : CudaModule.Pointer(seqUsedK);
        int blocks = (int)((maxSeqlenQ + Tile - 1) / Tile), heads = spec.Heads, shared = spec.KeyValueHeads, window = spec.Window ?? 0;
        float scale = (float)spec.ScoreScale, cap = (float)spec.SoftCap!.Value;
        _module.Launch(_kernel, (cuSeqlensQ.shape[0] - 1) * blocks * heads, Threads, _shared, (nint)(&pQ), (nint)(&pK), (nint)(&pV),
            (nint)(&pOutput), (nint)(&pEndsQ), (nint)(&pEndsK), (nint)(&pUsed), (nint)(&blocks), (nint)(&heads), (nint)(&shared),
            (nint)(&window), (nint)(&scale), (nint)(&cap));
        return output.MoveToOuterDisposeScope();
    }

    public void Dispose() => _module.Dispose();

    private const string Source = """
        // 64 rows of a head, from a row on; rows from last on are zeros.
        __device__ void fetch(Eight* tile, const Eight* source, int row, int last, int heads, int head)
        {
            for (int i = threadIdx.x; i < 64 * CHUNKS; i += blockDim.x) {
                int r = i / CHUNKS, c = i % CHUNKS, size = row + r < last ? 16 : 0;
                const Eight* from = source + ((size_t)(size ? row + r : 0) * heads + head) * CHUNKS + c;
                asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"(place(at(tile, r, c))), "l"(from), "r"(size));
            }
            asm volatile("cp.async.commit_group;");
        }

        extern "C" __global__ void __launch_bounds__(128) capped_flash(const Eight* q, const Eight* k, const Eight* v, half_t* output,
            const int* endsQ, const int* endsK, const int* used, int blocks, int heads, int shared, int window, float scale, float cap)
        {
            int head = blockIdx.x % heads, m = blocks - 1 - blockIdx.x / heads % blocks, sequence = blockIdx.x / heads / blocks;
            int startQ = endsQ[sequence], queries = endsQ[sequence + 1] - startQ, startK = endsK[sequence];
            int keys = used ? used[sequence] : endsK[sequence + 1] - startK, first = m * 64, before = keys - queries;
            if (first >= queries) return;
            int from = window > 0 ? max(0, before + first - window + 1) / 64 : 0, to = (before + min(first + 63, queries - 1)) / 64;
            int warp = threadIdx.x / 32, lane = threadIdx.x % 32, own = head / (heads / shared);
            Eight *tileQ = tiles, *tileK = tiles + 64 * CHUNKS, *tileV = tiles + 128 * CHUNKS;
            q += (size_t)startQ * heads * CHUNKS;
            k += (size_t)startK * shared * CHUNKS;
            v += (size_t)startK * shared * CHUNKS;
            fetch(tileQ, q, first, queries, heads, head);
            fetch(tileK, k, from * 64, keys, shared, own);

            float o[CHUNKS][4], most[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
            #pragma unroll
            for (int n = 0; n < CHUNKS; n++) for (int i = 0; i < 4; i++) o[n][i] = 0;
            const float log2e = 1.44269504f;
            float inner = 2 * scale / cap * log2e, outer = cap * log2e;
            int position = before + first + warp * 16 + lane / 4;
            for (int t = from; t <= to; t++) {
                fetch(tileV, v, t * 64, keys, shared, own);
                asm volatile("cp.async.wait_group 1;");
                __syncthreads();
                float s[8][4];
                #pragma unroll
                for (int n = 0; n < 8; n++) for (int i = 0; i < 4; i++) s[n][i] = 0;
                #pragma unroll
                for (int c = 0; c < D / 16; c++) {
                    unsigned a[4], b[4];
                    load4(a, at(tileQ, warp * 16 + lane % 16, c * 2 + lane / 16));
                    #pragma unroll
                    for (int n = 0; n < 4; n++) {
                        load4(b, at(tileK, n * 16 + lane / 16 * 8 + lane % 8, c * 2 + lane / 8 % 2));
                        multiply(s[2 * n], a, b[0], b[1]);
                        multiply(s[2 * n + 1], a, b[2], b[3]);
                    }
                }
                __syncthreads();
                if (t < to) fetch(tileK, k, (t + 1) * 64, keys, shared, own);
                else asm volatile("cp.async.commit_group;");

                bool edge = t * 64 + 63 > before + first || window > 0;
                float large[2] = {most[0], most[1]};
                #pragma unroll
                for (int n = 0; n < 8; n++)
                    #pragma unroll
                    for (int i = 0; i < 4; i++) {
                        float x = outer * (1.0f - __fdividef(2.0f, 1.0f + power(s[n][i] * inner)));
                        int key = t * 64 + n * 8 + lane % 4 * 2 + i % 2, seen = position + i / 2 * 8;
                        if (edge && (key > seen || window > 0 && key <= seen - window)) x = -INFINITY;
                        s[n][i] = x;
                        large[i / 2] = fmaxf(large[i / 2], x);
                    }
                #pragma unroll
                for (int r = 0; r < 2; r++) {
                    large[r] = fmaxf(large[r], __shfl_xor_sync(~0u, large[r], 1));
                    large[r] = fmaxf(large[r], __shfl_xor_sync(~0u, large[r], 2));
                    // A row that has seen nothing yet has no maximum.
                    float shift = large[r] == -INFINITY ? 0 : large[r], less = power(most[r] - shift);
                    most[r] = large[r];
                    sum[r] *= less;
                    #pragma unroll
                    for (int n = 0; n < 8; n++)
                        #pragma unroll
                        for (int i = 2 * r; i < 2 * r + 2; i++) sum[r] += s[n][i] = power(s[n][i] - shift);
                    #pragma unroll
                    for (int n = 0; n < CHUNKS; n++) { o[n][2 * r] *= less; o[n][2 * r + 1] *= less; }
                }
                asm volatile("cp.async.wait_group 1;");
                __syncthreads();
                #pragma unroll
                for (int c = 0; c < 4; c++) {
                    unsigned a[4] = {packed(s[2 * c][0], s[2 * c][1]), packed(s[2 * c][2], s[2 * c][3]),
                        packed(s[2 * c + 1][0], s[2 * c + 1][1]), packed(s[2 * c + 1][2], s[2 * c + 1][3])}, b[4];
                    #pragma unroll
                    for (int n = 0; n < D / 16; n++) {
                        load4_transposed(b, at(tileV, c * 16 + lane / 8 % 2 * 8 + lane % 8, n * 2 + lane / 16));
                        multiply(o[2 * n], a, b[0], b[1]);
                        multiply(o[2 * n + 1], a, b[2], b[3]);
                    }
                }
                __syncthreads();
            }
            #pragma unroll
            for (int r = 0; r < 2; r++) {
                sum[r] += __shfl_xor_sync(~0u, sum[r], 1);
                sum[r] += __shfl_xor_sync(~0u, sum[r], 2);
                int row = first + warp * 16 + lane / 4 + r * 8;
                if (row >= queries) continue;
                unsigned* target = (unsigned*)(output + ((size_t)(startQ + row) * heads + head) * D) + lane % 4;
                #pragma unroll
                for (int n = 0; n < CHUNKS; n++) target[n * 4] = packed(o[n][2 * r] / sum[r], o[n][2 * r + 1] / sum[r]);
            }
        }
        """;
}
