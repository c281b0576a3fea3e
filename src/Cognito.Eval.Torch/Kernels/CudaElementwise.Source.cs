namespace Cognito.Eval.Torch.Kernels;

/// <summary>The kernels, in CUDA's C.</summary>
internal sealed partial class CudaElementwise
{
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

        // One block a token; a thread turns eight pairs of a head's first values, or copies eight of the others. Keys and values go to
        // the token's place, where places are given.
        extern "C" __global__ void apply_rotary(const Eight* projected, const Eight* cos, const Eight* sin, Eight* queries,
            Eight* keys, Eight* values, int heads, int shared, int size, int turns, const long long* places)
        {
            int half = turns / 16, whole = size / 8, steps = whole - half;
            size_t token = blockIdx.x, place = places ? places[token] : token;
            projected += token * (heads + 2 * shared) * whole;
            for (int i = threadIdx.x; i < (heads + 2 * shared) * steps; i += blockDim.x) {
                int head = i / steps, at = i % steps;
                const Eight* source = projected + head * whole;
                Eight* target = head < heads ? queries + (token * heads + head) * whole
                    : head < heads + shared ? keys + (place * shared + head - heads) * whole
                    : values + (place * shared + head - heads - shared) * whole;
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

        // Whether a logit comes before another: the larger, a NaN before all, of equal ones the first.
        __device__ bool before(float a, int i, float b, int j)
        {
            bool first = a == b || a != a && b != b ? i < j : a != a || a > b;
            return first;
        }

        // One block a row: the first of the largest logits; its bits are turned over where one is a NaN or infinite.
        extern "C" __global__ void choose(const Eight* logits, long long* chosen, int pieces)
        {
            __shared__ float largest[32];
            __shared__ int places[32], finite[32];
            float best = -INFINITY;
            int at = 0x7fffffff, good = 1;
            logits += (size_t)blockIdx.x * pieces;
            for (int i = threadIdx.x; i < pieces; i += blockDim.x) {
                Eight v = logits[i];
                for (int j = 0; j < 8; j++) {
                    float x = wide(v.at[j]);
                    if (!(x - x == 0)) good = 0;
                    if (before(x, i * 8 + j, best, at)) { best = x; at = i * 8 + j; }
                }
            }
            for (int step = 16; step > 0; step /= 2) {
                float other = __shfl_xor_sync(~0u, best, step);
                int its = __shfl_xor_sync(~0u, at, step);
                good &= __shfl_xor_sync(~0u, good, step);
                if (before(other, its, best, at)) { best = other; at = its; }
            }
            if (threadIdx.x % 32 == 0) { largest[threadIdx.x / 32] = best; places[threadIdx.x / 32] = at; finite[threadIdx.x / 32] = good; }
            __syncthreads();
            if (threadIdx.x > 0) return;
            for (int w = 1; w < blockDim.x / 32; w++) {
                good &= finite[w];
                if (before(largest[w], places[w], best, at)) { best = largest[w]; at = places[w]; }
            }
            chosen[blockIdx.x] = good ? at : ~(long long)at;
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
