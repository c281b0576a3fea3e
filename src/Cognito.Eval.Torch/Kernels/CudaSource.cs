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
}
