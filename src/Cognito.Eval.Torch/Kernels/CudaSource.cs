using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>
/// What all kernels begin with: numbers of 16 bits, widened to float, and narrowed wherever the model's own code has a tensor.
/// </summary>
internal static class CudaSource
{
    public static string Define(ScalarType dtype) => dtype == ScalarType.BFloat16 ? "BF16" : "FP16";

    public const string Types = """
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

        """;

    /// <summary>
    /// What attention in tiles is made of, after <see cref="Types"/>: keys and values of heads of size D in a block's shared memory, and
    /// the tensor cores' products of 16 rows, 16 deep.
    /// </summary>
    public const string Tiles = """
        #ifdef BF16
        #define TYPE "bf16"
        #else
        #define TYPE "f16"
        #endif
        #define CHUNKS (D / 8)
        #define POWER (CHUNKS & -CHUNKS)
        #define SWIZZLE ((POWER < 8 ? POWER : 8) - 1)
        extern __shared__ Eight tiles[];

        // Eight values of a tile's row; where they lie keeps rows side by side in different banks.
        __device__ Eight* at(Eight* tile, int row, int chunk) { return tile + row * CHUNKS + (chunk ^ (row & SWIZZLE)); }

        __device__ unsigned place(const void* p) { return (unsigned)__cvta_generic_to_shared(p); }

        __device__ void load4(unsigned* r, const void* p)
        {
            asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(place(p)) : "memory");
        }

        __device__ void load4_transposed(unsigned* r, const void* p)
        {
            asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(place(p)) : "memory");
        }

        __device__ void multiply(float* c, const unsigned* a, unsigned b0, unsigned b1)
        {
            asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." TYPE "." TYPE ".f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
        }

        __device__ float power(float x) { float y; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }

        __device__ unsigned packed(float low, float high) { return narrow(low) | (unsigned)narrow(high) << 16; }

        """;
}
