using Cognito.Eval.Torch.Native;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Torch;

/// <summary>
/// What a run will need, begun while it still reads small files: libtorch is loaded, and the weights are read for their identity.
/// </summary>
/// <remarks>Whatever fails here is left to those who need it: they do it again, and report it.</remarks>
internal sealed class HeadStart : IDisposable
{
    private readonly CancellationTokenSource _unwanted = new();
    private readonly ManualResetEventSlim _goes = new(true);
    private readonly Task _libtorch;
    private readonly Task<(string Look, WeightsRead Read)> _weights;
    private volatile bool _hasEnded;

    private HeadStart(string folder, string? libtorch)
    {
        _libtorch = Task.Factory.StartNew(
            () => NativeTorch.LoadAhead(libtorch), default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _weights = Task.Run(() => ReadAsync(folder));
    }

    /// <param name="folder">The checkpoint's.</param>
    /// <param name="libtorch">As <see cref="LocalModelOptions.LibTorch"/>.</param>
    public static HeadStart Begin(string folder, string? libtorch) => new(folder, libtorch);

    /// <summary>Leaves the processors and the disk to others.</summary>
    public void Pause() => _goes.Reset();

    public void GoOn() => _goes.Set();

    /// <summary>What was read of the weights, waited for; null where it failed, or was of other files than these.</summary>
    public async Task<WeightsRead?> WeightsAsync(WeightFiles weights, CancellationToken cancel)
    {
        await ((Task)_weights).WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        // Who asks then does not wait for the answer any more, and is not to read it all again.
        ObjectDisposedException.ThrowIf(_hasEnded, this);
        return _weights.IsCompletedSuccessfully && await _weights is var (look, read) && look == weights.Look() ? read : null;
    }

    public void Dispose()
    {
        _hasEnded = true;
        _unwanted.Cancel();
        try
        {
            Task.WaitAll(_libtorch, _weights);
        }
        catch (AggregateException)
        {
            // Nobody needs it any more.
        }
        _goes.Dispose();
        _unwanted.Dispose();
    }

    private async Task<(string Look, WeightsRead Read)> ReadAsync(string folder)
    {
        using var weights = WeightFiles.Open(folder);
        return (weights.Look(), await weights.Read(_goes, _unwanted.Token));
    }
}
