using Cognito.Eval.Files;
using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Cli;

/// <summary>A run's long part: the model is loaded, asks are answered into the journal, answers become results.</summary>
internal sealed class RunWork(
    Checkpoint checkpoint, Placement placement, IReadOnlyList<Questions> asked, RunFolder place, bool routing,
    RunWatch watch, Narrator narrator, CancellationToken cancel)
{
    /// <summary>All of a run, or what is left of it.</summary>
    /// <param name="count">From graded tasks, rounding and what the weights were found to be to the run.</param>
    /// <exception cref="FinishedMeanwhileException">Another process has done all of it.</exception>
    public void Whole(
        Func<IReadOnlyList<GradedTask>, Rounding?, WeightsRead, Run> count, string logProbDtype, string data, string details, bool json)
    {
        Run? done = null;
        WithJournal(logProbDtype, (scorer, prepared, journal, weights) =>
        {
            journal.Requests = asked.Sum(task => task.Requests.LongCount());
            var graded = Evaluation.Answer(prepared, scorer, cancel, watch.Stages);
            var rounding = placement.Budget.Shares ? Evaluation.MeasureRounding(graded, scorer, cancel) : null;
            journal.Finish();
            done = count(graded, rounding, weights.Result) with
            {
                Circumstances = watch.Stop(graded, checkpoint.Folder, data, scorer.Halvings) with
                {
                    KeptRequests = journal.FoundRequests,
                    Devices = [.. placement.Devices.Select(device => device.ToString())],
                },
            };
            Finish.Write(done, graded, place.Path, details);
        }, EndJournal);
        Finish.Print(done!, place.Results, json, narrator);
    }

    /// <summary>A shard of a run; its journal is what comes of it.</summary>
    public void Shard(Shard shard, string logProbDtype)
    {
        // Before the load: shards that begin meanwhile take the budget from here, or this one from them.
        using (RunsLock.Take(Parent, cancel))
            place = place.Begin();
        placement = placement with { Budget = place.Manifest.Budget };
        WithJournal(logProbDtype, (scorer, prepared, journal, weights) =>
        {
            journal.Requests = prepared.RequestsOf(shard, scorer);
            Evaluation.AnswerShard(prepared, scorer, shard, placement.Budget.Shares, cancel);
            journal.NotFiniteTensors = weights.GetAwaiter().GetResult().NotFinite;
            journal.Finish();
            narrator.Clear();
            Terminal.Print(place.Path);
            narrator.Say($"shard {shard}: {journal.KeptRequests} requests answered; merge joins it with the others");
        });
    }

    private string Parent => Path.GetDirectoryName(place.Path)!;

    /// <summary>Begins the run, or goes on with it, while nobody else does.</summary>
    private AnswerJournal OpenJournal()
    {
        using var alone = RunsLock.Take(Parent, cancel);
        place = place.Begin();
        if (place.IsFinished)
            throw new FinishedMeanwhileException(place);
        if (place.Manifest.Budget != placement.Budget)
            throw new InputException($"{place.Path}: another process began this run meanwhile and did not end it; "
                + "the same command goes on with it");
        return AnswerJournal.Open(place.Path);
    }

    /// <summary>Removes the journal of a finished run while nobody opens it: results.json is there by now.</summary>
    private void EndJournal(AnswerJournal journal)
    {
        using var alone = RunsLock.Take(Parent, CancellationToken.None);
        journal.Dispose();
        AnswerJournal.Delete(place.Path);
        OutputFile.RemoveTemporaries(place.Path);
        OutputFile.RemoveTemporaries(Path.Combine(place.Path, DetailsFile.Folder));
    }

    private void WithJournal(
        string logProbDtype, Action<Scorer, PreparedQuestions, AnswerJournal, Task<WeightsRead>> work, Action<AnswerJournal>? end = null)
    {
        // Before a long load it is known whether another process is at work here.
        var journal = place.IsNew ? null : OpenJournal();
        try
        {
            var prepared = checkpoint.Prepare(asked, placement.Budget);
            using var loaded = checkpoint.Load(placement, logProbDtype, routing, narrator.Lost, cancel);
            journal ??= OpenJournal();
            journal.Confirm(loaded.WeightsSha256());
            Tell(journal);
            var scorer = checkpoint.Scorer(loaded.Model, placement.Budget, journal);
            scorer.Progressed += narrator.Progress;
            try
            {
                work(scorer, prepared, journal, loaded.Read);
            }
            catch (CheckpointChangedException)
            {
                if (journal.FoundRequests > 0)
                    narrator.Warn("the checkpoint is not the one whose answers were kept: all is asked anew");
                journal.Clear();
                watch.Stages.Clear();
                work(scorer, prepared, journal, loaded.Read);
            }
            Warn(loaded.Read.Result.NotFinite);
            end?.Invoke(journal);
        }
        catch (OperationCanceledException)
        {
            // What is on its way to the disk arrives first.
            journal?.Dispose();
            throw new InterruptedException(journal is null ? "interrupted; nothing was written"
                : $"interrupted; {journal.KeptRequests} answers are kept in {place.Path}; the same command goes on from there");
        }
        finally
        {
            journal?.Dispose();
        }
    }

    private void Warn(IReadOnlyList<string> notFinite)
    {
        if (notFinite.Count > 0)
            narrator.Warn($"{checkpoint.Folder}: {notFinite[0]}{(notFinite.Count == 1 ? " holds" : $" and {notFinite.Count - 1} more tensors hold")} "
                + "a NaN or an infinity; fetch the weights again");
    }

    private void Tell(AnswerJournal journal)
    {
        narrator.Say($"model: {checkpoint.Name}, {placement.DtypeName} on {placement.DeviceNames}, "
            + $"{asked.Sum(a => a.Docs.Count)} documents of {asked.Count} tasks");
        if (journal.FoundRequests > 0)
            narrator.Say($"going on with {place.Path}: {journal.FoundRequests} requests were answered before");
        if (journal.SetAside is { } aside)
            narrator.Warn($"the journal could not be read, and all is asked again; it was put aside as {aside}");
        if (journal.Damaged > 0)
            narrator.Warn($"{journal.Damaged} damaged entries of {place.Path} are answered again");
    }
}

/// <summary>Another process has finished the run while this one began.</summary>
internal sealed class FinishedMeanwhileException(RunFolder place) : Exception($"{place.Path}: another process has finished this run")
{
    public RunFolder Place { get; } = place;
}
