using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Native;

/// <summary>Carries tensors from one card to another while both go on computing.</summary>
/// <remarks>
/// libtorch's own copy makes either card's stream wait for the other's, and cards that take turns would go in step. Here a stream
/// beside theirs copies what is complete into a buffer that nobody uses, and the host waits for it. A buffer goes round: what comes
/// anew from libtorch's allocator may still be in use by work that its stream has not done.
/// </remarks>
internal sealed unsafe partial class PeerLink : IDisposable
{
    private const uint NonBlocking = 1;

    private readonly Device _from, _to;
    private readonly nint _fromContext, _toContext, _stream;
    private readonly List<Tensor> _free = []; // flat

    private PeerLink(Device from, Device to, nint fromContext, nint toContext, nint stream) =>
        (_from, _to, _fromContext, _toContext, _stream) = (from, to, fromContext, toContext, stream);

    /// <summary>Null where there is nothing to carry, or the driver cannot be reached.</summary>
    public static PeerLink? TryCreate(Device from, Device to)
    {
        nint source, target, stream;
        if (from.type != DeviceType.CUDA || to.type != DeviceType.CUDA || from.index == to.index
            || !NativeTorch.TryLoad(CudaModule.Library)
            || CudaModule.PrimaryContext(&source, Math.Max(from.index, 0)) != 0
            || CudaModule.PrimaryContext(&target, Math.Max(to.index, 0)) != 0)
            return null;
        // Where cards cannot reach one another, or do already, the driver says so, and copies all the same.
        Allow(target, source);
        Allow(source, target);
        CudaModule.Push(source);
        var code = CreateStream(&stream, NonBlocking);
        CudaModule.Pop(out _);
        return code == 0 ? new(from, to, source, target, stream) : null;
    }

    /// <summary>What was carried, on the other card.</summary>
    /// <param name="x">Contiguous, and complete on its card.</param>
    /// <exception cref="InsufficientMemoryException">The other card has no room for it.</exception>
    public StageInput Carry(Tensor x)
    {
        var (count, bytes) = (x.numel(), x.numel() * x.dtype.ElementSize());
        var buffer = DeviceMemory.Within(_to, () => Free(count, x.dtype));
        try
        {
            CudaModule.Push(_fromContext);
            var code = Copy(CudaModule.Pointer(buffer), _toContext, CudaModule.Pointer(x), _fromContext, (nuint)bytes, _stream);
            if (code == 0)
                code = Synchronize(_stream);
            CudaModule.Pop(out _);
            if (code != 0)
                throw new ExternalException($"CUDA could not copy from {_from} to {_to} (error {code})");
            using var own = buffer.narrow(0, 0, count);
            return new(own.view(x.shape).DetachFromDisposeScope(), this, buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        lock (_free)
        {
            _free.ForEach(buffer => buffer.Dispose());
            _free.Clear();
        }
        CudaModule.Push(_fromContext);
        DestroyStream(_stream);
        CudaModule.Pop(out _);
    }

    /// <summary>A buffer that nobody uses any more.</summary>
    internal void Return(Tensor buffer)
    {
        lock (_free)
            _free.Add(buffer);
    }

    /// <summary>The smallest buffer that holds so many numbers; one that is too small gives way to a new one.</summary>
    private Tensor Free(long count, ScalarType dtype)
    {
        lock (_free)
        {
            if (_free.Where(buffer => buffer.shape[0] >= count).MinBy(buffer => buffer.shape[0]) is { } found)
            {
                _free.Remove(found);
                return found;
            }
            if (_free.MaxBy(buffer => buffer.shape[0]) is { } small)
            {
                _free.Remove(small);
                small.Dispose();
            }
        }
        using var mode = inference_mode();
        var made = empty((long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)Math.Max(count, 1 << 16)), dtype, _to)
            .DetachFromDisposeScope();
        // Its memory may have been another tensor's that the card still works on.
        DeviceWork.Settle(_to);
        return made;
    }

    private static void Allow(nint context, nint other)
    {
        CudaModule.Push(context);
        EnablePeerAccess(other, 0);
        CudaModule.Pop(out _);
    }

    [LibraryImport(CudaModule.Library, EntryPoint = "cuCtxEnablePeerAccess")]
    private static partial int EnablePeerAccess(nint context, uint flags);

    [LibraryImport(CudaModule.Library, EntryPoint = "cuStreamCreate")]
    private static partial int CreateStream(nint* stream, uint flags);

    [LibraryImport(CudaModule.Library, EntryPoint = "cuMemcpyPeerAsync")]
    private static partial int Copy(nint target, nint targetContext, nint source, nint sourceContext, nuint bytes, nint stream);

    [LibraryImport(CudaModule.Library, EntryPoint = "cuStreamSynchronize")]
    private static partial int Synchronize(nint stream);

    [LibraryImport(CudaModule.Library, EntryPoint = "cuStreamDestroy_v2")]
    private static partial int DestroyStream(nint stream);
}

/// <summary>A stage's input: what the stage before made, on this stage's device.</summary>
internal sealed class StageInput(Tensor stream, PeerLink? link = null, Tensor? buffer = null)
{
    public Tensor Stream => stream;

    /// <summary>The device has done all that was given to it on this.</summary>
    public void Release()
    {
        stream.Dispose();
        if (buffer is not null)
            link!.Return(buffer);
    }

    /// <summary>The device may still be at work on it: its memory goes to the allocator, which knows.</summary>
    public void Drop()
    {
        stream.Dispose();
        buffer?.Dispose();
    }
}
