using System.Runtime.ExceptionServices;
using Cognito.Eval.Models;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Torch;

/// <summary>Loads a checkpoint's weights, a copy on each device, and hashes them, but not at the same time.</summary>
internal sealed class CheckpointSource(Checkpoint checkpoint, Placement placement, LocalModelOptions options) : ITokenModelSource
{
    private ITokenModel? _model;
    private Task<ModelFingerprint>? _fingerprint;

    public async Task<ITokenModel> LoadAsync(CancellationToken cancel)
    {
        // Two that read as fast as they can would both be late.
        options.HeadStart?.Pause();
        try
        {
            _model = await Task.Run(Models, cancel);
        }
        finally
        {
            options.HeadStart?.GoOn();
        }
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
            var read = (options.HeadStart is { } ahead ? await ahead.WeightsAsync(weights, cancel) : null) ?? await weights.Read(cancel);
            return new(read.Sha256, read.NotFinite);
        }
    }

    public void Dispose() => _model?.Dispose();

    /// <summary>A model; on several devices one each, or one each group of them, loaded side by side, that share the work.</summary>
    private ITokenModel Models()
    {
        var copies = placement.CopiesOf(checkpoint.Config.Layers);
        if (copies.Count == 1)
            return Load(copies[0]);
        Task<TorchModel>[] loads = [.. copies.Select(places => Task.Factory.StartNew(
            () => Load(places), default, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
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
        var pool = Pooled(placement, [.. loads.Select(load => load.Result)]);
        pool.Lost += lost => options.Lost?.Invoke(lost);
        return pool;
    }

    /// <summary>Copies by their devices.</summary>
    public static ModelPool Pooled(Placement placement, IReadOnlyList<TorchModel> models) => new(
        [.. placement.CopiesOf(models[0].Decoder.Config.Layers).Zip(models, (places, model) => new PooledModel(
            string.Join(',', places.Select(place => place.Device)), model)
        {
            RunsAtOnce = placement.RunsAtOnce,
        })]);

    private TorchModel Load(IReadOnlyList<StagePlace> places)
    {
        var model = TorchModel.Load(
            checkpoint.Folder, places, placement.Dtype, options.LogProbs, checkpoint.MaxLength, placement.Workers);
        model.RecordsRouting = options.RecordsRouting;
        return model;
    }
}
