using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>The most a machine gives: what a model's speed is measured against.</summary>
public static class Ceiling
{
    private const double LeastSeconds = 1.5;

    /// <summary>Floating-point operations a second of square matrix products: 8192³ on CUDA, 2048³ on the CPU with so many threads.</summary>
    public static double Flops(Device device, ScalarType dtype, int threads)
    {
        var size = device.type == DeviceType.CUDA ? 8192L : 2048L;
        NativeTorch.Threads(threads);
        try
        {
            using var mode = inference_mode();
            using var scope = NewDisposeScope();
            var (a, b) = (randn([size, size], dtype, device), randn([size, size], dtype, device));
            return 2.0 * size * size * size / Seconds(device, () => a.mm(b).Dispose());
        }
        finally
        {
            NativeTorch.Threads(1);
        }
    }

    /// <summary>Bytes a second of a copy within the device's memory, each byte read and written counted as two.</summary>
    public static double MemoryBytes(Device device)
    {
        const long bytes = 1L << 30;
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var (from, to) = (zeros(bytes, ScalarType.Byte, device), empty(bytes, ScalarType.Byte, device));
        return 2 * bytes / Seconds(device, () => to.copy_(from));
    }

    /// <summary>Waits until the device has done all that it was given.</summary>
    public static void Settle(Device device)
    {
        if (device.type == DeviceType.CUDA)
            cuda.synchronize(device);
    }

    /// <summary>Of one time, on the mean of many after a few that do not count.</summary>
    private static double Seconds(Device device, Action once)
    {
        for (var i = 0; i < 3; i++)
            once();
        Settle(device);
        var clock = Stopwatch.StartNew();
        var times = 0;
        do
        {
            for (var i = 0; i < 5; i++, times++)
                once();
            Settle(device);
        }
        while (clock.Elapsed.TotalSeconds < LeastSeconds);
        return clock.Elapsed.TotalSeconds / times;
    }
}
