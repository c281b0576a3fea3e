using Cognito.Eval.Models;
using Cognito.Eval.Torch.Weights;
using TorchSharp;

namespace Cognito.Eval.Torch;

/// <summary>Loads a checkpoint's weights, a copy on each device, and hashes them once they are loaded.</summary>
internal sealed class CheckpointSource(Checkpoint checkpoint, Placement placement, LocalModelOptions options) : ITokenModelSource
{
    private WeightFiles? _weights;
    private Task<ModelFingerprint>? _fingerprint;

    public Task<ITokenModel> LoadAsync(CancellationToken cancel) => Task.FromResult(Models());

    public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel)
    {
        return _fingerprint ??= Read();

        async Task<ModelFingerprint> Read()
        {
            _weights = WeightFiles.Open(checkpoint.Folder);
            var read = await _weights.Read(cancel);
            return new(read.Sha256, read.NotFinite);
        }
    }

    public void Dispose() =>
        // The hash reads the files, which must outlive it.
        _fingerprint?.ContinueWith(_ => _weights?.Dispose(), TaskScheduler.Default);

    /// <summary>A model; on several devices one each, loaded side by side, that share the work.</summary>
    private ITokenModel Models()
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
        pool.Lost += lost => options.Lost?.Invoke(lost);
        return pool;
    }

    private TorchModel Load(torch.Device device)
    {
        var model = TorchModel.Load(
            checkpoint.Folder, device, placement.Dtype, options.LogProbs, checkpoint.MaxLength, placement.Workers);
        model.RecordsRouting = options.RecordsRouting;
        return model;
    }
}
