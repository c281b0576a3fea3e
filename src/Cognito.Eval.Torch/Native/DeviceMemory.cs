using System.Runtime.InteropServices;
using TorchSharp;

namespace Cognito.Eval.Torch.Native;

/// <summary>How much memory a device has left, and what happens when it has none.</summary>
public static unsafe partial class DeviceMemory
{
    /// <summary>Bytes free on a CUDA device, or available to this process on the CPU.</summary>
    public static long Free(torch.Device device)
    {
        if (device.type != DeviceType.CUDA)
            return GC.GetGCMemoryInfo() is var info && info.TotalAvailableMemoryBytes > 0
                ? info.TotalAvailableMemoryBytes - Environment.WorkingSet : long.MaxValue;
        // Starts the driver.
        torch.empty(1, device: device).Dispose();
        nint context;
        if (!NativeTorch.TryLoad(CudaModule.Library)
            || CudaModule.PrimaryContext(&context, Math.Max(device.index, 0)) != 0)
            return 0;
        // The driver answers for the device whose context is current, which libtorch leaves at the first one.
        CudaModule.Push(context);
        nuint free, total;
        var code = MemoryInfo(&free, &total);
        CudaModule.Pop(out _);
        return code == 0 ? (long)free : 0;
    }

    /// <summary>Does some work; if memory runs out in it, that is an InsufficientMemoryException.</summary>
    internal static T Within<T>(torch.Device device, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (ExternalException e) when (IsOutOfMemory(e.Message))
        {
            throw new InsufficientMemoryException(
                $"{device}: out of memory ({NativeTorch.FirstLine(e)}); give fewer --batch-tokens, or a device with more", e);
        }
    }

    /// <summary>
    /// What libtorch's allocators say where they have nothing more to give, and cuBLAS where its workspace finds no room.
    /// Every other error of a device is no reason to ask for less.
    /// </summary>
    internal static bool IsOutOfMemory(string message) =>
        message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
        || message.Contains("can't allocate memory", StringComparison.Ordinal)
        || message.Contains("CUBLAS_STATUS_ALLOC_FAILED", StringComparison.Ordinal);

    [LibraryImport(CudaModule.Library, EntryPoint = "cuMemGetInfo_v2")]
    private static partial int MemoryInfo(nuint* free, nuint* total);
}
