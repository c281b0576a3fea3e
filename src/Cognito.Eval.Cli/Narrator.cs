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
    private readonly RunEstimate run = new();
    // A fetch tells how far it is from a thread of its own.
    private readonly Lock alone = new();
    private bool isShown;
    private TimeSpan said;

    /// <summary>Takes each decision; with --verbose it is a line.</summary>
    public ILogger Logger => verbose ? field ??= new VerboseLogger(this) : NullLogger.Instance;

    /// <summary>Whether a line can be renewed in place.</summary>
    public bool IsLive => live;

    /// <summary>A line that takes the place of the one before.</summary>
    public void Renew(string line)
    {
        if (quiet)
            return;
        lock (alone)
        {
            if (live)
                Terminal.Renew(line);
            else
                Terminal.Tell(line);
            isShown = live;
        }
    }

    public void Say(string line)
    {
        if (quiet)
            return;
        Above(() => Terminal.Say(line));
    }

    /// <summary>A decision, said also where progress is not.</summary>
    public void Trace(string line)
    {
        Above(() => Terminal.Tell($"trace: {line}"));
    }

    /// <summary>What keeps a score from being what it seems; said also where progress is not.</summary>
    public void Warn(string note)
    {
        Above(() => Terminal.Warn($"note: {Terminal.Short(note)}"));
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
        var others = lost.Left == 0 ? "no device is left" : lost.Left == 1 ? "the other one does its work"
            : $"the other {lost.Left} do its work";
        var reason = lost.Error is ExternalException ? lost.Error.Message.Split('\n')[0].Trim() : Fact.Of(lost.Error);
        Above(() => Terminal.Warn($"note: {lost.Device} failed, {others}: {reason}"));
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

    /// <summary>A line now and then: five a second where it renews itself, else one in ten seconds.</summary>
    private void Progress(Progress progress)
    {
        clock.Start();
        run.Take(progress, clock.Elapsed);
        var between = live ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromSeconds(10);
        if (quiet || progress.Done == 0 || clock.Elapsed - said < between)
            return;
        said = clock.Elapsed;
        Renew(ProgressLine.Of(run, live ? Terminal.LineWidth : int.MaxValue));
    }

    /// <summary>Removes the renewing line.</summary>
    public void Clear() => Above(() => { });

    /// <summary>Writes lines where the renewing one was.</summary>
    private void Above(Action write)
    {
        lock (alone)
        {
            if (isShown)
                Terminal.Clear();
            isShown = false;
            write();
        }
    }

    public void Dispose() => Clear();
}
