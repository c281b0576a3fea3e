using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Cli;

/// <summary>Times a run, and says where and with what it ran.</summary>
internal sealed class RunWatch(int threads)
{
    private readonly Stopwatch clock = Stopwatch.StartNew();

    public int Threads { get; } = threads;
    public DateTimeOffset Started { get; } = DateTimeOffset.UtcNow;
    public Dictionary<string, StageRecord> Stages { get; } = [];

    /// <summary>The run's own folder under the results: the model, and when it started.</summary>
    /// <exception cref="InputException">The model's name, which may come from a file, would lead elsewhere.</exception>
    public static string Folder(string output, string model, DateTimeOffset started)
    {
        var stem = Path.Combine(output, Plain(model), started.ToString("yyyy-MM-dd'T'HH-mm-ss", CultureInfo.InvariantCulture));
        var folder = stem;
        for (var n = 2; Path.Exists(folder); n++)
            folder = $"{stem}-{n}";
        return folder;
    }

    /// <summary>A model's name as that of a folder.</summary>
    /// <exception cref="InputException">It would lead elsewhere, or no folder can be called so.</exception>
    public static string Plain(string model) =>
        model is not ("" or "." or "..") && model.Length < 200 && !model.AsSpan().ContainsAny('/', '\\') && !model.Any(char.IsControl)
            ? model : throw new InputException($"{model}: not a name for a folder of results; rename the checkpoint's folder");

    /// <summary>Finds out before the model runs whether its results can be written; makes nothing that stays.</summary>
    /// <remarks>Where the folder is not there yet, the nearest one above it is tried: others may be about to make it too.</remarks>
    /// <exception cref="InputException">They cannot.</exception>
    /// <exception cref="OutputException">The disk is full or fails.</exception>
    public static void RequireWritable(string output)
    {
        var folder = Path.GetFullPath(output);
        while (!Path.Exists(folder) && Path.GetDirectoryName(folder) is { } above)
            folder = above;
        try
        {
            if (File.Exists(folder))
                throw new InputException($"{output}: cannot be written ({folder} is a file); name another folder with --output DIR");
            var probe = OutputFile.Name(Path.Combine(folder, ".cognito-eval"));
            using var file = new FileStream(
                probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            file.WriteByte(0);
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (OutputFile.IsFailure(e))
        {
            throw OutputFile.Failed(Path.Combine(output, "results.json"), e, "name another folder with --output DIR");
        }
    }

    public Circumstances Stop(IReadOnlyList<GradedTask> graded, string model, string data, int halvings) => new()
    {
        Started = Started,
        Seconds = Math.Round(clock.Elapsed.TotalSeconds, 3),
        Host = Environment.MachineName,
        Os = RuntimeInformation.OSDescription,
        Threads = Threads,
        ModelPath = model,
        DataPath = data,
        TaskSeconds = graded.ToDictionary(task => task.Questions.Task.Name, task => Math.Round(task.Seconds, 3)),
        Stages = Stages,
        Halvings = halvings,
        PeakMemoryMib = Math.Round(Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0, 1),
    };
}
