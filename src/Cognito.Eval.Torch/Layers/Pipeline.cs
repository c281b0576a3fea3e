using System.Diagnostics;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>A decoder's stages, each on its own device, that batches go through one after the other.</summary>
/// <remarks>
/// A batch is one thread's work from its first stage to its last. A stage lets in so many at a time, in the order in which they come,
/// so that with several batches in flight all stages are at work. A thread leaves a card's stage once all is given to the card: the
/// next batch's work lies there before the card is done with this one's. The thread waits for the card outside of the stage, has what
/// it made carried to the next card beside what both compute, and goes on there.
/// </remarks>
/// <param name="atOnce">Batches at a time in each stage, one thread each; on a card one is given at a time.</param>
internal sealed class Pipeline(IReadOnlyList<DecoderStage> stages, int atOnce) : IDisposable
{
    private readonly StageGate[] _gates = [.. stages.Select(_ => new StageGate(atOnce))];
    private readonly CudaClock?[] _clocks = [.. stages.Select(stage => CudaClock.TryCreate(stage.Device))];
    private readonly PeerLink?[] _links = [.. stages.Zip(stages.Skip(1), (from, to) => PeerLink.TryCreate(from.Device, to.Device))];
    private readonly long[] _busy = new long[stages.Count]; // microseconds

    /// <summary>
    /// How many scored batches keep all stages at work: one in each and, on cards, which are given work ahead, one before each.
    /// </summary>
    public int InFlight => IsCuda ? 2 * stages.Count : Groups;

    /// <summary>
    /// How many batches generate side by side, each a step a turn: one in each stage and one on its way. More would have less room
    /// for their keys and values, and the weights be read for fewer rows at a time.
    /// </summary>
    public int Groups => GroupsOf(stages.Count, atOnce);

    public static int GroupsOf(int stages, int atOnce) => atOnce * (stages + 1);

    /// <summary>
    /// Seconds so far in which each stage's device did a batch's work: by the card's own clock from the first of a batch's kernels to
    /// the end of its last; on the CPU by the threads' time within the stage, on the mean of those it lets in.
    /// </summary>
    public IReadOnlyList<double> BusySeconds => [.. stages.Select((_, s) => Interlocked.Read(ref _busy[s]) / 1e6 / (IsCuda ? 1 : atOnce))];

    private bool IsCuda => stages[0].Device.type == DeviceType.CUDA;

    /// <summary>A batch through all stages.</summary>
    /// <param name="run">From a stage and what the one before made, null for the first, to what it makes.</param>
    /// <param name="finish">What is made of the last one's, on its device, which belongs to no dispose scope.</param>
    /// <param name="routing">Router logits, which end up on the last device.</param>
    public T Through<T>(
        Func<DecoderStage, Tensor?, Tensor> run, Func<DecoderStage, Tensor, T> finish, List<Tensor>? routing, CancellationToken cancel)
    {
        StageInput? input = null;
        try
        {
            for (var s = 0; s < stages.Count - 1; s++)
            {
                var made = Turn(s, cancel, () =>
                {
                    var before = routing?.Count ?? 0;
                    var stream = run(stages[s], input?.Stream).DetachFromDisposeScope();
                    for (var r = before; r < routing?.Count; r++)
                        routing[r] = Moved(routing[r], ToHost);
                    return stream;
                });
                var next = Carry(s, made);
                input?.Release();
                input = next;
            }
            var found = Turn(stages.Count - 1, cancel, () =>
            {
                for (var r = 0; r < routing?.Count; r++)
                    routing[r] = Moved(routing[r], logits => logits.to(logits.dtype, stages[^1].Device, non_blocking: true));
                return finish(stages[^1], run(stages[^1], input!.Stream));
            });
            input!.Release();
            input = null;
            return found;
        }
        finally
        {
            input?.Drop();
        }
    }

    /// <summary>On its way to the host, where it is once the stage's work is done; on the CPU it is there.</summary>
    public static Tensor ToHost(Tensor x) => x.device_type == DeviceType.CUDA ? x.to(x.dtype, CPU, non_blocking: true) : x;

    public void Dispose() => Array.ForEach(_links, link => link?.Dispose());

    /// <summary>Does work on a stage's device, in its turn; returns when the device has done it.</summary>
    private T Turn<T>(int stage, CancellationToken cancel, Func<T> work)
    {
        var device = stages[stage].Device;
        T made;
        _gates[stage].Enter(cancel);
        var clock = Stopwatch.StartNew();
        CudaClock.Span? span = null;
        try
        {
            span = _clocks[stage]?.Begin();
            made = DeviceMemory.Within(device, () =>
            {
                using var mode = inference_mode();
                using var scope = NewDisposeScope();
                return work();
            });
            span?.End();
        }
        catch
        {
            span?.Dispose();
            throw;
        }
        finally
        {
            clock.Stop();
            _gates[stage].Leave();
        }
        using (span)
        {
            if (span is null)
                DeviceWork.Settle(device);
            Interlocked.Add(ref _busy[stage], (long)(1e6 * (span?.Wait() ?? clock.Elapsed.TotalSeconds)));
        }
        return made;
    }

    /// <summary>What a stage made, on the next one's device.</summary>
    private StageInput Carry(int from, Tensor made)
    {
        if (stages[from].Device.ToString() == stages[from + 1].Device.ToString())
            return new(made);
        using (made)
            return _links[from] is { } link ? link.Carry(made)
                : new(made.to(made.dtype, stages[from + 1].Device).DetachFromDisposeScope());
    }

    private static Tensor Moved(Tensor logits, Func<Tensor, Tensor> move)
    {
        var there = move(logits);
        if (ReferenceEquals(there, logits))
            return logits;
        logits.Dispose();
        return there.DetachFromDisposeScope();
    }
}
