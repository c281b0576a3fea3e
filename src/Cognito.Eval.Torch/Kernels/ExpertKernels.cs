using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>Tokens gathered by the experts that they chose.</summary>
/// <param name="Rows">[N K, D], the experts' tokens one expert after the other, each in the tokens' order.</param>
/// <param name="Ends">[E], int32: where each expert's rows end.</param>
/// <param name="Places">[N, K], int32: which row a token's choice is.</param>
/// <param name="Shares">[N, K], float32: what it weighs.</param>
internal sealed record ExpertRows(Tensor Rows, Tensor Ends, Tensor Places, Tensor Shares);

/// <summary>
/// What stands around the experts' products, on CUDA in 16 bits: choosing, gathering tokens by expert, weighing and adding. The
/// host never waits for a count.
/// </summary>
/// <remarks>
/// Letters: N tokens, D hidden size, E experts, K experts a token, C chunks of choices. Rows are sorted by counting: each chunk
/// counts its choices, the counts are summed up expert by expert, and each chunk then knows where its choices go. So a row's
/// place depends on nothing but the choices, and a token's parts are added in the experts' order.
/// </remarks>
internal sealed unsafe class ExpertKernels : IDisposable
{
    private const int Threads = 256, Chunk = 1024, MostExperts = 512, MostChosen = 32;

    private readonly Task<Kernels?> _compiled;

    private sealed record Kernels(CudaModule Module, nint Route, nint Count, nint Sum, nint Place, nint Gather, nint Combine);

    public ExpertKernels(Device device, ScalarType dtype) => _compiled = Task.Run(() =>
        CudaModule.TryCompile(CudaSource.Types + Source, CudaSource.Define(dtype), device.index) is { } module
            ? new Kernels(
                module, module["route"], module["count"], module["sum"], module["place"], module["gather"], module["combine"])
            : null);

    /// <summary>Whether they can do a mixture of these shapes.</summary>
    public bool Suit(MixtureSpec spec, FeedForwardSpec feedForward, int hidden) =>
        spec is { Experts: <= MostExperts, ExpertsPerToken: <= MostChosen } && feedForward is { HasBias: false, IsGated: true }
        && hidden % SuitingKernels.Wide == 0 && feedForward.IntermediateSize % SuitingKernels.Wide == 0
        && _compiled.GetAwaiter().GetResult() is not null;

    /// <summary>The tokens [N, D] by the experts that their router logits [N, E] choose.</summary>
    public ExpertRows Group(Tensor x, Tensor logits, MixtureSpec spec)
    {
        var kernels = _compiled.GetAwaiter().GetResult()!;
        var (tokens, hidden) = ((int)x.shape[0], (int)x.shape[1]);
        var (experts, k) = (spec.Experts, spec.ExpertsPerToken);
        var choices = checked(tokens * k);
        var chunks = (choices + Chunk - 1) / Chunk;
        Tensor Ints(params long[] shape) => empty(shape, ScalarType.Int32, x.device);
        using Tensor chosen = Ints(tokens, k), counts = Ints(experts, chunks), tokenOf = Ints(choices);
        var (shares, ends, places) = (empty([tokens, k], ScalarType.Float32, x.device), Ints(experts), Ints(tokens, k));
        var rows = empty([choices, hidden], x.dtype, x.device);

        nint pLogits = CudaModule.Pointer(logits), pChosen = CudaModule.Pointer(chosen), pShares = CudaModule.Pointer(shares),
            pCounts = CudaModule.Pointer(counts), pEnds = CudaModule.Pointer(ends), pPlaces = CudaModule.Pointer(places),
            pTokenOf = CudaModule.Pointer(tokenOf), pX = CudaModule.Pointer(x), pRows = CudaModule.Pointer(rows);
        int renormalises = spec.Renormalises ? 1 : 0, rounds = spec.RoundsShares ? 1 : 0, pieces = hidden / SuitingKernels.Wide;
        kernels.Module.Launch(kernels.Route, (tokens + Threads / 32 - 1) / (Threads / 32), Threads, (nint)(&pLogits),
            (nint)(&pChosen), (nint)(&pShares), (nint)(&tokens), (nint)(&experts), (nint)(&k), (nint)(&renormalises), (nint)(&rounds));
        kernels.Module.Launch(kernels.Count, chunks, Threads, (nint)(&pChosen), (nint)(&pCounts), (nint)(&choices),
            (nint)(&experts), (nint)(&chunks));
        kernels.Module.Launch(kernels.Sum, 1, 1024, (nint)(&pCounts), (nint)(&pEnds), (nint)(&choices), (nint)(&experts),
            (nint)(&chunks));
        kernels.Module.Launch(kernels.Place, chunks, 32, (nint)(&pChosen), (nint)(&pCounts), (nint)(&pPlaces),
            (nint)(&pTokenOf), (nint)(&choices), (nint)(&experts), (nint)(&chunks), (nint)(&k));
        kernels.Module.Launch(kernels.Gather, choices, Math.Min(Threads, (pieces + 31) / 32 * 32), (nint)(&pX),
            (nint)(&pTokenOf), (nint)(&pRows), (nint)(&pieces));
        return new(rows, ends, places, shares);
    }

    /// <summary>Adds to the stream [N, D] what the experts made of their rows, [N K, D], each weighed.</summary>
    public void Combine(Tensor stream, Tensor parts, ExpertRows rows)
    {
        var kernels = _compiled.GetAwaiter().GetResult()!;
        nint pStream = CudaModule.Pointer(stream), pParts = CudaModule.Pointer(parts),
            pPlaces = CudaModule.Pointer(rows.Places), pShares = CudaModule.Pointer(rows.Shares);
        int k = (int)rows.Places.shape[1], pieces = (int)stream.shape[1] / SuitingKernels.Wide;
        kernels.Module.Launch(kernels.Combine, stream.shape[0], Threads, (nint)(&pStream), (nint)(&pParts),
            (nint)(&pPlaces), (nint)(&pShares), (nint)(&k), (nint)(&pieces));
    }

    public void Dispose() => _compiled.GetAwaiter().GetResult()?.Module.Dispose();

    private const string Source = """
        // One warp a token: the softmax of its logits in float, and the k largest shares, of equal ones the first.
        extern "C" __global__ void route(const half_t* logits, int* chosen, float* shares, int tokens, int experts, int k,
            int renormalises, int rounds)
        {
            int token = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
            if (token >= tokens) return;
            float share[16], most = -INFINITY, sum = 0, all = 0, mine = 0;
            int its = 0;
            for (int i = 0; i < 16; i++) {
                int e = lane + 32 * i;
                share[i] = e < experts ? wide(logits[(size_t)token * experts + e]) : -INFINITY;
                most = fmaxf(most, share[i]);
            }
            for (int step = 16; step > 0; step /= 2) most = fmaxf(most, __shfl_xor_sync(~0u, most, step));
            for (int i = 0; i < 16; i++)
                if (lane + 32 * i < experts) sum += share[i] = expf(share[i] - most);
            for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
            for (int i = 0; i < 16; i++) share[i] = lane + 32 * i < experts ? share[i] / sum : -1.0f;
            for (int j = 0; j < k; j++) {
                float best = -1.0f;
                int at = experts;
                for (int i = 0; i < 16; i++)
                    if (share[i] > best) { best = share[i]; at = lane + 32 * i; }
                for (int step = 16; step > 0; step /= 2) {
                    float other = __shfl_xor_sync(~0u, best, step);
                    int place = __shfl_xor_sync(~0u, at, step);
                    if (other > best || other == best && place < at) { best = other; at = place; }
                }
                // Where logits are no numbers none is largest: the shares must be no numbers either.
                if (at == experts) { best = sum - sum; at = j; best = best == best ? INFINITY - INFINITY : best; }
                for (int i = 0; i < 16; i++)
                    if (lane + 32 * i == at) share[i] = -1.0f;
                if (lane == j) { mine = best; its = at; }
                all += best;
            }
            if (lane >= k) return;
            if (renormalises) mine /= all;
            chosen[(size_t)token * k + lane] = its;
            shares[(size_t)token * k + lane] = rounds ? rounded(mine) : mine;
        }

        // One block a chunk: how many of its choices are of each expert; counts are [experts, chunks].
        extern "C" __global__ void count(const int* chosen, int* counts, int choices, int experts, int chunks)
        {
            __shared__ int found[512];
            for (int e = threadIdx.x; e < experts; e += blockDim.x) found[e] = 0;
            __syncthreads();
            int last = min(choices, (int)(blockIdx.x + 1) * 1024);
            for (int c = blockIdx.x * 1024 + threadIdx.x; c < last; c += blockDim.x) atomicAdd(&found[chosen[c]], 1);
            __syncthreads();
            for (int e = threadIdx.x; e < experts; e += blockDim.x) counts[(size_t)e * chunks + blockIdx.x] = found[e];
        }

        // One block: each count becomes the sum of those before it; ends are the experts' last.
        extern "C" __global__ void sum(int* counts, int* ends, int choices, int experts, int chunks)
        {
            __shared__ int sums[1024];
            int size = experts * chunks, each = (size + blockDim.x - 1) / blockDim.x;
            int from = threadIdx.x * each, to = min(size, from + each), own = 0;
            for (int i = from; i < to; i++) own += counts[i];
            sums[threadIdx.x] = own;
            __syncthreads();
            for (int step = 1; step < blockDim.x; step *= 2) {
                int other = threadIdx.x >= step ? sums[threadIdx.x - step] : 0;
                __syncthreads();
                sums[threadIdx.x] += other;
                __syncthreads();
            }
            int before = sums[threadIdx.x] - own;
            for (int i = from; i < to; i++) {
                int here = counts[i];
                counts[i] = before;
                before += here;
            }
            __syncthreads();
            for (int e = threadIdx.x; e < experts; e += blockDim.x)
                ends[e] = e + 1 < experts ? counts[(size_t)(e + 1) * chunks] : choices;
        }

        // One warp a chunk, its choices in their order.
        extern "C" __global__ void place(const int* chosen, const int* counts, int* places, int* tokenOf, int choices,
            int experts, int chunks, int k)
        {
            __shared__ int next[512];
            for (int e = threadIdx.x; e < experts; e += 32) next[e] = counts[(size_t)e * chunks + blockIdx.x];
            __syncwarp();
            int last = min(choices, (int)(blockIdx.x + 1) * 1024);
            for (int first = blockIdx.x * 1024; first < last; first += 32) {
                int c = first + threadIdx.x;
                int e = c < last ? chosen[c] : -1;
                unsigned same = __match_any_sync(~0u, e);
                int rank = __popc(same & ((1u << threadIdx.x) - 1));
                int at = e < 0 ? 0 : next[e] + rank;
                __syncwarp();
                if (e >= 0 && rank == 0) next[e] += __popc(same);
                __syncwarp();
                if (e < 0) continue;
                places[c] = at;
                tokenOf[at] = c / k;
            }
        }

        // One block a row.
        extern "C" __global__ void gather(const Eight* x, const int* tokenOf, Eight* rows, int pieces)
        {
            const Eight* source = x + (size_t)tokenOf[blockIdx.x] * pieces;
            Eight* target = rows + (size_t)blockIdx.x * pieces;
            for (int i = threadIdx.x; i < pieces; i += blockDim.x) target[i] = source[i];
        }

        // One block a token. Rows ascend with the experts, and so are the parts added.
        extern "C" __global__ void combine(Eight* stream, const Eight* parts, const int* places, const float* shares, int k,
            int pieces)
        {
            __shared__ int at[32];
            __shared__ float share[32];
            if (threadIdx.x < k) {
                int mine = places[(size_t)blockIdx.x * k + threadIdx.x], before = 0;
                for (int j = 0; j < k; j++) before += places[(size_t)blockIdx.x * k + j] < mine;
                at[before] = mine;
                share[before] = shares[(size_t)blockIdx.x * k + threadIdx.x];
            }
            __syncthreads();
            for (int i = threadIdx.x; i < pieces; i += blockDim.x) {
                Eight x = stream[(size_t)blockIdx.x * pieces + i];
                float total[8] = {0, 0, 0, 0, 0, 0, 0, 0};
                for (int j = 0; j < k; j++) {
                    Eight part = parts[(size_t)at[j] * pieces + i];
                    for (int n = 0; n < 8; n++) total[n] += rounded(wide(part.at[n]) * share[j]);
                }
                for (int n = 0; n < 8; n++) x.at[n] = narrow(wide(x.at[n]) + rounded(total[n]));
                stream[(size_t)blockIdx.x * pieces + i] = x;
            }
        }
        """;
}
