using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

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
        if (model is "." or ".." || model.AsSpan().ContainsAny('/', '\\') || model.Any(char.IsControl))
            throw new InputException($"{model}: not a name for a folder of results; rename the checkpoint's folder");
        var stem = Path.Combine(output, model, started.ToString("yyyy-MM-dd'T'HH-mm-ss", CultureInfo.InvariantCulture));
        var folder = stem;
        for (var n = 2; Directory.Exists(folder); n++)
            folder = $"{stem}-{n}";
        return folder;
    }

    /// <summary>Finds out before the model runs whether its results can be written.</summary>
    public static void RequireWritable(string output)
    {
        try
        {
            var existed = Directory.Exists(output);
            var probe = Path.Combine(Directory.CreateDirectory(output).FullName, $".cognito-eval-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            if (!existed)
                Directory.Delete(output);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{output}: cannot be written ({Fact.Of(e)}); name another folder with --output DIR", e);
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
