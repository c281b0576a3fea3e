using System.Reflection;
using Cognito.Eval.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Cli;

/// <summary>A checkpoint's folder, read but for its weights.</summary>
internal sealed record Checkpoint(string Folder, ModelConfig Config, CheckpointTokenizer Tokenizer, string? Dtype, int? MaxLength)
{
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder));

    /// <summary>Ids that end a generated answer: the checkpoint's own, else the tokenizer's.</summary>
    public IReadOnlyList<int> EndIds => Config.EndIds.Count > 0 ? Config.EndIds : [Tokenizer.EndId];

    public static Checkpoint Open(string folder, string? dtype, int? maxLength)
    {
        var config = ModelConfig.Read(folder);
        var tokenizer = CheckpointTokenizer.Open(folder);
        if (tokenizer.VocabularySize > config.VocabularySize)
            throw new InputException(
                $"{folder}: tokenizer.model has {tokenizer.VocabularySize} pieces, config.json's vocab_size is "
                + $"{config.VocabularySize}; they belong to different checkpoints");
        return new(folder, config, tokenizer, dtype, maxLength);
    }

    public LoadedCheckpoint Load(
        string? libtorch, string? device, string logProbDtype, int threads, int? batchTokens, CancellationToken cancel)
    {
        NativeTorch.Load(libtorch);
        var on = NativeTorch.Device(device);
        var isCpu = on.type == DeviceType.CPU;
        // Batches side by side, one thread each, keep all cores at work, and their numbers do not depend on how many.
        NativeTorch.Threads(1);
        var dtype = Dtype ?? (isCpu ? "float32" : Config.Dtype ?? "float32");
        var model = TorchModel.Load(
            Folder, on, Enum.Parse<ScalarType>(dtype, ignoreCase: true),
            logProbDtype == "model" ? LogProbDtype.Model : LogProbDtype.Float32, MaxLength, workers: threads);
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
            Dtype = dtype,
            LogprobDtype = logProbDtype == "model" ? dtype : "float32",
            Device = on.ToString(),
            MaxLength = model.MaxLength,
            BatchTokens = batchTokens ?? (isCpu ? 4096 : 16384),
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
