using Cognito.Eval.Files;
using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Results;

namespace Cognito.Eval;

/// <summary>The shards of one run, one of each.</summary>
public sealed class ShardSet
{
    private const int MostNamed = 20;

    private readonly IReadOnlyList<(RunFolder Folder, JournalState State)> _shards;

    private ShardSet(IReadOnlyList<(RunFolder Folder, JournalState State)> shards, string weights) =>
        (_shards, WeightsSha256, Journal) = (shards, weights, AnswerJournal.FromEntries(shards.SelectMany(shard => shard.State.Entries)));

    /// <summary>The first shard's, which but for the shard is everyone's.</summary>
    internal Manifest Manifest => _shards[0].Folder.Manifest;

    /// <summary>How all of them cut their work.</summary>
    public Budget Budget => Manifest.Budget;

    public int Count => _shards.Count;
    public string WeightsSha256 { get; }

    /// <summary>Names of the weights' tensors that hold a NaN or an infinity: the same in every shard that has read them.</summary>
    public IReadOnlyList<string> NotFiniteTensors =>
        _shards.Select(shard => shard.State.NotFiniteTensors).FirstOrDefault(names => names.Count > 0) ?? [];

    /// <summary>All shards' answers.</summary>
    public AnswerJournal Journal { get; }

    /// <summary>Reads shards from their folders, or from folders that hold them, two levels down.</summary>
    /// <exception cref="InputException">They are not all the shards of one run.</exception>
    public static ShardSet Open(IReadOnlyList<string> folders)
    {
        var found = folders.SelectMany(In)
            .DistinctBy(shard => System.IO.Path.GetFullPath(shard.Path))
            .OrderBy(shard => shard.Manifest.Shard!.Value.Index).ToList();
        var first = found[0];
        foreach (var shard in found.Skip(1))
            RequireSameRun(first, shard);
        foreach (var pair in found.GroupBy(shard => shard.Manifest.Shard).Where(group => group.Count() > 1))
            throw new InputException($"{string.Join(" and ", pair.Select(shard => shard.Path))}: both are shard {pair.Key}; give one");
        var missing = Enumerable.Range(0, first.Manifest.Shard!.Value.Count)
            .Except(found.Select(shard => shard.Manifest.Shard!.Value.Index)).ToList();
        if (missing.Count > 0)
            throw new InputException($"{first.Path}: of {first.Manifest.Shard.Value.Count} shards "
                + string.Join(", ", missing.Take(MostNamed))
                + $"{(missing.Count > MostNamed ? $" and {missing.Count - MostNamed} more" : "")} "
                + $"{(missing.Count == 1 ? "is" : "are")} missing; run them with --shard, or give their folders");
        var states = found.Select(shard => (shard, State: AnswerJournal.Peek(shard.Path)
            ?? throw new InputException($"{shard.Path}: its journal is missing; run shard {shard.Manifest.Shard} again"))).ToList();
        RequireOneAnswer(states);
        var weights = states.Where(s => s.State.WeightsSha256 is not null).GroupBy(s => s.State.WeightsSha256!).ToList();
        if (weights.Count > 1)
            throw new InputException($"{weights[0].First().shard.Path} and {weights[1].First().shard.Path}: answers of different weights; "
                + "run one of them again with --fresh");
        return new(states, weights.Count == 1 ? weights[0].Key : throw new InputException(
            $"{first.Path}: no answer is in the shards' journals yet; run them first"));
    }

    /// <summary>The same questions as the shards were asked, by the same tokenizer.</summary>
    internal void RequireSame(ModelIdentity model, AskedTasks asked)
    {
        var key = Manifest.Key;
        if (model.TokenizerSha256 != key.Provenance.TokenizerSha256)
            throw new InputException(
                $"{model.Place}: its tokenizer is not the one that the shards used; name the right checkpoint with --model");
        if (model.ConfigSha256 != key.ConfigSha256)
            throw new InputException($"{Path.Combine(model.Place, "config.json")}: not the one that the shards used; "
                + "name the right checkpoint with --model");
        if (!model.EndIds.SequenceEqual(key.EndIds))
            throw new InputException($"{model.Place}: its answers end with other tokens (eos_token_id) than those of the shards; "
                + "name the right checkpoint with --model");
        var now = RunKey.Of(asked.Questions);
        foreach (var (task, then) in key.Tasks)
            if (!now.TryGetValue(task, out var its) || its.RequestsSha256 != then.RequestsSha256)
                throw new InputException(
                    $"{asked.Options.Data.Shown}: {task} asks other questions than the shards were asked; name their datasets with --data");
    }

    /// <summary>Each batch has its answer.</summary>
    internal async Task RequireCompleteAsync(PlannedModel model, AskedTasks asked, AnswerOptions how)
    {
        foreach (var (shard, state) in _shards)
        {
            var its = how with { Part = shard.Manifest.Shard!.Value };
            var missing = await model.MissingAsync(asked.Requests, its)
                + (Budget.Shares ? await model.MissingAsync(asked.Sample.Requests, its with { IsExact = true }) : 0);
            if (missing > 0)
                throw new InputException($"{shard.Path}: {missing} batches have no answer yet ({state.KeptRequests} requests have); "
                    + $"run shard {its.Part} again, it goes on where it stood");
        }
    }

    /// <summary>A folder's shards; what keeps its only run.json from being read is said.</summary>
    private static List<RunFolder> In(string folder)
    {
        InputException? unreadable = null;
        List<RunFolder> shards =
            [.. RunFolder.Under(folder, 2, e => unreadable ??= e).Where(found => found.Manifest.Shard is not null)];
        return shards.Count > 0 ? shards
            : throw unreadable ?? new InputException($"{folder}: no shard of a run is there; give folders that --shard has made");
    }

    /// <summary>Each batch is one shard's: two that answer one differently cannot both be right.</summary>
    private static void RequireOneAnswer(IReadOnlyList<(RunFolder Folder, JournalState State)> shards)
    {
        var answered = new Dictionary<string, (RunFolder Folder, Entry Entry)>();
        foreach (var (folder, state) in shards)
            foreach (var entry in state.Entries)
                if (!answered.TryAdd(entry.Key, (folder, entry))
                    && answered[entry.Key] is var other && other.Entry != entry)
                    throw new InputException($"{other.Folder.Path} and {folder.Path}: both answer "
                        + $"{Printable.Line(entry.Key)}, and differently; run one of them again with --fresh");
    }

    private static void RequireSameRun(RunFolder one, RunFolder other)
    {
        if (one.Manifest.Key.Digest() != other.Manifest.Key.Digest())
            throw new InputException(
                $"{one.Path} and {other.Path}: shards of different runs (run.json's key differs); give those of one run");
        if (one.Manifest.Shard!.Value.Count != other.Manifest.Shard!.Value.Count)
            throw new InputException($"{one.Path} and {other.Path}: one is of {one.Manifest.Shard.Value.Count} shards, the other of "
                + $"{other.Manifest.Shard.Value.Count}; give those of one run");
        if (one.Manifest.Budget != other.Manifest.Budget)
            throw new InputException($"{one.Path} and {other.Path}: they cut batches by different budgets; run the shards with one "
                + "--batch-tokens");
    }
}
