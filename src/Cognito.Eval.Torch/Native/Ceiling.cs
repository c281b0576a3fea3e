using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Native;

/// <summary>The most a machine gives: what a model's speed is measured against.</summary>
public static class Ceiling
{
    /// <summary>
    /// Floating-point operations a second of square matrix products: 8192³ on CUDA, 2048³ on the CPU with so many threads.
    /// The best of short windows, before a card slows down to stay within its power, and the mean of all.
    /// </summary>
    public static (double Best, double Sustained) Flops(Device device, ScalarType dtype, int threads)
    {
        var size = device.type == DeviceType.CUDA ? 8192L : 2048L;
        NativeTorch.Threads(threads);
        try
        {
            using var mode = inference_mode();
            using var scope = NewDisposeScope();
            var (a, b) = (randn([size, size], dtype, device), randn([size, size], dtype, device));
            var (best, mean) = Seconds(device, () => a.mm(b).Dispose());
            return (2.0 * size * size * size / best, 2.0 * size * size * size / mean);
        }
        finally
        {
            NativeTorch.Threads(1);
        }
    }

    /// <summary>
    /// Bytes a second of a copy within the device's memory, each byte read and written counted as two. On the CPU of fewer, but of
    /// more than a cache holds: a system may take seconds to give a process its first GB.
    /// </summary>
    public static double MemoryBytes(Device device)
    {
        var bytes = device.type == DeviceType.CUDA ? 1L << 30 : 128L << 20;
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var (from, to) = (zeros(bytes, ScalarType.Byte, device), empty(bytes, ScalarType.Byte, device));
        return 2 * bytes / Seconds(device, () => to.copy_(from)).Best;
    }

    /// <summary>
    /// Of one time, after a few that do not count: in the fastest window of several, and on the mean. A card is too fast for one
    /// time alone to be measured, and slows down within a second; a CPU takes tenths of a second for one and keeps its speed.
    /// </summary>
    private static (double Best, double Mean) Seconds(Device device, Action once)
    {
        var (uncounted, window, least) = device.type == DeviceType.CUDA ? (3, 8, 1.5) : (1, 1, 0.5);
        for (var i = 0; i < uncounted; i++)
            once();
        DeviceWork.Settle(device);
        var (whole, best, windows) = (Stopwatch.StartNew(), double.MaxValue, 0);
        for (; whole.Elapsed.TotalSeconds < least || windows < 2; windows++)
        {
            var clock = Stopwatch.StartNew();
            for (var i = 0; i < window; i++)
                once();
            DeviceWork.Settle(device);
            best = Math.Min(best, clock.Elapsed.TotalSeconds / window);
        }
        return (best, whole.Elapsed.TotalSeconds / windows / window);
    }
}
