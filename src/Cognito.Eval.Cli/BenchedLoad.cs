using System.Diagnostics;
using Cognito.Eval.Files;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Native;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Cli;

/// <summary>The loading of a checkpoint's weights, timed against what files and bus give.</summary>
/// <param name="FileBytesPerSecond">Reading the same files, which the system then holds in memory.</param>
/// <param name="CopyBytesPerSecond">Copies to the device from locked memory.</param>
/// <param name="HostBytes">What the process's memory grew by at its peak, the files' map included.</param>
internal sealed record BenchedLoad(
    double Seconds, long Bytes, double FileBytesPerSecond, double CopyBytesPerSecond, long HostBytes)
{
    /// <summary>The slower of reading and copying; null where there were no bytes to time.</summary>
    public double? FloorSeconds => Bench.Ratio(Bytes, Math.Min(FileBytesPerSecond, CopyBytesPerSecond));

    public static (TorchModel Model, BenchedLoad Load) Of(
        string folder, Placement placement, IReadOnlyList<StagePlace> places, int maxLength)
    {
        string[] files = [.. Directory.EnumerateFiles(folder, "*.safetensors").Order(StringComparer.Ordinal)];
        var threads = Math.Clamp(Environment.ProcessorCount, 1, 16);
        CopyRate.FromFiles(files, threads);
        var (read, copied) = (CopyRate.FromFiles(files, threads), CopyRate.ToDevice(placement.Device));
        using var process = Process.GetCurrentProcess();
        var before = process.WorkingSet64;
        var clock = Stopwatch.StartNew();
        var model = TorchModel.Load(
            folder, places, placement.Dtype, maxLength: maxLength, atOnce: placement.Workers);
        foreach (var (device, _) in places)
            DeviceWork.Settle(device);
        var seconds = clock.Elapsed.TotalSeconds;
        process.Refresh();
        return (model, new(
            seconds, files.Sum(RegularFile.Length), read, copied, process.PeakWorkingSet64 - before));
    }
}
