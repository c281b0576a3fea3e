using System.CommandLine;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval bench</c>: how fast this machine scores and generates, and how near to what it could.</summary>
internal static class BenchCommand
{
    private static readonly Option<string?> Random = new("--random")
    {
        Description = $"Random weights of a shape: {string.Join(", ", ModelConfig.Names)}, or a config.json.",
        HelpName = "SHAPE",
    };

    private static readonly Option<int?> Layers = new("--layers")
    {
        Description = "With --random: only so many of the shape's layers, where it does not fit whole.",
        HelpName = "N",
    };

    private static readonly Option<string?> Tokenizer = new("--tokenizer")
    {
        Description = "Folder of the tokenizer to use with --random. Default: the embedded checkpoint's.",
        HelpName = "DIR",
    };

    private static readonly Option<bool> CompareNaive = new("--compare-naive")
    {
        Description = "Also run the same requests with nothing shared.",
    };

    private static readonly Option<bool> Together = new("--together")
    {
        Description = "Score all columns in one plan, as a run does, not one after the other.",
    };

    private static readonly Option<int?> Prompts = new("--prompts")
    {
        Description = "GSM8K prompts to generate for; 0 for none. Default: 256 on CUDA, 16 on the CPU.",
        HelpName = "N",
    };

    private static readonly Option<int?> PromptTokens = new("--prompt-tokens")
    {
        Description = "Random prompts of so many tokens in place of GSM8K's; also the length of the sequences that are measured beside the columns. "
            + "Default of these: 2,048 on CUDA, 512 on the CPU.",
        HelpName = "N",
    };

    private static readonly Option<int> NewTokens = new("--new-tokens")
    {
        Description = "Tokens to generate for each prompt, stops ignored.",
        DefaultValueFactory = _ => 256,
        HelpName = "N",
    };

    private static readonly Option<string?> Model = Inputs.Model(), Data = Inputs.Data(), LimitOption = Inputs.LimitOption();
    private static readonly Option<bool> Json = Inputs.Json();

    public static Command Create()
    {
        var command = new Command(
            "bench", "Measure scoring and generation on this machine, against its own matrix products and memory.")
        {
            RunOptions.Tasks, Model, Random, Layers, Tokenizer, Data, LimitOption, CompareNaive, Together, Prompts,
            PromptTokens, NewTokens, RunOptions.Device, RunOptions.Split, RunOptions.Dtype, RunOptions.MaxLength, RunOptions.BatchTokens, RunOptions.Threads,
            RunOptions.LibTorch, Fetching.Offline, RunOptions.Unbounded, RunOptions.Quiet, Json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () => Measure(parsed, cancel)), cancel));
        return command;
    }

    private static int Measure(ParseResult parsed, CancellationToken cancel)
    {
        RunOptions.Check(parsed);
        RunOptions.Require(parsed, Layers, 1, 1024);
        RunOptions.Require(parsed, PromptTokens, 1, 1 << 20);
        var split = RunOptions.SplitOf(parsed);
        if (split is null && parsed.GetValue(RunOptions.Device) is { } devices && devices.Contains(',', StringComparison.Ordinal))
            throw new InputException($"--device {devices}: bench measures one device; name one, or give --split");
        var limit = parsed.GetValue(LimitOption) is { } text ? Limit.Parse(text) : new Limit(50);
        var named = Inputs.Named(parsed.GetValue(Model));
        var tasks = TaskSet.Registered.Select(parsed.GetRequiredValue(RunOptions.Tasks));
        using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet), parsed.GetValue(Session.Verbose));
        using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
        var data = Inputs.Rows(parsed.GetValue(Data), named, tasks.Tasks, fetching, RunOptions.Bounds(parsed), cancel);
        var folder = named.Fetch(fetching, weights: true, cancel);
        var checkpoint = Shape(parsed, folder);
        var asked = Evaluator.Ask(tasks, new() { Data = data, Limit = limit }).Questions;
        var threads = parsed.GetValue(RunOptions.Threads) ?? Environment.ProcessorCount;
        var placement = Placement.Choose(
            checkpoint.Config, parsed.GetValue(RunOptions.LibTorch), parsed.GetValue(RunOptions.Device),
            parsed.GetValue(RunOptions.Dtype), threads, parsed.GetValue(RunOptions.BatchTokens), exact: false,
            narrator.Logger, split);
        if (placement.SplitNote is { } note)
            narrator.Say(note);
        cancel.ThrowIfCancellationRequested();
        var isRandom = parsed.GetValue(Random) is not null;
        var (models, load) = Models(isRandom ? null : folder, checkpoint, placement);
        using var pool = models.Count == 1 ? null : CheckpointSource.Pooled(placement, models);
        using var model = models.Count == 1 ? models[0] : null;
        var bench = new Bench(checkpoint.Config, models, (ITokenModel?)pool ?? models[0], placement, threads, cancel);
        narrator.Say($"{(isRandom ? parsed.GetValue(Random) : checkpoint.Name)}, {placement.DtypeName} on {placement.DeviceNames}: "
            + $"{bench.CeilingFlops / 1e12:0.00} TFLOP/s in matrix products, {bench.MemoryBytesPerSecond / 1e9:0} GB/s in copies");
        Questions[] scored = [.. asked.Where(task => !task.Generates)];
        var columns = new List<BenchedColumn>();
        if (scored.Length > 0)
            bench.WarmUp(scored, checkpoint.Planner(placement.Budget));
        var together = parsed.GetValue(Together);
        foreach (var column in scored.GroupBy(task => together ? "all" : task.Task.ColumnKey))
        {
            cancel.ThrowIfCancellationRequested();
            columns.Add(bench.Score(
                column.Key, [.. column], checkpoint.Planner(placement.Budget),
                checkpoint.Planner(placement.Budget with { Shares = false }), parsed.GetValue(CompareNaive)));
            narrator.Say($"{column.Key}: {columns[^1].Seconds:0.0} s");
        }
        var prompts = PromptsOf(parsed, bench, asked, data, checkpoint, placement.IsCpu ? 16 : 256);
        var (sequences, length) = placement.IsCpu ? (2, parsed.GetValue(PromptTokens) ?? 512) : (8, parsed.GetValue(PromptTokens) ?? 2048);
        new BenchReport(checkpoint, placement, bench, columns, load)
        {
            Forward = (sequences, length, bench.Forward(sequences, length)),
            Generation = prompts.Count == 0 ? null : bench.Generate(prompts, New(parsed)),
        }.Print(parsed.GetValue(Json));
        return Session.Done;
    }

    /// <summary>A model a copy, and what loading took where there is one.</summary>
    /// <param name="folder">Of the weights; null makes random ones.</param>
    private static (List<TorchModel> Models, BenchedLoad? Load) Models(string? folder, Checkpoint checkpoint, Placement placement)
    {
        var (config, longest) = (checkpoint.Config, checkpoint.MaxLength);
        var copies = placement.CopiesOf(config.Layers);
        if (folder is not null && copies.Count == 1)
            return BenchedLoad.Of(folder, placement, copies[0], longest) is var (model, load) ? ([model], load) : default;
        // One after the other: random weights come of generators that all share.
        return ([.. copies.Select(places => folder is null
            ? TorchModel.Random(config, places, placement.Dtype, 1, longest, placement.Workers)
            : TorchModel.Load(folder, places, placement.Dtype, maxLength: longest, atOnce: placement.Workers))], null);
    }

    private static int New(ParseResult parsed) => Math.Max(2, parsed.GetValue(NewTokens));

    /// <summary>What is to be continued: random tokens of one length, or the first prompts of the tasks that generate.</summary>
    private static IReadOnlyList<int[]> PromptsOf(
        ParseResult parsed, Bench bench, IReadOnlyList<Questions> asked, DataRoot data, Checkpoint checkpoint, int usual)
    {
        var count = parsed.GetValue(Prompts) ?? usual;
        if (parsed.GetValue(PromptTokens) is not { } length)
            return count == 0 ? [] : [.. asked.Where(task => task.Generates)
                .SelectMany(task => Questions.Ask(task.Task, data, Protocol.Default, limit: new Limit(count)).Requests)
                .Take(count).Select(request => checkpoint.Tokenizer.Encode((GreedyUntil)request))];
        var longest = length + (count == 0 ? 0 : New(parsed));
        return longest <= checkpoint.MaxLength ? bench.RandomSequences(count, length) : throw new InputException(
            $"--prompt-tokens {length}: sequences of {longest} tokens, and the model takes {checkpoint.MaxLength}; give fewer, or fewer --new-tokens");
    }

    private static Checkpoint Shape(ParseResult parsed, string folder)
    {
        var maxLength = parsed.GetValue(RunOptions.MaxLength);
        if (parsed.GetValue(Random) is null && parsed.GetValue(Layers) is not null)
            throw new InputException("--layers: a checkpoint is measured whole; give --random too");
        if (parsed.GetValue(Random) is not { } shape)
            return Checkpoint.Open(folder, maxLength);
        var folderOf = !Directory.Exists(shape) && RegularFile.Exists(shape) ? Path.GetDirectoryName(Path.GetFullPath(shape))! : shape;
        var config = Directory.Exists(folderOf) ? ModelConfig.Read(folderOf) : ModelConfig.Named(shape);
        if (parsed.GetValue(Layers) is { } layers)
            config = config.Cut(layers);
        var tokenizer = CheckpointTokenizer.Open(parsed.GetValue(Tokenizer) ?? Inputs.EmbeddedModel);
        return Checkpoint.Create(shape, config, tokenizer, maxLength);
    }
}
