namespace Cognito.Eval.Cli;

/// <summary>A run's long part: the model is loaded, asks are answered into the journal, answers become results.</summary>
internal sealed class RunWork(
    Checkpoint checkpoint, Placement placement, IReadOnlyList<Questions> asked, RunFolder place, bool routing,
    RunWatch watch, Narrator narrator, CancellationToken cancel)
{
    /// <summary>All of a run, or what is left of it.</summary>
    /// <param name="count">From graded tasks, rounding and the weights' hash to the run.</param>
    public void Whole(
        Func<IReadOnlyList<GradedTask>, Rounding?, string, Run> count, string logProbDtype, string data, string details, bool json)
    {
        WithJournal(logProbDtype, (scorer, prepared, journal) =>
        {
            journal.Requests = asked.Sum(task => task.Requests.LongCount());
            var graded = Evaluation.Answer(prepared, scorer, cancel, watch.Stages);
            var rounding = placement.Budget.Shares ? Rounding.Measure(graded, scorer, cancel) : null;
            var run = count(graded, rounding, journal.Finish()) with
            {
                Circumstances = watch.Stop(graded, checkpoint.Folder, data, scorer.Halvings) with
                {
                    KeptRequests = journal.FoundRequests,
                    Devices = [.. placement.Devices.Select(device => device.ToString())],
                },
            };
            Finish.Write(run, graded, place.Path, details, json, narrator);
        });
        Journal.Delete(place.Path);
    }

    /// <summary>A shard of a run; its journal is what comes of it.</summary>
    public void Shard(Shard shard, string logProbDtype)
    {
        // Before the load: shards that begin meanwhile take the budget from here.
        place = place.Begin();
        WithJournal(logProbDtype, (scorer, prepared, journal) =>
        {
            journal.Requests = prepared.RequestsOf(shard, scorer);
            Evaluation.AnswerShard(prepared, scorer, shard, placement.Budget.Shares, cancel);
            journal.Finish();
            narrator.Clear();
            Terminal.Print(place.Path);
            narrator.Say($"shard {shard}: {journal.KeptRequests} requests answered; merge joins it with the others");
        });
    }

    private void WithJournal(string logProbDtype, Action<Scorer, PreparedQuestions, Journal> work)
    {
        // Before a long load it is known whether another process is at work here.
        var journal = place.IsNew ? null : Journal.Open(place.Path);
        try
        {
            var prepared = checkpoint.Prepare(asked, placement.Budget);
            using var loaded = checkpoint.Load(placement, logProbDtype, routing, narrator.Lost, cancel);
            place = place.Begin();
            journal ??= Journal.Open(place.Path);
            journal.Confirm(loaded.WeightsSha256());
            Tell(journal);
            var scorer = checkpoint.Scorer(loaded.Model, placement.Budget, journal);
            scorer.Progressed += narrator.Progress;
            try
            {
                work(scorer, prepared, journal);
            }
            catch (CheckpointChangedException)
            {
                if (journal.FoundRequests > 0)
                    narrator.Warn("the checkpoint is not the one whose answers were kept: all is asked anew");
                journal.Clear();
                watch.Stages.Clear();
                work(scorer, prepared, journal);
            }
            Warn(loaded.Read.Result.NotFinite);
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

    private void Tell(Journal journal)
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
