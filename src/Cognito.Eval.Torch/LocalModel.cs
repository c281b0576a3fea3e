using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Torch.Native;
using Cognito.Eval.Torch.Weights;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cognito.Eval.Torch;

/// <summary>Where and how a checkpoint's model computes.</summary>
public sealed record LocalModelOptions
{
    /// <summary>Whose questions it will answer: its tokenizer is read as that protocol's reference reads it.</summary>
    public Protocol Protocol { get; init; } = Protocol.Default;

    /// <summary>cpu, cuda or cuda:N, or several with commas, which share the work; null takes CUDA if there is a card.</summary>
    public string? Device { get; init; }

    /// <summary>
    /// Over how many of several devices the layers of one copy are dealt: all, a number that divides theirs, or auto, which deals
    /// them where the weights do not fit each device; null puts a whole copy on each.
    /// </summary>
    public string? Split { get; init; }

    /// <summary>float32, bfloat16 or float16; null takes the checkpoint's on CUDA, float32 on the CPU.</summary>
    public string? Dtype { get; init; }

    /// <summary>The type that log-probabilities are taken in.</summary>
    public LogProbDtype LogProbs { get; init; } = LogProbDtype.Float32;

    /// <summary>Most tokens that go through the model together; null leaves it to the free memory.</summary>
    public int? BatchTokens { get; init; }

    /// <summary>Whether each sequence goes through alone and unshared.</summary>
    public bool IsExact { get; init; }

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Whether it records what routers do.</summary>
    public bool RecordsRouting { get; init; }

    /// <summary>Folder of an existing libtorch; null takes the installed one.</summary>
    public string? LibTorch { get; init; }

    /// <summary>What was begun before; whoever began it ends it, after the model. Null where nothing was.</summary>
    internal HeadStart? HeadStart { get; init; }

    /// <summary>Told how layers are dealt to devices, where <see cref="Split"/> is set.</summary>
    public Action<string>? Said { get; init; }

    /// <summary>Told of a device that fails while others go on.</summary>
    public Action<LostModel>? Lost { get; init; }

    /// <summary>Told of each decision, at the level Debug: files, device, type, budget, plans.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

/// <summary>A checkpoint as a model of requests. Its weights are loaded when the first are asked.</summary>
public static class LocalModel
{
    /// <summary>Reads a checkpoint's folder but for its weights, and chooses where it will compute.</summary>
    /// <exception cref="InputException">A file of it is not sound, or the options do not suit it.</exception>
    public static PlannedModel Open(string folder, LocalModelOptions? options = null) =>
        Open(Checkpoint.Open(folder, rules: (options?.Protocol ?? Protocol.Default).Tokenization), options);

    public static PlannedModel Open(Checkpoint checkpoint, LocalModelOptions? options = null)
    {
        options ??= new();
        if (options.RecordsRouting && !checkpoint.Config.HasRouter)
            throw new InputException($"--routing: the model of {Path.Combine(checkpoint.Folder, "config.json")} "
                + $"({checkpoint.Config.Architecture}) has no router; leave --routing out");
        var unused = checkpoint.Unused();
        var logger = options.Logger;
        logger.LogDebug("checkpoint: {Folder}, {Architecture}", checkpoint.Folder, checkpoint.Config.Architecture);
        logger.LogDebug("tokenizer: {Choice}", checkpoint.Tokenizer.Choice);
        var placement = Placement.Choose(
            checkpoint.Config, options.LibTorch, options.Device, options.Dtype, options.Threads, options.BatchTokens, options.IsExact, logger,
            options.Split);
        if (placement.SplitNote is { } note)
            options.Said?.Invoke(note);
        return new(Identity(checkpoint, unused, placement, options), checkpoint.Planner(placement.Budget),
            new CheckpointSource(checkpoint, placement, options))
        {
            Logger = logger,
            Limits = new(checkpoint.MaxLength) { WhyNoGeneration = checkpoint.Config.Generation.Refusal?.Message },
        };
    }

    /// <summary>What plans as a checkpoint's model did, and knows none of its weights.</summary>
    public static PlannedModel ForMerge(Checkpoint checkpoint) => new(
        new()
        {
            Name = checkpoint.Name,
            Place = checkpoint.Folder,
            TokenizerSha256 = checkpoint.Tokenizer.Sha256,
            ConfigSha256 = checkpoint.ConfigSha256,
            EndIds = checkpoint.EndIds,
        },
        checkpoint.Planner(Budget.Exact), new NoModel(checkpoint.MaxLength));

    /// <summary>A model that is open, its tokenizer's files read by other rules.</summary>
    internal static ModelIdentity Reading(ModelIdentity model, Checkpoint checkpoint) => model with
    {
        TokenizerSha256 = checkpoint.Tokenizer.Sha256,
        TokenizerNote = checkpoint.Tokenizer.Note,
        Start = checkpoint.Tokenizer.Start,
        Tokenization = checkpoint.Tokenizer.Rules,
        EndIds = checkpoint.EndIds,
    };

    private static ModelIdentity Identity(
        Checkpoint checkpoint, UnusedTensors unused, Placement placement, LocalModelOptions options)
    {
        using var weights = WeightFiles.Open(checkpoint.Folder);
        options.Logger.LogDebug("weights: {Layout}", weights.Layout);
        var versions = NativeTorch.Version;
        return new()
        {
            Name = checkpoint.Name,
            Place = checkpoint.Folder,
            Given = checkpoint.Given,
            Architecture = checkpoint.Config.Architecture,
            TokenizerSha256 = checkpoint.Tokenizer.Sha256,
            TokenizerNote = checkpoint.Tokenizer.Note,
            Start = checkpoint.Tokenizer.Start,
            Tokenization = checkpoint.Tokenizer.Rules,
            Remarks = [.. checkpoint.Config.Notes, .. unused.Notes],
            UnusedTensors = unused.Recorded,
            UnusedTensorsCount = unused.RecordedOf,
            Generation = checkpoint.Config.Generation.Record,
            Dtype = placement.DtypeName,
            LogProbDtype = options.LogProbs == LogProbDtype.Model ? placement.DtypeName : "float32",
            Device = placement.Kind,
            Devices = [.. placement.Devices.Select(device => device.ToString())],
            Split = placement.Copies is null ? null : [.. placement.Copies.SelectMany(DeviceSplit.Describe)],
            Threads = options.Threads,
            BatchTokens = options.BatchTokens,
            RecordsRouting = options.RecordsRouting,
            Versions = new Dictionary<string, string>
            {
                ["TorchSharp"] = versions.TorchSharp,
                ["libtorch"] = versions.LibTorch ?? "unknown",
            },
            Weights = weights.Fingerprint(),
            ConfigSha256 = checkpoint.ConfigSha256,
            EndIds = checkpoint.EndIds,
            Build = $"{typeof(TorchModel).Assembly.ManifestModule.ModuleVersionId}",
        };
    }

    /// <summary>A merge has all answers.</summary>
    private sealed class NoModel(int maxLength) : ITokenModel
    {
        public int MaxLength => maxLength;

        public int VocabularySize => int.MaxValue;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel) =>
            batches.Count == 0 ? [] : throw Nothing();

        public IEnumerable<IReadOnlyList<Generated>> Generate(
            IReadOnlyList<GenerationBatch> batches, CancellationToken cancel) => batches.Count == 0 ? [] : throw Nothing();

        public void Dispose()
        {
        }

        private static InvalidOperationException Nothing() => new("A merge has no model to ask.");
    }
}
