using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>
/// Attention of one new token a row over the keys that are kept of that row, on CUDA in 16 bits: each key and value is read once for
/// all query heads that share it, and long rows by several blocks (flash decoding, Dao et al., 2023).
/// </summary>
/// <remarks>
/// Letters: B rows, P places of all rows, H query heads, K key-value heads, d head size. A block has one key-value head of a row, or a
/// stretch of it; each of its warps takes 16 keys a turn and keeps a maximum, a sum and an output of its own, which are merged in
/// the warps' order, then the stretches'. So a row's numbers depend on nothing but the row and how many stretches there are.
/// </remarks>
internal sealed unsafe class StepAttention : IDisposable
{
    private const int Warps = 4, Stages = 3, MostGroup = 16, MostHeadDim = 256, LeastKeys = 128;

    private readonly int _headDim, _shared, _blocks;
    private readonly Task<(CudaModule Module, nint Kernel)?> _compiled;

    private StepAttention(int headDim, Device device, ScalarType dtype)
    {
        // Keys and values of 16 tokens, so many turns ahead, for each warp.
        (_headDim, _shared) = (headDim, Warps * Stages * 2 * 16 * headDim * 2);
        // Two blocks' registers and memory fit a multiprocessor.
        _blocks = 2 * CudaModule.Multiprocessors(device.index);
        _compiled = Task.Run<(CudaModule, nint)?>(() =>
        {
            if (CudaModule.TryCompile($"#define D {headDim}\n#define WARPS {Warps}\n#define STAGES {Stages}\n{CudaSource.Types}{CudaSource.Tiles}{Source}",
                CudaSource.Define(dtype), device.index) is not { } module)
                return null;
            var kernel = module["step_attention"];
            module.AllowShared(kernel, _shared);
            return (module, kernel);
        });
    }

    /// <summary>Null where the layers' shapes are not done, or there is no CUDA in 16 bits.</summary>
    public static StepAttention? TryCreate(IReadOnlyList<LayerSpec> layers, Device device, ScalarType dtype) =>
        device.type == DeviceType.CUDA && dtype is ScalarType.BFloat16 or ScalarType.Float16
        && layers.Select(layer => layer.Attention.HeadDim).Distinct().ToList() is [<= MostHeadDim and var size] && size % 16 == 0
        && layers.All(layer => layer.Attention.Heads / layer.Attention.KeyValueHeads <= MostGroup)
            ? new(size, device, dtype) : null;

    /// <summary>Whether this libtorch brings a compiler.</summary>
    public bool IsThere => _compiled.GetAwaiter().GetResult() is not null;

    /// <summary>Queries [B, H, d], each over its row's first keys and values of [P, K, d]: [B, H, d].</summary>
    /// <param name="starts">[B], int64: where the rows begin.</param>
    /// <param name="positions">[B], int64: the last place of each row that counts, from its start on.</param>
    /// <param name="longest">One more than the largest of them.</param>
    public Tensor Over(AttentionSpec spec, Tensor q, Tensor keys, Tensor values, Tensor starts, Tensor positions, long longest)
    {
        using var scope = NewDisposeScope();
        var (module, kernel) = _compiled.GetAwaiter().GetResult()!.Value;
        q = q.contiguous();
        int rows = (int)q.shape[0], heads = spec.Heads, shared = spec.KeyValueHeads, window = spec.Window ?? 0;
        var splits = (int)Math.Clamp(Math.Min(_blocks / ((long)rows * shared), longest / LeastKeys), 1, 64);
        var output = empty_like(q);
        var parts = splits == 1 ? null : empty([(long)rows * heads * splits * (_headDim + 2)], ScalarType.Float32, q.device);
        var arrived = splits == 1 ? null : zeros([(long)rows * shared], ScalarType.Int32, q.device);
        nint pQ = CudaModule.Pointer(q), pKeys = CudaModule.Pointer(keys), pValues = CudaModule.Pointer(values), pOutput = CudaModule.Pointer(output),
            pParts = parts is null ? 0 : CudaModule.Pointer(parts), pArrived = arrived is null ? 0 : CudaModule.Pointer(arrived),
            pStarts = CudaModule.Pointer(starts), pPositions = CudaModule.Pointer(positions);
        float scale = (float)spec.ScoreScale, cap = (float)(spec.SoftCap ?? 0);
        module.Launch(kernel, (long)rows * shared * splits, 32 * Warps, _shared, (nint)(&pQ), (nint)(&pKeys), (nint)(&pValues),
            (nint)(&pOutput), (nint)(&pParts), (nint)(&pArrived), (nint)(&pStarts), (nint)(&pPositions), (nint)(&heads),
            (nint)(&shared), (nint)(&splits), (nint)(&window), (nint)(&scale), (nint)(&cap));
        return output.MoveToOuterDisposeScope();
    }

    public void Dispose() => _compiled.GetAwaiter().GetResult()?.Module.Dispose();

    private const string Source = """
        // One warp's 16 keys or values of a head, from a key on; those from last on are zeros.
        __device__ void fetch(Eight* tile, const Eight* source, int key, int last, int step)
        {
            #pragma unroll
            for (int i = threadIdx.x % 32; i < 16 * CHUNKS; i += 32) {
                int r = i / CHUNKS, c = i % CHUNKS, size = key + r < last ? 16 : 0;
                const Eight* from = source + (size_t)(size ? key + r : 0) * step + c;
                asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"(place(at(tile, r, c))), "l"(from), "r"(size) : "memory");
            }
        }

        // A block: one row's queries of one key-value head over a stretch of its keys; a warp takes 16 keys a turn.
        extern "C" __global__ void __launch_bounds__(32 * WARPS) step_attention(const half_t* q, const Eight* k, const Eight* v, half_t* output,
            float* parts, int* arrived, const long long* starts, const long long* positions, int heads, int shared, int splits, int window,
            float scale, float cap)
        {
            int own = blockIdx.x % shared, split = blockIdx.x / shared % splits, row = blockIdx.x / shared / splits;
            int group = heads / shared, keys = (int)positions[row] + 1, start = window > 0 ? max(0, keys - window) : 0;
            int turns = (keys - start + 15) / 16, first = (int)((long long)turns * split / splits), end = (int)((long long)turns * (split + 1) / splits);
            int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
            Eight* mine = tiles + warp * STAGES * 32 * CHUNKS;
            k += (starts[row] * shared + own) * CHUNKS;
            v += (starts[row] * shared + own) * CHUNKS;
            for (int s = 0; s < STAGES - 1; s++) {
                int turn = first + warp + s * WARPS;
                if (turn < end) {
                    fetch(mine + s * 32 * CHUNKS, k, start + turn * 16, keys, shared * CHUNKS);
                    fetch(mine + s * 32 * CHUNKS + 16 * CHUNKS, v, start + turn * 16, keys, shared * CHUNKS);
                }
                asm volatile("cp.async.commit_group;" ::: "memory");
            }
            // The group's queries are the rows of one small product, rows beyond them zeros.
            unsigned a[D / 16][4];
            const unsigned* queries = (const unsigned*)(q + ((size_t)row * heads + own * group) * D);
            #pragma unroll
            for (int c = 0; c < D / 16; c++)
                #pragma unroll
                for (int i = 0; i < 4; i++) {
                    int r = lane / 4 + i % 2 * 8;
                    a[c][i] = r < group ? queries[r * (D / 2) + c * 8 + i / 2 * 4 + lane % 4] : 0;
                }
            float o[CHUNKS][4], most[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
            #pragma unroll
            for (int n = 0; n < CHUNKS; n++) for (int i = 0; i < 4; i++) o[n][i] = 0;
            const float log2e = 1.44269504f;
            float inner = cap > 0 ? 2 * scale / cap * log2e : scale * log2e, outer = cap * log2e;
            int stage = 0;
            for (int turn = first + warp; turn < end; turn += WARPS) {
                int next = turn + (STAGES - 1) * WARPS, spare = stage == 0 ? STAGES - 1 : stage - 1;
                if (next < end) {
                    fetch(mine + spare * 32 * CHUNKS, k, start + next * 16, keys, shared * CHUNKS);
                    fetch(mine + spare * 32 * CHUNKS + 16 * CHUNKS, v, start + next * 16, keys, shared * CHUNKS);
                }
                asm volatile("cp.async.commit_group;" ::: "memory");
                asm volatile("cp.async.wait_group %0;" :: "n"(STAGES - 1) : "memory");
                __syncwarp();
                Eight *tileK = mine + stage * 32 * CHUNKS, *tileV = tileK + 16 * CHUNKS;
                float s[2][4];
                #pragma unroll
                for (int n = 0; n < 2; n++) for (int i = 0; i < 4; i++) s[n][i] = 0;
                #pragma unroll
                for (int c = 0; c < D / 16; c++) {
                    unsigned b[4];
                    load4(b, at(tileK, lane / 16 * 8 + lane % 8, c * 2 + lane / 8 % 2));
                    multiply(s[0], a[c], b[0], b[1]);
                    multiply(s[1], a[c], b[2], b[3]);
                }
                float large[2] = {most[0], most[1]};
                #pragma unroll
                for (int n = 0; n < 2; n++)
                    #pragma unroll
                    for (int i = 0; i < 4; i++) {
                        float x = s[n][i] * inner;
                        if (cap > 0) x = outer * (1.0f - __fdividef(2.0f, 1.0f + power(x)));
                        if (start + turn * 16 + n * 8 + lane % 4 * 2 + i % 2 >= keys) x = -INFINITY;
                        s[n][i] = x;
                        large[i / 2] = fmaxf(large[i / 2], x);
                    }
                #pragma unroll
                for (int r = 0; r < 2; r++) {
                    large[r] = fmaxf(large[r], __shfl_xor_sync(~0u, large[r], 1));
                    large[r] = fmaxf(large[r], __shfl_xor_sync(~0u, large[r], 2));
                    float shift = large[r] == -INFINITY ? 0 : large[r], less = power(most[r] - shift);
                    most[r] = large[r];
                    sum[r] *= less;
                    #pragma unroll
                    for (int n = 0; n < 2; n++)
                        #pragma unroll
                        for (int i = 2 * r; i < 2 * r + 2; i++) sum[r] += s[n][i] = power(s[n][i] - shift);
                    #pragma unroll
                    for (int n = 0; n < CHUNKS; n++) { o[n][2 * r] *= less; o[n][2 * r + 1] *= less; }
                }
                unsigned p[4] = {packed(s[0][0], s[0][1]), packed(s[0][2], s[0][3]), packed(s[1][0], s[1][1]), packed(s[1][2], s[1][3])};
                #pragma unroll
                for (int n = 0; n < D / 16; n++) {
                    unsigned b[4];
                    load4_transposed(b, at(tileV, lane / 8 % 2 * 8 + lane % 8, n * 2 + lane / 16));
                    multiply(o[2 * n], p, b[0], b[1]);
                    multiply(o[2 * n + 1], p, b[2], b[3]);
                }
                __syncwarp();
                stage = stage + 1 == STAGES ? 0 : stage + 1;
            }
            // What the warps have becomes one.
            asm volatile("cp.async.wait_group 0;" ::: "memory");
            __syncthreads();
            float* found = (float*)tiles; // [WARPS, group, D], then their maxima and sums
            float* facts = found + WARPS * group * D;
            #pragma unroll
            for (int r = 0; r < 2; r++) {
                sum[r] += __shfl_xor_sync(~0u, sum[r], 1);
                sum[r] += __shfl_xor_sync(~0u, sum[r], 2);
                int g = lane / 4 + r * 8;
                if (g >= group) continue;
                float* target = found + (warp * group + g) * D + lane % 4 * 2;
                #pragma unroll
                for (int n = 0; n < CHUNKS; n++) { target[n * 8] = o[n][2 * r]; target[n * 8 + 1] = o[n][2 * r + 1]; }
                if (lane % 4 == 0) { facts[(warp * group + g) * 2] = most[r]; facts[(warp * group + g) * 2 + 1] = sum[r]; }
            }
            __syncthreads();
            size_t head = (size_t)row * heads + own * group;
            for (int i = threadIdx.x; i < group * D; i += blockDim.x) {
                int g = i / D;
                float large = -INFINITY, all = 0, value = 0;
                for (int w = 0; w < WARPS; w++) large = fmaxf(large, facts[(w * group + g) * 2]);
                float shift = large == -INFINITY ? 0 : large;
                for (int w = 0; w < WARPS; w++) {
                    float share = power(facts[(w * group + g) * 2] - shift);
                    all += share * facts[(w * group + g) * 2 + 1];
                    value += share * found[(w * group + g) * D + i % D];
                }
                if (splits == 1)
                    output[(head + g) * D + i % D] = narrow(value / all);
                else {
                    float* part = parts + ((head + g) * splits + split) * (D + 2);
                    part[i % D] = value;
                    if (i % D == 0) { part[D] = large; part[D + 1] = all; }
                }
            }
            if (splits == 1) return;
            // The last block of a row's head adds up what all have found.
            __shared__ int before;
            __threadfence();
            __syncthreads();
            if (threadIdx.x == 0) before = atomicAdd(arrived + row * shared + own, 1);
            __syncthreads();
            if (before < splits - 1) return;
            if (threadIdx.x == 0) arrived[row * shared + own] = 0;
            __threadfence();
            for (int i = threadIdx.x; i < group * D; i += blockDim.x) {
                const float* part = parts + (head + i / D) * splits * (D + 2);
                float large = -INFINITY, all = 0, value = 0;
                for (int s = 0; s < splits; s++) large = fmaxf(large, __ldcg(part + s * (D + 2) + D));
                for (int s = 0; s < splits; s++) {
                    float share = power(__ldcg(part + s * (D + 2) + D) - large);
                    all += share * __ldcg(part + s * (D + 2) + D + 1);
                    value += share * __ldcg(part + s * (D + 2) + i % D);
                }
                output[(head + i / D) * D + i % D] = narrow(value / all);
            }
        }
        """;
}
