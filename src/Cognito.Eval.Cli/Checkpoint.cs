using System.Reflection;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary>A checkpoint's folder, read but for its weights.</summary>
internal sealed record Checkpoint(string Folder, ModelConfig Config, CheckpointTokenizer Tokenizer, int MaxLength)
{
    /// <summary>The folder's, or the repository's where it came from the hub.</summary>
    public string Name { get; init; } = Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder));

    /// <summary>Ids that end a generated answer: the checkpoint's own, else the tokenizer's.</summary>
    public IReadOnlyList<int> EndIds => Config.EndIds.Count > 0 ? Config.EndIds : [Tokenizer.EndId];

    public static Checkpoint Open(string folder, int? maxLength) =>
        Fits(folder, ModelConfig.Read(folder), CheckpointTokenizer.Open(folder), maxLength);

    /// <summary>A config with a tokenizer that has no more pieces than it knows.</summary>
    public static Checkpoint Fits(string folder, ModelConfig config, CheckpointTokenizer tokenizer, int? maxLength) =>
        tokenizer.VocabularySize <= config.VocabularySize
            ? new(folder, config, tokenizer, maxLength ?? config.MaxLength)
            : throw new InputException(
                $"{folder}: {tokenizer.Tokenizer.FileName} has {tokenizer.VocabularySize} tokens, config.json's vocab_size is "
                + $"{config.VocabularySize}; they belong to different checkpoints");

    public Planner Planner(Budget budget) =>
        new(Tokenizer.Tokenizer, Protocol.LeaderboardV1, MaxLength, budget, Tokenizer.EndId);

    /// <summary>Makes the plans of all that is asked, in the background.</summary>
    public PreparedQuestions Prepare(IReadOnlyList<Questions> asked, Placement placement) =>
        new(asked, Planner(placement.Budget));

    public Scorer Scorer(ILanguageModel model, Placement placement) => new(
        Tokenizer.Tokenizer, model, Protocol.LeaderboardV1, EndIds, Tokenizer.EndText, placement.Budget, Tokenizer.EndId);

    public LoadedCheckpoint Load(Placement placement, string logProbDtype, CancellationToken cancel, bool routing = false)
    {
        var model = TorchModel.Load(
            Folder, placement.Device, placement.Dtype,
            logProbDtype == "model" ? LogProbDtype.Model : LogProbDtype.Float32, MaxLength, placement.Workers);
        model.RecordsRouting = routing;
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
            Device = placement.Device.ToString(),
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
