using System.Diagnostics;
using System.Runtime.InteropServices;
using Cognito.Eval.Models;

namespace Cognito.Eval.Results;

/// <summary>Times a run, and says where and with what it ran.</summary>
internal sealed class RunWatch(int threads)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public DateTimeOffset Started { get; } = DateTimeOffset.UtcNow;

    public Circumstances Stop(IReadOnlyList<GradedTask> graded, ModelIdentity model, string data, AnswerAccount account) => new()
    {
        Started = Started,
        Seconds = Math.Round(_clock.Elapsed.TotalSeconds, 3),
        Host = Environment.MachineName,
        Os = RuntimeInformation.OSDescription,
        Threads = threads,
        ModelPath = model.Place,
        DataPath = data,
        TaskSeconds = graded.ToDictionary(task => task.Questions.Task.Name, task => Math.Round(task.Seconds, 3)),
        Stages = account.Stages,
        Halvings = account.Halvings,
        Devices = model.Devices,
        Split = model.Split,
        PeakMemoryMib = Math.Round(Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0, 1),
    };
}
