using System.Diagnostics;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Weights;

/// <summary>How fast bytes move on this machine, in bytes a second: what bounds the loading of weights.</summary>
public static class CopyRate
{
    private const int Once = 8 << 20;

    /// <summary>From locked host memory to a CUDA device; from memory to memory on the CPU. The best of five.</summary>
    public static double ToDevice(Device device)
    {
        long bytes = device.type == DeviceType.CUDA ? 256 << 20 : 128 << 20;
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var plain = zeros(bytes, ScalarType.Byte);
        var from = device.type == DeviceType.CUDA ? plain.pin_memory() : plain;
        var to = empty(bytes, ScalarType.Byte, device);
        return bytes / Enumerable.Range(0, 5).Min(_ =>
        {
            DeviceWork.Settle(device);
            var start = Stopwatch.GetTimestamp();
            to.copy_(from, nonBlocking: true);
            DeviceWork.Settle(device);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        });
    }

    /// <summary>From files, by so many threads, every byte once; a second call finds them in memory.</summary>
    public static double FromFiles(IReadOnlyList<string> paths, int threads)
    {
        var files = new List<(Microsoft.Win32.SafeHandles.SafeFileHandle Handle, long Length)>();
        try
        {
            foreach (var path in paths)
            {
                var handle = RegularFile.OpenHandle(path, FileKind.Weights);
                files.Add((handle, RandomAccess.GetLength(handle)));
            }
            var pieces = files.SelectMany(f => Enumerable.Range(0, (int)((f.Length + Once - 1) / Once))
                .Select(i => (f.Handle, At: (long)i * Once))).ToList();
            var buffers = Enumerable.Range(0, threads).Select(_ => new byte[Once]).ToArray();
            var start = Stopwatch.GetTimestamp();
            var claimed = -1;
            ReadAhead.Run((out int piece) => (piece = Interlocked.Increment(ref claimed)) < pieces.Count, buffers.Length, threads,
                (piece, buffer) => RandomAccess.Read(pieces[piece].Handle, buffers[buffer], pieces[piece].At),
                (_, _) => { }, _ => { });
            return files.Sum(f => f.Length) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{string.Join(", ", paths)}: not all can be read " +
                $"({Fact.Of(e)}); check the paths and their rights", e);
        }
        finally
        {
            files.ForEach(f => f.Handle.Dispose());
        }
    }
}
