using System.Reflection;
using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Cli;

/// <summary>A checkpoint's folder, read but for its weights.</summary>
internal sealed record Checkpoint(string Folder, ModelConfig Config, CheckpointTokenizer Tokenizer, int MaxLength)
{
    /// <summary>The folder's, or the repository's where it came from the hub.</summary>
    public string Name { get; init; } = Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder));

    /// <summary>Ids that end a generated answer: the checkpoint's own, else the tokenizer's.</summary>
    public IReadOnlyList<int> EndIds => Config.EndIds.Count > 0 ? Config.EndIds : [Tokenizer.EndId];

    public static Checkpoint Open(string folder, int? maxLength) =>
        Create(folder, ModelConfig.Read(folder), CheckpointTokenizer.Open(folder), maxLength);

    public static Checkpoint Create(string folder, ModelConfig config, CheckpointTokenizer tokenizer, int? maxLength) =>
        new(folder, config, tokenizer, maxLength ?? config.MaxLength);

    /// <summary>What the weights' headers tell: all that the model needs is there, and what it does not need is named.</summary>
    public UnusedTensors Unused()
    {
        using var weights = WeightFiles.Open(Folder);
        return UnusedTensors.Find(Config, weights);
    }

    public Planner Planner(Budget budget) =>
        new(Tokenizer.Tokenizer, Protocol.LeaderboardV1, MaxLength, budget, Tokenizer.EndId)
        {
            ModelVocabulary = Config.VocabularySize,
        };

    /// <summary>Makes the plans of all that is asked, in the background.</summary>
    public PreparedQuestions Prepare(IReadOnlyList<Questions> asked, Budget budget) => new(asked, Planner(budget));

    public Scorer Scorer(ITokenModel model, Budget budget, AnswerJournal? journal = null) => new(
        Tokenizer.Tokenizer, model, Protocol.LeaderboardV1, EndIds, Tokenizer.EndText, budget, Tokenizer.EndId)
    {
        Journal = journal,
    };

    /// <param name="lost">Told of a device that fails while others go on.</param>
    public LoadedCheckpoint Load(
        Placement placement, string logProbDtype, bool routing, Action<LostModel> lost, CancellationToken cancel)
    {
        var model = Models(placement, logProbDtype == "model" ? LogProbDtype.Model : LogProbDtype.Float32, routing, lost);
        var weights = WeightFiles.Open(Folder);
        return new(model, weights, weights.Read(cancel));
    }

    /// <summary>What is known before the weights are read.</summary>
    public Provenance Provenance(Placement placement, string logProbDtype)
    {
        var versions = NativeTorch.Version;
        return new()
        {
            Model = Name,
            Architecture = Config.Architecture,
            TokenizerSha256 = Tokenizer.Sha256,
            TokenizerNote = Tokenizer.Note,
            Protocol = Protocol.LeaderboardV1.Name,
            Reference = Protocol.LeaderboardV1.Reference,
            AddBos = false,
            Dtype = placement.DtypeName,
            LogprobDtype = logProbDtype == "model" ? placement.DtypeName : "float32",
            Device = placement.Kind,
            MaxLength = MaxLength,
            Exact = !placement.Budget.Shares,
            Versions = new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["cognito-eval"] = typeof(Checkpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
                    .InformationalVersion.Split('+')[0],
                ["TorchSharp"] = versions.TorchSharp,
                ["libtorch"] = versions.LibTorch ?? "unknown",
            },
        };
    }

    /// <summary>A model; on several devices one each, loaded side by side, that share the work.</summary>
    private ITokenModel Models(Placement placement, LogProbDtype logProbs, bool routing, Action<LostModel> lost)
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

        TorchModel Load(TorchSharp.torch.Device device)
        {
            var model = TorchModel.Load(Folder, device, placement.Dtype, logProbs, MaxLength, placement.Workers);
            model.RecordsRouting = routing;
            return model;
        }
    }
}

/// <summary>A checkpoint's model, ready to answer; the hash of its weights is computed meanwhile.</summary>
internal sealed record LoadedCheckpoint(ITokenModel Model, WeightFiles Weights, Task<WeightsRead> Read) : IDisposable
{
    /// <summary>The weights' identity, once all are read.</summary>
    public async Task<string> WeightsSha256() => (await Read).Sha256;

    public void Dispose()
    {
        Model.Dispose();
        // The hash reads the files, which must outlive it.
        Read.ContinueWith(_ => Weights.Dispose(), TaskScheduler.Default);
    }
}
