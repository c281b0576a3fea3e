using System.CommandLine;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;

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
        Description = "Type of log-probabilities: float32, or model, which rounds as the references do.",
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
        Words.OneOf(details, "none", "scores", "full");
        return details;
    }

    private static readonly Option<bool> Routing = new("--routing")
    {
        Description = "Also record what the routers of a mixture of experts do: weights, first choices, entropy by task and layer.",
    };

    public static RootCommand Create()
    {
        Words.OneOf(LogProbDtype, "float32", "model");
        var root = new RootCommand(
            "Scores a language-model checkpoint on the six tasks of the Open LLM Leaderboard v1, with the leaderboard's own "
            + "questions or those of lm-evaluation-harness 0.4, and prints its table. Options of lm_eval are understood too.")
        {
            RunOptions.Tasks, TaskFileOptions.Paths, TaskFileOptions.Allow, RunOptions.ProtocolName, RunOptions.Bos, Model, Data, Shots,
            LimitOption, Output, RunOptions.Device, RunOptions.Split, RunOptions.Dtype, LogProbDtype,
            RunOptions.MaxLength, RunOptions.BatchTokens, RunOptions.Threads, Exact, Details, Routing, ShardOption, Fresh,
            RunOptions.LibTorch, Fetching.Offline, ServedRun.Model, ServedRun.Tokenizer, ServedRun.ApiKeyEnv, ServedRun.Concurrency,
            RunOptions.Unbounded, RunOptions.Quiet, Json,
        };
        root.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () => Score(parsed, cancel))));
        return root;
    }

    private static int Score(ParseResult parsed, CancellationToken cancel)
    {
        RunOptions.Check(parsed);
        var limit = Inputs.LimitOf(parsed.GetValue(LimitOption));
        var protocol = TaskFileOptions.ProtocolOf(parsed);
        var tasks = TaskFileOptions.SetOf(parsed, protocol).Select(parsed.GetRequiredValue(RunOptions.Tasks));
        var served = ServedRun.Parse(parsed, parsed.GetValue(Model), [LogProbDtype, Exact, Routing, ShardOption, RunOptions.Split]);
        var named = served is null ? Inputs.Named(parsed.GetValue(Model)) : ServedRun.Named;
        var shard = Shards.Parse(parsed.GetValue(ShardOption));
        RunFolder.RequireWritable(parsed.GetRequiredValue(Output));
        using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet), parsed.GetValue(Session.Verbose));
        TaskFileOptions.Tell(parsed, tasks, narrator);
        using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
        // Rows first: they are small, and a mistake in them should not show after gigabytes of weights.
        var data = Inputs.Rows(parsed.GetValue(Data), named, tasks.Tasks, fetching, RunOptions.Bounds(parsed), cancel);
        var folder = served is null ? named.Fetch(fetching, weights: true, cancel) : "";
        if (named.IsEmbedded)
            narrator.Say($"no --model: using the embedded checkpoint cognito-nano ({folder})");
        narrator.Say($"data: {(data.IsSamples ? "the embedded samples, " : "")}"
            + (data.Elsewhere.Count > 0 ? $"{string.Join(", ", data.Elsewhere.Keys)}, in {fetching.Hub.Cache.Folder}" : data.Folder));
        var options = new EvaluationOptions
        {
            Data = data,
            Protocol = protocol,
            Shots = parsed.GetValue(Shots),
            Limit = limit,
            Output = parsed.GetRequiredValue(Output),
            Details = DetailLevels.Parse(parsed.GetRequiredValue(Details)),
            IsFresh = parsed.GetValue(Fresh),
            Logger = narrator.Logger,
        };
        using var ahead = served is null ? HeadStart.Begin(folder, parsed.GetValue(RunOptions.LibTorch)) : null;
        var checkpoint = served is null ? named.Open(folder, parsed.GetValue(RunOptions.MaxLength), protocol) : null;
        var asked = Evaluator.Ask(tasks, options);
        cancel.ThrowIfCancellationRequested();
        using var model = served?.Open(asked, fetching, narrator, cancel) ?? LocalModel.Open(checkpoint!, new LocalModelOptions
        {
            Device = parsed.GetValue(RunOptions.Device),
            Split = RunOptions.SplitOf(parsed),
            Said = narrator.Say,
            Dtype = parsed.GetValue(RunOptions.Dtype),
            LogProbs = parsed.GetRequiredValue(LogProbDtype) == "model" ? Torch.LogProbDtype.Model : Torch.LogProbDtype.Float32,
            BatchTokens = parsed.GetValue(RunOptions.BatchTokens),
            IsExact = parsed.GetValue(Exact),
            Threads = parsed.GetValue(RunOptions.Threads) ?? Environment.ProcessorCount,
            RecordsRouting = parsed.GetValue(Routing),
            LibTorch = parsed.GetValue(RunOptions.LibTorch),
            HeadStart = ahead,
            Lost = narrator.Lost,
            Logger = narrator.Logger,
        });
        if (shard is { } part)
            Terminal.Print(Evaluator.AnswerShardAsync(model, asked, part, narrator, cancel).GetAwaiter().GetResult());
        else
            Finish.Print(
                Evaluator.RunAsync(model, asked, narrator, cancel).GetAwaiter().GetResult(), parsed.GetValue(Json), narrator);
        return Session.Done;
    }
}
