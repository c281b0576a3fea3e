using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval compare --bridge</c>: what each rule costs between two runs of one checkpoint. Asks the model.</summary>
internal static class BridgeCommand
{
    private static readonly Option<string?> Model = new("--model", "-m")
    {
        Description = "--bridge: the checkpoint, a folder or an id on the hub. Default: the runs'.",
        HelpName = "DIR|ID",
    };

    private static readonly Option<string?> Data = new("--data", "-d")
    {
        Description = "--bridge: folder of the datasets. Default: the runs'.",
        HelpName = "DIR",
    };

    private static readonly Option<string?> LogProbDtype = new("--logprob-dtype")
    {
        Description = "--bridge: type of log-probabilities, float32 or model. Default: each run's.",
        HelpName = "T",
    };

    private static readonly JsonSerializerOptions Json = new(Terminal.Json)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>What is of a bridge alone.</summary>
    public static IReadOnlyList<Option> Options { get; } =
    [
        Model, Data, RunOptions.Device, RunOptions.Split, RunOptions.Dtype, LogProbDtype, RunOptions.MaxLength, RunOptions.BatchTokens,
        RunOptions.Threads,
        RunOptions.LibTorch, Fetching.Offline, RunOptions.Unbounded, RunOptions.Quiet,
    ];

    static BridgeCommand() => Words.OneOf(LogProbDtype, "float32", "model");

    /// <param name="paths">The two runs, as they were named.</param>
    public static int Cross(
        ParseResult parsed, IReadOnlyList<string> paths, IReadOnlyList<(string Name, Run Run)> runs, bool json, CancellationToken cancel)
    {
        RunOptions.Check(parsed);
        if (runs is not [var (mine, baseline), var (theirs, candidate)])
            throw new InputException($"compare --bridge: {runs.Count} runs; give two, the one to go from and the one to come to");
        RequireOneCheckpoint(baseline, candidate);
        Manifest?[] manifests = [.. paths.Zip(runs, (path, run) => run.Run.Provenance.Kind != Provenance.Measured ? null
            : Manifest.Read(Path.GetDirectoryName(Path.GetFullPath(RunFile.Find(path)))!))];
        var known = manifests.FirstOrDefault(manifest => manifest is not null)?.Arguments;
        if (known is null && parsed.GetValue(Model) is null)
            throw new InputException($"compare --bridge: no run.json beside {paths[0]} or {paths[1]} says of which checkpoint they are; "
                + "give --model and --data");
        var (from, to) = (
            End(parsed, mine, baseline, manifests[0], candidate, manifests[1]), End(parsed, theirs, candidate, manifests[1], baseline, manifests[0]));
        (from, to) = (Common(from, to), Common(to, from));
        var named = Inputs.Named(parsed.GetValue(Model) ?? known?.Model);
        using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet), parsed.GetValue(Session.Verbose));
        using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
        var isSamples = parsed.GetValue(Data) is null && runs.Any(run => run.Run.Provenance.Data == "samples");
        var data = isSamples ? Inputs.Samples
            : Inputs.Rows(parsed.GetValue(Data) ?? known?.Data, named, [.. from.Tasks.Tasks, .. to.Tasks.Tasks.Where(task => task.Reads is not null)], fetching, RunOptions.Bounds(parsed), cancel);
        using var models = new BridgeModels(named, named.Fetch(fetching, weights: true, cancel), new LocalModelOptions
        {
            Device = parsed.GetValue(RunOptions.Device),
            Split = RunOptions.SplitOf(parsed),
            Said = narrator.Say,
            BatchTokens = parsed.GetValue(RunOptions.BatchTokens),
            Threads = parsed.GetValue(RunOptions.Threads) ?? Environment.ProcessorCount,
            LibTorch = parsed.GetValue(RunOptions.LibTorch),
            Lost = narrator.Lost,
            Logger = narrator.Logger,
        });
        var table = new Bridge(from, to, data, models.Open, narrator, cancel).CrossAsync().GetAwaiter().GetResult();
        narrator.Clear();
        if (json)
            Terminal.Print(JsonSerializer.Serialize(table, Json));
        else
            Terminal.Show(BridgeText.Steps(table));
        return Session.Done;
    }

    private static void RequireOneCheckpoint(Run baseline, Run candidate)
    {
        if (baseline.Provenance.Data is { } rows && candidate.Provenance.Data is { } others && rows != others)
            throw new InputException($"compare --bridge: one run asked {rows} and the other {others}; give two runs of the same rows");
        if (new[] { baseline, candidate }.All(run => run.Provenance.Kind != Provenance.Measured))
            throw new InputException("compare --bridge: neither is a run of cognito-eval, so nothing says of which checkpoint they are; "
                + "give one that is");
        if (baseline.Provenance.WeightsSha256 is { } one && candidate.Provenance.WeightsSha256 is { } other && one != other)
            throw new InputException($"compare --bridge: {baseline.Provenance.Model} and {candidate.Provenance.Model} have other weights "
                + "(weights_sha256); it takes one checkpoint from one protocol to another, so give two runs of one");
    }

    /// <summary>A run as it can be asked again. What a file of another program does not say is taken to be as in our run.</summary>
    private static BridgeEnd End(ParseResult parsed, string name, Run run, Manifest? manifest, Run other, Manifest? others)
    {
        var protocol = RuleDifferences.ProtocolOf(run);
        // Without its run.json it is known whether prompts began with a token, and the tokenizer says with which.
        if (protocol is LmEval04)
            protocol = RunOptions.WithBos(protocol, manifest is null && run.Provenance.AddBos == false ? "no" : manifest?.Arguments.Bos);
        var said = run.Provenance.Kind == Provenance.Measured ? run : other;
        var set = protocol is LmEval04 ? TaskFileOptions.SetOf(protocol, (manifest ?? others)?.Arguments) : TaskSet.Of(protocol);
        EvalTask[] tasks = [.. set.Tasks.Select(task => (Task: task, Record: Record(run, task))).Where(its => its.Record is not null)
            .Select(its => its.Task with { Shots = its.Record!.NumFewshot })];
        return tasks.Length == 0 ? throw new InputException($"{name}: no task of {protocol.Name} was asked; `cognito-eval tasks` lists these")
            : new(
                name, run, protocol, set with { Tasks = tasks }, said.Config?.Limit is { } limit ? new Limit(limit) : null,
                Setting(parsed, said.Provenance))
            {
                Budget = parsed.GetValue(RunOptions.BatchTokens) is null ? manifest?.Budget ?? BudgetOf(said.Provenance) : null,
            };
    }

    private static BridgeSetting Setting(ParseResult parsed, Provenance run)
    {
        var dtype = parsed.GetValue(RunOptions.Dtype) ?? run.Dtype;
        return new(
            dtype, parsed.GetValue(LogProbDtype) switch { null => run.LogprobDtype, "model" => dtype, var given => given },
            parsed.GetValue(RunOptions.MaxLength) ?? run.MaxLength);
    }

    private static Budget? BudgetOf(Provenance run) => run.Exact == true ? Budget.Exact
        : run.BatchTokens is { } tokens ? new(tokens, run.CacheTokens ?? 4L * tokens) : null;

    /// <summary>What a run says of a task: under its own name, or another protocol's for the same rows.</summary>
    private static TaskRecord? Record(Run run, EvalTask task) => run.Tasks.GetValueOrDefault(task.Name)
        ?? (run.Provenance.Kind == Provenance.Measured || task.Column is not { } column ? null
            : TaskSet.Registered.Tasks.FirstOrDefault(its => its.ColumnKey == column.Key && its.Dataset.Name == task.Dataset.Name) is { } same
                ? run.Tasks.GetValueOrDefault(same.Name) : null);

    /// <summary>An end without the benchmarks that the other lacks.</summary>
    private static BridgeEnd Common(BridgeEnd end, BridgeEnd other)
    {
        var keys = other.Tasks.Tasks.Select(BridgeColumn.KeyOf).OfType<string>().ToHashSet();
        var datasets = end.Tasks.Tasks.Where(task => task.Column is { } column && keys.Contains(column.Key))
            .Select(task => task.Dataset.Name).ToHashSet();
        return end with
        {
            Tasks = end.Tasks with
            {
                Tasks = [.. end.Tasks.Tasks.Where(task => task.Reads is not null ? keys.Contains(task.Name) : datasets.Contains(task.Dataset.Name))],
            },
        };
    }

    /// <summary>The checkpoint under either reading of its tokenizer's files, its weights loaded once.</summary>
    private sealed class BridgeModels(NamedModel named, string folder, LocalModelOptions options) : IDisposable
    {
        private readonly Dictionary<Tokenizers.TokenizerRules, Models.PlannedModel> _readings = [];
        private BridgeSetting? _setting;
        private Models.PlannedModel? _first;

        public Models.PlannedModel Open(BridgeSetting setting, Tokenizers.TokenizerRules rules)
        {
            if (_setting != setting)
            {
                Dispose();
                _setting = setting;
            }
            return _readings.TryGetValue(rules, out var open) ? open : _readings[rules] = New(setting, rules);
        }

        private Models.PlannedModel New(BridgeSetting setting, Tokenizers.TokenizerRules rules)
        {
            var checkpoint = Checkpoint.Open(folder, setting.MaxLength, rules) with { Name = named.Name, Given = named.Given };
            if (_first is { } first)
                return first.With(LocalModel.Reading(first.Identity, checkpoint), checkpoint.Planner(first.Budget));
            return _first = LocalModel.Open(checkpoint, options with
            {
                Dtype = setting.Dtype,
                LogProbs = setting.LogProbDtype is null or "float32" ? Torch.LogProbDtype.Float32 : Torch.LogProbDtype.Model,
            });
        }

        public void Dispose()
        {
            _first?.Dispose();
            _first = null;
            _readings.Clear();
        }
    }
}
