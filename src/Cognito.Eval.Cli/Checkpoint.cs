using System.Reflection;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary>A checkpoint's folder, read but for its weights.</summary>
internal sealed record Checkpoint(string Folder, ModelConfig Config, CheckpointTokenizer Tokenizer, int MaxLength)
{
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder));

    /// <summary>Ids that end a generated answer: the checkpoint's own, else the tokenizer's.</summary>
    public IReadOnlyList<int> EndIds => Config.EndIds.Count > 0 ? Config.EndIds : [Tokenizer.EndId];

    public static Checkpoint Open(string folder, int? maxLength) =>
        Fits(folder, ModelConfig.Read(folder), CheckpointTokenizer.Open(folder), maxLength);

    /// <summary>A config with a tokenizer that has no more pieces than it knows.</summary>
    public static Checkpoint Fits(string folder, ModelConfig config, CheckpointTokenizer tokenizer, int? maxLength) =>
        tokenizer.VocabularySize <= config.VocabularySize
            ? new(folder, config, tokenizer, maxLength ?? config.MaxLength)
            : throw new InputException(
                $"{folder}: tokenizer.model has {tokenizer.VocabularySize} pieces, config.json's vocab_size is "
                + $"{config.VocabularySize}; they belong to different checkpoints");

    public Planner Planner(Budget budget) =>
        new(Tokenizer.Tokenizer, Protocol.LeaderboardV1, MaxLength, budget, Tokenizer.EndId);

    /// <summary>Makes the plans of all that is asked, in the background.</summary>
    public PreparedQuestions Prepare(IReadOnlyList<Questions> asked, Placement placement) =>
        new(asked, Planner(placement.Budget));

    public Scorer Scorer(ILanguageModel model, Placement placement) => new(
        Tokenizer.Tokenizer, model, Protocol.LeaderboardV1, EndIds, Tokenizer.EndText, placement.Budget, Tokenizer.EndId);

    /// <param name="lost">Told of a device that fails while others go on.</param>
    public LoadedCheckpoint Load(
        Placement placement, string logProbDtype, Action<LostModel> lost, CancellationToken cancel)
    {
        var model = Models(placement, logProbDtype == "model" ? LogProbDtype.Model : LogProbDtype.Float32, lost);
        var weights = WeightFiles.Open(Folder);
        var versions = NativeTorch.Version;
        return new(model, weights, weights.Hash(cancel), new()
        {
            Model = Name,
            Architecture = Config.Architecture,
            TokenizerSha256 = Tokenizer.Sha256,
            Protocol = Protocol.LeaderboardV1.Name,
            Reference = Protocol.LeaderboardV1.Reference,
            AddBos = false,
            Dtype = placement.DtypeName,
            LogprobDtype = logProbDtype == "model" ? placement.DtypeName : "float32",
            Device = placement.DeviceNames,
            MaxLength = model.MaxLength,
            BatchTokens = placement.Budget.Shares ? placement.Budget.BatchTokens : null,
            CacheTokens = placement.Budget.Shares ? placement.Budget.CacheTokens : null,
            Exact = !placement.Budget.Shares,
            Versions = new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["cognito-eval"] = typeof(Checkpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
                    .InformationalVersion.Split('+')[0],
                ["TorchSharp"] = versions.TorchSharp,
                ["libtorch"] = versions.LibTorch ?? "unknown",
            },
        });
    }

    /// <summary>A model; on several devices one each, loaded side by side, that share the work.</summary>
    private ILanguageModel Models(Placement placement, LogProbDtype logProbs, Action<LostModel> lost)
    {
        if (placement.Devices.Count == 1)
            return Load(placement.Device);
        Task<TorchModel>[] loads = [.. placement.Devices.Select(device => Task.Factory.StartNew(
            () => Load(device), default, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        try
        {
            Task.WaitAll(loads);
        }
        catch (AggregateException)
        {
            foreach (var load in loads.Where(load => load.IsCompletedSuccessfully))
                load.Result.Dispose();
            throw;
        }
        var pool = new ModelPool([.. placement.Devices.Zip(loads, (on, load) => new PooledModel($"{on}", load.Result))]);
        pool.Lost += lost;
        return pool;

        TorchModel Load(TorchSharp.torch.Device device) =>
            TorchModel.Load(Folder, device, placement.Dtype, logProbs, MaxLength, placement.Workers);
    }
}

/// <summary>A checkpoint's model, ready to answer; the hash of its weights is computed meanwhile.</summary>
internal sealed record LoadedCheckpoint(
    ILanguageModel Model, WeightFiles Weights, Task<string> WeightsSha256, Provenance Provenance) : IDisposable
{
    public Provenance WithWeights(string data) =>
        Provenance with { WeightsSha256 = WeightsSha256.GetAwaiter().GetResult(), Data = data };

    public void Dispose()
    {
        Model.Dispose();
        // The hash reads the mapped files, which must outlive it.
        WeightsSha256.ContinueWith(_ => Weights.Dispose(), TaskScheduler.Default);
    }
}
