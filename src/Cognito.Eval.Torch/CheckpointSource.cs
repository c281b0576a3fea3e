using System.Runtime.ExceptionServices;
using Cognito.Eval.Models;
using Cognito.Eval.Torch.Weights;
using TorchSharp;

namespace Cognito.Eval.Torch;

/// <summary>Loads a checkpoint's weights, a copy on each device, and hashes them once they are loaded.</summary>
internal sealed class CheckpointSource(Checkpoint checkpoint, Placement placement, LocalModelOptions options) : ITokenModelSource
{
    private ITokenModel? _model;
    private Task<ModelFingerprint>? _fingerprint;

    public async Task<ITokenModel> LoadAsync(CancellationToken cancel)
    {
        _model = await Task.Run(Models, cancel);
        // What was read before may be of other files.
        _fingerprint = null;
        return _model;
    }

    public Task<ModelFingerprint> FingerprintAsync(CancellationToken cancel)
    {
        return _fingerprint is null or { IsCompleted: true, IsCompletedSuccessfully: false } ? _fingerprint = Read() : _fingerprint;

        async Task<ModelFingerprint> Read()
        {
            using var weights = WeightFiles.Open(checkpoint.Folder);
            var read = await weights.Read(cancel);
            return new(read.Sha256, read.NotFinite);
        }
    }

    public void Dispose() => _model?.Dispose();

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
        catch (AggregateException e)
        {
            foreach (var load in loads.Where(load => load.IsCompletedSuccessfully))
                load.Result.Dispose();
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
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
