using System.CommandLine;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval merge</c>: the shards of a run become the results of the run undivided.</summary>
internal static class MergeCommand
{
    private static readonly Argument<string[]> Folders = new("DIR")
    {
        Description = "Folders of shards, or folders that hold them.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "Folder of the results, as for a run.",
        DefaultValueFactory = _ => "results",
        HelpName = "DIR",
    };

    private static readonly Option<string?> Model = new("--model", "-m")
    {
        Description = "The checkpoint, where it lies elsewhere than the shards had it; its weights are not needed.",
        HelpName = "DIR|ID",
    };

    private static readonly Option<string?> Data = new("--data", "-d")
    {
        Description = "Where the datasets lie now, if not where the shards had them.",
        HelpName = "DIR",
    };

    private static readonly Option<string> Details = RunCommand.NewDetails();
    private static readonly Option<bool> Json = Inputs.Json();

    public static Command Create()
    {
        var command = new Command("merge", "Join the shards of a run into its results, without the model.")
        {
            Folders, Output, Model, Data, Details, Fetching.Offline, RunOptions.Unbounded, RunOptions.Quiet, Json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () => Merge(parsed, cancel)), cancel));
        return command;
    }

    private static int Merge(ParseResult parsed, CancellationToken cancel)
    {
        RunWatch.RequireWritable(parsed.GetRequiredValue(Output));
        using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet));
        var watch = new RunWatch(Environment.ProcessorCount);
        var shards = ShardSet.Open(parsed.GetRequiredValue(Folders));
        var (key, arguments) = (shards.Manifest.Key, shards.Manifest.Arguments);

        using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
        var tasks = TaskRegistry.Select([.. arguments.Tasks]);
        var named = Inputs.Named(parsed.GetValue(Model) ?? arguments.Model);
        var data = Inputs.Rows(
            parsed.GetValue(Data) ?? arguments.Data, named, tasks, fetching, RunOptions.Bounds(parsed), cancel);
        var folder = named.Fetch(fetching, weights: false, cancel);
        var limit = arguments.Limit is { } value
            ? Limit.Parse(value.ToString(System.Globalization.CultureInfo.InvariantCulture)) : (Limit?)null;
        var checkpoint = Checkpoint.Open(folder, key.Provenance.MaxLength) with { Name = key.Provenance.Model };
        var (asked, notes) = Inputs.Ask(tasks, data, arguments.Shots, limit);
        Require(checkpoint, data, asked, key);

        var budget = shards.Manifest.Budget;
        var scorer = checkpoint.Scorer(new NoModel(checkpoint.MaxLength), budget, shards.Journal);
        var prepared = checkpoint.Prepare(asked, budget);
        shards.RequireComplete(prepared, scorer, rounding: budget.Shares);
        var graded = Evaluation.Answer(prepared, scorer, cancel, watch.Stages);
        var rounding = budget.Shares ? Evaluation.MeasureRounding(graded, scorer, cancel) : null;
        var run = Tally.Count(graded, TaskRegistry.Columns, key.Provenance with
        {
            WeightsSha256 = shards.WeightsSha256,
            BatchTokens = budget.Shares ? budget.BatchTokens : null,
            CacheTokens = budget.Shares ? budget.CacheTokens : null,
        }, limit, notes, rounding, key.Remarks, shards.NotFiniteTensors) with
        {
            Circumstances = watch.Stop(graded, folder, data.Shown, 0) with { Shards = shards.Count },
        };
        RunFolder Place(bool fresh) => RunFolder.Find(
            parsed.GetRequiredValue(Output), key.Provenance.Model, key, arguments, budget, null, shards.Manifest.Started, fresh);
        RunFolder place;
        // Two merges to one output come one after the other; a run that goes on there has its journal by now.
        using (RunsLock.Take(RunFolder.Parent(parsed.GetRequiredValue(Output), key.Provenance.Model), cancel))
        {
            place = Place(fresh: false);
            if (!MayWrite(place, budget, shards.WeightsSha256))
                place = Place(fresh: true);
            place = place.Begin();
            Finish.Write(run, graded, place.Path, parsed.GetRequiredValue(Details));
            OutputFile.RemoveTemporaries(place.Path);
            OutputFile.RemoveTemporaries(Path.Combine(place.Path, DetailsFile.Folder));
        }
        Finish.Print(run, place.Results, parsed.GetValue(Json), narrator);
        return Session.Done;
    }

    /// <summary>
    /// Whether what is there is an earlier merge, or the same results; not a run under way, nor one of other weights.
    /// </summary>
    private static bool MayWrite(RunFolder place, Budget budget, string weights) =>
        place.IsNew || (place.Manifest.Budget == budget && (place.IsFinished
            ? RunFile.Read(place.Results).Provenance.WeightsSha256 == weights
            : !RegularFile.Exists(Path.Combine(place.Path, AnswerJournal.FileName))));

    /// <summary>The same questions as the shards were asked, by the same tokenizer.</summary>
    private static void Require(Checkpoint checkpoint, DataRoot data, IReadOnlyList<Questions> asked, RunKey key)
    {
        if (checkpoint.Tokenizer.Sha256 != key.Provenance.TokenizerSha256)
            throw new InputException(
                $"{checkpoint.Folder}: its tokenizer is not the one that the shards used; name the right checkpoint with --model");
        if (RunFolder.ConfigSha256(checkpoint) != key.ConfigSha256)
            throw new InputException($"{Path.Combine(checkpoint.Folder, "config.json")}: not the one that the shards used; "
                + "name the right checkpoint with --model");
        if (!checkpoint.EndIds.SequenceEqual(key.EndIds))
            throw new InputException($"{checkpoint.Folder}: its answers end with other tokens (eos_token_id) than those of the shards; "
                + "name the right checkpoint with --model");
        var now = RunKey.Of(asked);
        foreach (var (task, then) in key.Tasks)
            if (!now.TryGetValue(task, out var its) || its.RequestsSha256 != then.RequestsSha256)
                throw new InputException(
                    $"{data.Shown}: {task} asks other questions than the shards were asked; name their datasets with --data");
    }

    /// <summary>All answers are in the journals.</summary>
    private sealed class NoModel(int maxLength) : ITokenModel
    {
        public int MaxLength => maxLength;

        public int VocabularySize => int.MaxValue;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches) => Nothing<TokenScore>(batches.Count);

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches) => Nothing<Generated>(batches.Count);

        public void Dispose()
        {
        }

        private static IEnumerable<IReadOnlyList<T>> Nothing<T>(int batches) => batches == 0 ? []
            : throw new InvalidOperationException("A merge has no model to ask.");
    }
}
