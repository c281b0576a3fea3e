using Cognito.Eval.Files;
using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Microsoft.Extensions.Logging;

namespace Cognito.Eval;

/// <summary>A run, or a part of one, as it is kept: its folder, its journal while it is under way, its results at the end.</summary>
internal sealed class RunUnderWay
{
    private readonly ILanguageModel _model;
    private readonly AskedTasks _asked;
    private readonly EvaluationOptions _options;
    private readonly IProgress<EvaluationEvent>? _progress;
    private readonly CancellationToken _cancel;
    private readonly RunWatch _watch;
    private readonly RunKey _key;
    private readonly Shard? _shard;

    /// <summary>Finds the run's folder; fresh: a new one, whatever there is. Null where nothing is kept.</summary>
    private readonly Func<bool, RunFolder>? _find;
    private RunFolder? _place;
    private Budget _budget;
    private AnswerJournal? _journal;
    private ModelFingerprint? _fingerprint;

    /// <param name="shard">The part that is answered; null for all of the run.</param>
    public RunUnderWay(
        ILanguageModel model, AskedTasks asked, Shard? shard, IProgress<EvaluationEvent>? progress, CancellationToken cancel)
    {
        var options = asked.Options;
        (_model, _asked, _options, _shard, _progress, _cancel) = (model, asked, options, shard, progress, cancel);
        Require(model, asked);
        if (shard is not null && options.Output is null)
            throw new ArgumentException("A part of a run is kept: EvaluationOptions.Output names the folder of results.", nameof(asked));
        _watch = new(model.Identity.Threads);
        _key = RunKey.Create(model, asked.Questions, options.Protocol, options.Data, options.Limit);
        _budget = model.Budget;
        if (options.Output is { } output)
        {
            RunFolder.RequireWritable(output);
            var arguments = new RunArguments(
                model.Identity.Given, options.Data.Given, asked.Set.Asked, options.Shots, options.Limit?.Value)
            {
                TaskPaths = asked.Set.Files.Count == 0 ? null : [.. asked.Set.Files.Select(Path.GetFullPath)],
                Allow = asked.Set.Allowed.Count == 0 ? null : asked.Set.Allowed,
                Bos = options.Protocol is LmEval04 { Bos: not BosRule.Auto and var bos } ? $"{bos}".ToLowerInvariant() : null,
            };
            _find = fresh => RunFolder.Find(output, _key.Provenance.Model, _key, arguments, model.Budget, shard, _watch.Started, fresh);
            Place(_find(options.IsFresh));
            options.Logger.LogDebug("run: {Folder}, {Why}", _place!.Path, _place.IsNew
                ? options.IsFresh ? "to be begun, as asked afresh" : "to be begun, as none there asked the same"
                : _place.IsFinished ? "found, and finished" : "found, of the same questions and not finished");
        }
        string?[] notes = [model.Identity.TokenizerNote, asked.Generates ? $"{model.Identity.Generation}" : null, .. asked.Notes, .. model.Identity.Remarks];
        foreach (var note in notes.Where(note => !string.IsNullOrEmpty(note)))
            progress?.Report(new Noted(note!));
    }

    /// <summary>A run that is put together from its parts.</summary>
    public RunUnderWay(
        ILanguageModel model, AskedTasks asked, ShardSet shards, CancellationToken cancel)
    {
        var options = asked.Options;
        (_model, _asked, _options, _cancel) = (model, asked, options, cancel);
        (_watch, _key, _budget) = (new(model.Identity.Threads), shards.Manifest.Key, shards.Budget);
        _fingerprint = new(shards.WeightsSha256, shards.NotFiniteTensors);
        if (options.Output is { } output)
        {
            RunFolder.RequireWritable(output);
            _find = fresh => RunFolder.Find(
                output, _key.Provenance.Model, _key, shards.Manifest.Arguments, _budget, null, shards.Manifest.Started, fresh);
        }
    }

    /// <summary>What a model cannot answer is known before it is loaded.</summary>
    internal static void Require(ILanguageModel model, AskedTasks asked)
    {
        if (asked.Generates && model.Limits.WhyNoGeneration is { } reason)
            throw new InputException(reason);
        if (!model.Limits.Scores && asked.Questions.FirstOrDefault(task => !task.Generates) is { } scored)
            throw new InputException($"{model.Identity.Name}: it gives no log-likelihoods, which {scored.Task} asks for; leave the task out");
        if (!model.Limits.Rolls && asked.Requests.FirstOrDefault(request => request is LogLikelihoodRolling) is { } whole)
            throw new InputException($"{model.Identity.Name}: it gives no likelihoods of whole texts, which {whole.Origin.Task} asks for; "
                + "leave the task out");
        var protocol = asked.Options.Protocol;
        if (model.Identity.Tokenization is { } rules && rules != protocol.Tokenization)
            throw new ArgumentException($"{protocol.Name} reads a tokenizer's files as {protocol.Tokenization} does, and this model's were read as "
                + $"{rules} does: open it with LocalModelOptions.Protocol.", nameof(model));
        foreach (var most in asked.Requests.OfType<GreedyUntil>().Select(request => request.MaxNewTokens ?? protocol.MaxNewTokens).Distinct())
            protocol.Room(model.Limits.MaxLength, most);
    }

    /// <summary>A finished run's results, if they are this model's (all of its weights are read to know) and it kept no less of each document.</summary>
    public async Task<Run?> EarlierAsync()
    {
        if (_place is not { IsFinished: true } place)
            return null;
        var run = RunFile.Read(place.Results);
        if (DetailLevels.Parse(run.Circumstances?.Details) >= _options.Details && await IsOfTheseWeightsAsync(run))
        {
            _progress?.Report(new Written(place.Results, IsEarlier: true));
            return run;
        }
        Place(_find!(true));
        _options.Logger.LogDebug("run: {Folder}, to be begun, as the finished one is of other weights or kept less", _place!.Path);
        return null;
    }

    private async Task<bool> IsOfTheseWeightsAsync(Run run)
    {
        try
        {
            return (await _model.FingerprintAsync(_cancel)).Sha256 == run.Provenance.WeightsSha256;
        }
        catch (OperationCanceledException e) when (_cancel.IsCancellationRequested)
        {
            throw new InterruptedException("interrupted; nothing was written", e);
        }
    }

    /// <summary>Loads the model, and has the work done; it is done once more if the weights are others than those whose answers were kept.</summary>
    /// <exception cref="FinishedMeanwhileException">Another process has done all of it.</exception>
    public async Task<T> WorkAsync<T>(Func<AnswerOptions, Task<T>> work)
    {
        try
        {
            // Before a long load it is known whether another process is at work here, and what budget it began with.
            if (_place is { IsNew: false } || _shard is not null)
                Open();
            await _model.PrepareAsync(_asked.Requests, How(), _cancel);
            if (_place is not null && _journal is null)
                Open();
            var fingerprint = _model.FingerprintAsync(_cancel);
            _journal?.Confirm(Sha256(fingerprint));
            Tell();
            var done = await Twice(work);
            _fingerprint ??= await fingerprint;
            if (WhatIsNotFinite(_fingerprint.NotFiniteTensors) is { } note)
                _progress?.Report(new Noted($"{_model.Identity.Place}: {note}"));
            return done;
        }
        catch (OperationCanceledException e) when (_cancel.IsCancellationRequested)
        {
            // What is on its way to the disk arrives first.
            _journal?.Dispose();
            throw new InterruptedException(_journal is null ? "interrupted; nothing was written"
                : $"interrupted; {_journal.KeptRequests} answers are kept in {_place!.Path}; the same command goes on from there", e);
        }
        finally
        {
            _journal?.Dispose();
            _journal = null;
        }
    }

    /// <summary>Waits until all answers are kept, and turns grades into the run.</summary>
    public async Task<Run> CountAsync(IReadOnlyList<GradedTask> graded, Rounding? rounding, AnswerAccount account)
    {
        _journal?.Finish();
        _fingerprint ??= await _model.FingerprintAsync(_cancel);
        return Tally.Count(graded, _options.Protocol, _asked.Set, _key.Provenance with
        {
            WeightsSha256 = _fingerprint.Sha256,
            BatchTokens = _budget.Shares ? _budget.BatchTokens : null,
            CacheTokens = _budget.Shares ? _budget.CacheTokens : null,
        }, _options.Limit, _asked.Notes, rounding, _key.Remarks, _fingerprint.NotFiniteTensors) with
        {
            Circumstances = _watch.Stop(graded, _model.Identity, _options.Data.Shown, account) with
            {
                KeptRequests = _journal?.FoundRequests ?? 0,
                Details = DetailLevels.Name(_options.Details),
            },
        };
    }

    /// <summary>Writes a run and its details, and removes its journal.</summary>
    public Run Write(IReadOnlyList<GradedTask> graded, Run run)
    {
        if (_place is not { } place)
            return run;
        place.Write(run, graded, _options.Details);
        End();
        _progress?.Report(new Written(place.Results, IsEarlier: false));
        return run;
    }

    /// <summary>Writes a run that was put together from its parts.</summary>
    public Run WriteMerged(IReadOnlyList<GradedTask> graded, Run run, ShardSet shards, IProgress<EvaluationEvent>? progress)
    {
        run = run with { Circumstances = run.Circumstances! with { Shards = shards.Count } };
        if (_find is not { } find)
            return run;
        // Two merges to one output come one after the other; a run that goes on there has its journal by now.
        using (RunsLock.Take(RunFolder.ParentOf(_options.Output!, _key.Provenance.Model), _cancel))
        {
            var place = find(false);
            if (!MayWrite(place, shards.WeightsSha256))
                place = find(true);
            _options.Logger.LogDebug("run: {Folder}, {Why}", place.Path, place.IsNew ? "to be begun" : "an earlier merge of the same, or the same results");
            _place = place.Begin();
            _place.Write(run, graded, _options.Details);
            _place.RemoveTemporaries();
        }
        progress?.Report(new Written(_place.Results, IsEarlier: false));
        return run;
    }

    /// <summary>
    /// Whether what is there is an earlier merge, or the same results; not a run under way, nor one of other weights.
    /// </summary>
    private bool MayWrite(RunFolder place, string weights) =>
        place.IsNew || (place.Manifest.Budget == _budget && (place.IsFinished
            ? RunFile.Read(place.Results).Provenance.WeightsSha256 == weights
            : !RegularFile.Exists(Path.Combine(place.Path, AnswerJournal.FileName))));

    /// <summary>Waits until all of a part's answers are kept. Returns its folder.</summary>
    public async Task<string> EndShardAsync()
    {
        _journal!.NotFiniteTensors = (await _model.FingerprintAsync(_cancel)).NotFiniteTensors;
        _journal.Finish();
        _progress?.Report(new Said($"shard {_shard}: {_journal.KeptRequests} requests answered; merge joins it with the others"));
        return _place!.Path;
    }

    private AnswerOptions How() => new()
    {
        Part = _shard ?? Shard.Whole,
        Protocol = _options.Protocol,
        Budget = _budget,
        Journal = _journal,
        Progress = _progress is null ? null : new Forwarded(_progress),
    };

    private async Task<T> Twice<T>(Func<AnswerOptions, Task<T>> work)
    {
        try
        {
            return await work(How());
        }
        catch (CheckpointChangedException)
        {
            if (_journal!.FoundRequests > 0)
                _progress?.Report(new Noted("the checkpoint is not the one whose answers were kept: all is asked anew"));
            _journal.Clear();
            return await work(How());
        }
    }

    /// <summary>A run keeps to the budget that it began with.</summary>
    private void Place(RunFolder place) => (_place, _budget) = (place, place.Manifest.Budget);

    /// <summary>Begins the run, or goes on with it, while nobody else does.</summary>
    private void Open()
    {
        var budget = _budget;
        using var alone = RunsLock.Take(_place!.Parent, _cancel);
        Place(_place.Begin());
        if (_place.IsFinished)
            throw new FinishedMeanwhileException(_place);
        // Parts that begin meanwhile take the budget of the first one.
        if (_budget != budget && _shard is null)
            throw new InputException($"{_place.Path}: another process began this run meanwhile and did not end it; "
                + "the same command goes on with it");
        _journal = AnswerJournal.Open(_place.Path);
        _options.Logger.LogDebug("journal: {Folder}, with {Found} answers in it; batches of {BatchTokens} tokens, as the run began",
            _place.Path, _journal.FoundRequests, _budget.BatchTokens);
    }

    /// <summary>Removes the journal of a finished run while nobody opens it: results.json is there by now.</summary>
    private void End()
    {
        using var alone = RunsLock.Take(_place!.Parent, CancellationToken.None);
        _journal!.Dispose();
        AnswerJournal.Delete(_place.Path);
        _place.RemoveTemporaries();
    }

    private void Tell()
    {
        var (identity, questions) = (_model.Identity, _asked.Questions);
        _progress?.Report(new Said($"model: {identity.Name}, {(identity.Dtype is { } dtype ? $"{dtype} on {string.Join(',', identity.Devices)}, " : "")}"
            + $"{questions.Sum(task => task.Docs.Count)} documents of {questions.Count} tasks"));
        if (_journal?.FoundRequests > 0)
            _progress?.Report(new Said($"going on with {_place!.Path}: {_journal.FoundRequests} requests were answered before"));
        if (_journal?.SetAside is { } aside)
            _progress?.Report(new Noted($"the journal could not be read, and all is asked again; it was put aside as {aside}"));
        if (_journal?.Damaged > 0)
            _progress?.Report(new Noted($"{_journal.Damaged} damaged entries of {_place!.Path} are answered again"));
    }

    private static string? WhatIsNotFinite(IReadOnlyList<string> tensors) => tensors.Count == 0 ? null
        : $"{tensors[0]}{(tensors.Count == 1 ? " holds" : $" and {tensors.Count - 1} more tensors hold")} a NaN or an infinity; "
            + "fetch the weights again";

    private static async Task<string> Sha256(Task<ModelFingerprint> fingerprint) => (await fingerprint).Sha256;

    private sealed class Forwarded(IProgress<EvaluationEvent> to) : IProgress<Progress>
    {
        public void Report(Progress value) => to.Report(new Progressed(value));
    }
}

/// <summary>Another process has finished the run while this one began.</summary>
internal sealed class FinishedMeanwhileException(RunFolder place) : Exception($"{place.Path}: another process has finished this run");

/// <summary>A run was interrupted; the message says what is kept.</summary>
public sealed class InterruptedException(string line, Exception? inner = null) : OperationCanceledException(line, inner);
