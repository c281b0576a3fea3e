using System.Runtime.InteropServices;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>Only an allocation that failed is want of memory; every other error of a device is what it is.</summary>
[Collection("torch")]
public sealed class DeviceMemoryTests
{
    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB", true)]
    [InlineData("CUDA error: out of memory", true)]
    [InlineData("[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes", true)]
    [InlineData("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", true)]
    [InlineData("CUDA error: an illegal memory access was encountered", false)]
    [InlineData("CUDA error: device-side assert triggered", false)]
    [InlineData("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx`", false)]
    [InlineData("aten::_flash_attention_forward failed; the lines above say why", false)]
    public void What_libtorch_says_of_memory_is_known_from_its_other_errors(string message, bool isMemory) =>
        Assert.Equal(isMemory, DeviceMemory.IsOutOfMemory(message));

    [Theory]
    [InlineData("CUDA error: an illegal memory access was encountered")]
    [InlineData("aten::_flash_attention_forward failed; the lines above say why")]
    public void Another_error_of_the_device_comes_through_and_halves_no_batch(string message)
    {
        using var model = TorchModel.Load(Fixture.Path("checkpoints", "tiny-mixtral-2x"), CPU, ScalarType.Float32);
        model.Decoder.OnRouting = (_, _) => throw new ExternalException(message);
        var halved = 0;
        PrefixTree tree = new(null, [7, 8], [new([], [9])]);
        var error = Assert.Throws<ExternalException>(() => OutOfMemoryRetry.Score(model, [new([tree, tree])], () => halved++).ToList());
        Assert.Equal((message, 0), (error.Message, halved));
    }

    [Fact]
    public void Flash_attention_that_fails_on_a_GPU_says_whether_memory_ran_out()
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        using var scope = NewDisposeScope();
        using var mode = inference_mode();
        var ends = tensor(new[] { 0, 64 }, ScalarType.Int32, CUDA);
        Tensor Heads(int size) => zeros([64, 4, size], ScalarType.BFloat16, CUDA);
        // Keys of another size than the queries: an error of the caller's.
        var wrong = Assert.Throws<ExternalException>(() => DeviceMemory.Within(CUDA, () =>
            AtenOps.Flash(Heads(64), Heads(32), Heads(32), ends, ends, 64, 64, null, null)));
        Assert.Contains("_flash_attention_forward", wrong.Message);

        // All memory but the inputs' is taken, in ever smaller pieces; what is left is what libraries take beside the allocator.
        const int tokens = 1 << 16, heads = 32, size = 128;
        var many = tensor(new[] { 0, tokens }, ScalarType.Int32, CUDA);
        var q = zeros([tokens, heads, size], ScalarType.BFloat16, CUDA);
        for (var piece = 1L << 34; piece >= 1 << 28;)
            try
            {
                _ = empty(piece, ScalarType.Byte, CUDA);
            }
            catch (ExternalException)
            {
                piece /= 2;
            }
        Assert.Throws<InsufficientMemoryException>(() => DeviceMemory.Within(CUDA, () =>
            AtenOps.Flash(q, q, q, many, many, tokens, tokens, null, null)));
    }
}
