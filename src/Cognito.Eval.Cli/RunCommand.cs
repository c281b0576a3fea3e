using System.CommandLine;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval</c> itself: scores a checkpoint.</summary>
internal static class RunCommand
{
    private static readonly Option<string?> Model = Inputs.Model(), Data = Inputs.Data(), LimitOption = Inputs.LimitOption();
    private static readonly Option<int?> Shots = Inputs.Shots();
    private static readonly Option<bool> Json = Inputs.Json();

    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "Folder of the results; each run makes <model>/<run>/results.json in it.",
        DefaultValueFactory = _ => "results",
        HelpName = "DIR",
    };

    private static readonly Option<string> LogProbDtype = new("--logprob-dtype")
    {
        Description = "Type of log-probabilities: float32, or model, which rounds as the leaderboard did.",
        DefaultValueFactory = _ => "float32",
        HelpName = "T",
    };

    private static readonly Option<bool> Exact = new("--exact")
    {
        Description = "One sequence at a time, nothing shared: slow; on the CPU the same bits whatever the other options.",
    };

    private static readonly Option<string> Details = NewDetails();

    private static readonly Option<string?> ShardOption = new("--shard")
    {
        Description = "Answer part i of n of the run, i from 0; merge joins the parts. auto: as Slurm or Kubernetes says.",
        HelpName = "i/n",
    };

    private static readonly Option<bool> Fresh = new("--fresh")
    {
        Description = "Ask all again, whatever an earlier run of the same thing has answered.",
    };

    public static Option<string> NewDetails()
    {
        var details = new Option<string>("--details")
        {
            Description = "What is kept of each document, in details/<task>.parquet: none, scores, or full, which adds prompts.",
            DefaultValueFactory = _ => "scores",
            HelpName = "T",
        };
        details.AcceptOnlyFromAmong("none", "scores", "full");
        return details;
    }

    private static readonly Option<bool> Routing = new("--routing")
    {
        Description = "Also record what the routers of a mixture of experts do: weights, first choices, entropy by task and layer.",
    };

    public static RootCommand Create()
    {
        LogProbDtype.AcceptOnlyFromAmong("float32", "model");
        var root = new RootCommand(
            "Scores a language-model checkpoint on the six tasks of the Open LLM Leaderboard v1, with the leaderboard's own "
            + "questions, and prints its table.")
        {
            RunOptions.Tasks, Model, Data, Shots, LimitOption, Output, RunOptions.Device, RunOptions.Dtype, LogProbDtype,
            RunOptions.MaxLength, RunOptions.BatchTokens, RunOptions.Threads, Exact, Details, Routing, ShardOption, Fresh,
            RunOptions.LibTorch, Fetching.Offline,
            RunOptions.Unbounded, RunOptions.Quiet, Json,
        };
        root.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () => Score(parsed, cancel))));
        return root;
    }

    private static int Score(ParseResult parsed, CancellationToken cancel)
    {
        RunOptions.Check(parsed);
        var limit = parsed.GetValue(LimitOption) is { } text ? Limit.Parse(text) : (Limit?)null;
        var tasks = TaskRegistry.Select(parsed.GetRequiredValue(RunOptions.Tasks));
        var named = Inputs.Named(parsed.GetValue(Model));
        RunWatch.RequireWritable(parsed.GetRequiredValue(Output));
        using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet));
        using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
        // Rows first: they are small, and a mistake in them should not show after gigabytes of weights.
        var data = Inputs.Rows(parsed.GetValue(Data), named, tasks, fetching, RunOptions.Bounds(parsed), cancel);
        var folder = named.Fetch(fetching, weights: true, cancel);
        if (named.IsEmbedded)
            narrator.Say($"no --model: using the embedded checkpoint cognito-nano ({folder})");
        narrator.Say($"data: {(data.IsSamples ? "the embedded samples, " : "")}"
            + (data.Elsewhere.Count > 0 ? $"{string.Join(", ", data.Elsewhere.Keys)}, in {fetching.Hub.Cache.Folder}" : data.Folder));

        var checkpoint = Checkpoint.Open(folder, parsed.GetValue(RunOptions.MaxLength)) with { Name = named.Name };
        narrator.Warn(checkpoint.Tokenizer);
        if (parsed.GetValue(Routing) && !checkpoint.Config.HasRouter)
            throw new InputException($"--routing: {Path.Combine(folder, "config.json")} is of {checkpoint.Config.Architecture}, "
                + "which has no router; leave --routing out");
        var (asked, notes) = Inputs.Ask(tasks, data, parsed.GetValue(Shots), limit);
        var generates = asked.Any(task => task.Generates);
        if (generates)
        {
            GenerationGroups.Room(Protocol.LeaderboardV1, checkpoint.MaxLength);
            if (checkpoint.Config.Generation.Require().Record is { } settings)
                narrator.Warn($"{settings}");
        }
        var unused = checkpoint.Unused();
        string[] remarks = [.. checkpoint.Config.Notes, .. unused.Notes];
        foreach (var note in notes.Concat(remarks))
            narrator.Warn(note);
        cancel.ThrowIfCancellationRequested();

        var watch = new RunWatch(parsed.GetValue(RunOptions.Threads) ?? Environment.ProcessorCount);
        var placement = Placement.Choose(
            checkpoint.Config, parsed.GetValue(RunOptions.LibTorch), parsed.GetValue(RunOptions.Device), parsed.GetValue(RunOptions.Dtype), watch.Threads,
            parsed.GetValue(RunOptions.BatchTokens), parsed.GetValue(Exact));
        var provenance = checkpoint.Provenance(placement, parsed.GetRequiredValue(LogProbDtype)) with
        {
            Data = data.IsSamples ? "samples" : "datasets",
            UnusedTensors = unused.Recorded,
            UnusedTensorsCount = unused.RecordedOf,
            Generation = generates ? checkpoint.Config.Generation.Record : null,
        };
        var shard = Shards.Parse(parsed.GetValue(ShardOption));
        var key = RunFolder.Key(
            checkpoint, provenance, asked, limit, parsed.GetValue(RunOptions.BatchTokens), parsed.GetValue(Routing)) with
        {
            Remarks = remarks.Length == 0 ? null : remarks,
        };
        var arguments = new RunArguments(
            named.Given, Inputs.RowsGiven(parsed.GetValue(Data)) is { } rows ? Path.GetFullPath(rows) : null, [.. tasks.Select(task => task.Name)],
            parsed.GetValue(Shots), limit?.Value);
        RunFolder Place(bool fresh) => RunFolder.Find(
            parsed.GetRequiredValue(Output), checkpoint.Name, key, arguments, placement.Budget, shard, watch.Started, fresh);
        var place = Place(parsed.GetValue(Fresh));
        var details = parsed.GetRequiredValue(Details);
        bool IsShown(RunFolder place)
        {
            if (Finish.Earlier(place, checkpoint, details, cancel) is not { } earlier)
                return false;
            Finish.Print(earlier, parsed.GetValue(Json), narrator);
            narrator.Say($"answered before: {place.Results}; --fresh asks again");
            return true;
        }
        if (place.IsFinished)
        {
            if (IsShown(place))
                return Session.Done;
            place = Place(fresh: true);
        }
        placement = placement with { Budget = place.Manifest.Budget };
        var work = new RunWork(checkpoint, placement, asked, place, parsed.GetValue(Routing), watch, narrator, cancel);
        try
        {
            if (shard is { } part)
                work.Shard(part, parsed.GetRequiredValue(LogProbDtype));
            else
                work.Whole(
                    (graded, rounding, weights) => Tally.Count(graded, TaskRegistry.Columns, provenance with
                    {
                        WeightsSha256 = weights.Sha256,
                        BatchTokens = placement.Budget.Shares ? placement.Budget.BatchTokens : null,
                        CacheTokens = placement.Budget.Shares ? placement.Budget.CacheTokens : null,
                    }, limit, notes, rounding, remarks, weights.NotFinite),
                    parsed.GetRequiredValue(LogProbDtype), data.Shown, details, parsed.GetValue(Json));
        }
        catch (FinishedMeanwhileException e) when (IsShown(e.Place))
        {
            // As if it had been finished when this process looked first.
        }
        return Session.Done;
    }
}
