using System.Diagnostics;
using System.Runtime.InteropServices;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Tokenizers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cognito.Eval.Cli;

/// <summary>Tells on stderr how a run goes: one line that renews itself on a terminal, now and then a line elsewhere.</summary>
internal sealed class Narrator(bool quiet, bool verbose) : IProgress<EvaluationEvent>, IDisposable
{
    private readonly bool live = Terminal.IsLive;
    private readonly Stopwatch clock = new();
    private string stage = "";
    private TimeSpan said;
    private TimeSpan stageStart;

    /// <summary>Takes each decision; with --verbose it is a line.</summary>
    public ILogger Logger => verbose ? field ??= new VerboseLogger(this) : NullLogger.Instance;

    /// <summary>Whether a line can be renewed in place.</summary>
    public bool IsLive => live;

    /// <summary>A line that takes the place of the one before.</summary>
    public void Renew(string line)
    {
        if (quiet)
            return;
        stage = line;
        if (live)
            Terminal.Renew(line);
        else
            Terminal.Tell(line);
    }

    public void Say(string line)
    {
        if (quiet)
            return;
        Clear();
        Terminal.Say(line);
    }

    /// <summary>A decision, said also where progress is not.</summary>
    public void Trace(string line)
    {
        Clear();
        Terminal.Tell($"trace: {line}");
    }

    /// <summary>What keeps a score from being what it seems; said also where progress is not.</summary>
    public void Warn(string note)
    {
        Clear();
        Terminal.Warn($"note: {Terminal.Short(note)}");
    }

    /// <summary>Which tokenizer is used, where that is not the first one looked for.</summary>
    public void Warn(CheckpointTokenizer tokenizer)
    {
        Logger.LogDebug("tokenizer: {Choice}", tokenizer.Choice);
        if (tokenizer.Note is { } note)
            Warn(note);
    }

    /// <summary>A device that failed while the run goes on, or the last one.</summary>
    public void Lost(LostModel lost)
    {
        Clear();
        var others = lost.Left == 0 ? "no device is left" : lost.Left == 1 ? "the other one does its work"
            : $"the other {lost.Left} do its work";
        var reason = lost.Error is ExternalException ? lost.Error.Message.Split('\n')[0].Trim() : Fact.Of(lost.Error);
        Terminal.Warn($"note: {lost.Device} failed, {others}: {reason}");
    }

    /// <summary>Where the results are, once they are.</summary>
    public Written? Written { get; private set; }

    public void Report(EvaluationEvent value)
    {
        switch (value)
        {
            case Said said: Say(said.Line); break;
            case Noted noted: Warn(noted.Note); break;
            case Progressed progressed: Progress(progressed.Progress); break;
            case Written written: Written = written; break;
        }
    }

    private void Progress(Progress progress)
    {
        if (quiet)
            return;
        if (progress.Stage != stage || progress.Done == 0)
        {
            Begin(progress);
            return;
        }
        var between = live ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromSeconds(10);
        if (clock.Elapsed - said < between && progress.Done < progress.All)
            return;
        said = clock.Elapsed;
        var elapsed = (clock.Elapsed - stageStart).TotalSeconds;
        var left = TimeSpan.FromSeconds(elapsed / Math.Max(1, progress.Done) * (progress.All - progress.Done));
        var line = $"{progress.Stage} {100.0 * progress.Done / progress.All,3:0} %  {progress.Task}  "
            + $"{progress.Tokens / Math.Max(0.001, elapsed):0} tokens/s  {left:h\\:mm\\:ss} left";
        if (live)
            Terminal.Renew(line);
        else
            Terminal.Tell(line);
    }

    private void Begin(Progress progress)
    {
        clock.Start();
        (stage, stageStart, said) = (progress.Stage, clock.Elapsed, clock.Elapsed);
    }

    /// <summary>Removes the renewing line.</summary>
    public void Clear()
    {
        if (live && !quiet && stage.Length > 0)
            Terminal.Clear();
    }

    public void Dispose() => Clear();
}
