using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Weights;

/// <summary>Buffers that bytes pass through on their way from files to a device.</summary>
/// <param name="Bytes">Of one buffer; a multiple of 8, the largest element's.</param>
/// <param name="Threads">That fill them.</param>
/// <param name="Pinned">Locked in memory, from where a CUDA device fetches by itself and several times as fast.</param>
internal sealed record Staging(int Buffers, int Bytes, int Threads, bool Pinned)
{
    /// <summary>As much as keeps a device busy, and no more: locking memory takes time too.</summary>
    public static Staging ForCuda { get; } = Of(Math.Clamp(Environment.ProcessorCount, 4, 16));

    private static Staging Of(int threads) => new(2 * threads, 2 << 20, threads, Pinned: true);
}

/// <summary>A checkpoint's weights, read by many threads and streamed to the device through staging buffers.</summary>
/// <remarks>
/// Reading begins with the first place and goes on while memory for others is found. Nothing is mapped: reads are faster
/// than page faults, and a disk's error is an exception. Bytes go as they are; where the decoder's type is another, the
/// device converts.
/// </remarks>
internal sealed class StagedWeights(TensorPlaces places, Device device, Staging staging) : WeightSource
{
    private readonly PieceQueue _pieces = new();
    private readonly Tensor?[] _buffers = new Tensor?[staging.Buffers];
    private readonly nint[] _addresses = new nint[staging.Buffers];
    private readonly Lock _locking = new();
    private readonly List<Tensor> _places = [];
    private Task? _stream;
    private CudaEvents? _events;

    public override void Check(string name, long[] shape) => places.Find(name, shape);

    public override void Fill(string name, Tensor place)
    {
        var (file, entry) = places.Find(name, place.shape);
        var flat = place.view(-1).DetachFromDisposeScope();
        _places.Add(flat);
        _pieces.Add(Cut(file, entry, flat));
        _stream ??= Task.Factory.StartNew(Stream, TaskCreationOptions.LongRunning);
    }

    public override void Finish()
    {
        _pieces.End();
        _stream?.GetAwaiter().GetResult();
    }

    public override void Dispose()
    {
        _pieces.End(drop: true);
        if (_stream is not null)
            Task.WaitAny(_stream);
        _places.ForEach(place => place.Dispose());
        _places.Clear();
    }

    private IEnumerable<Piece> Cut(SafetensorsFile file, TensorEntry entry, Tensor place)
    {
        for (long at = 0; at < entry.Length; at += staging.Bytes)
            yield return new(file, entry, place, at, (int)Math.Min(staging.Bytes, entry.Length - at));
    }

    private void Stream()
    {
        using var mode = inference_mode();
        try
        {
            _events = device.type == DeviceType.CUDA ? CudaEvents.TryCreate(device.index, staging.Buffers) : null;
            ReadAhead.Run<Piece>(_pieces.Take, staging.Buffers, staging.Threads, Read, Send, Settle);
            DeviceWork.Settle(device);
        }
        finally
        {
            _events?.Dispose();
            foreach (var buffer in _buffers)
                buffer?.Dispose();
        }
    }

    private unsafe void Read(Piece piece, int buffer)
    {
        var type = MappedTensor.TypeOf(piece.Entry.DType);
        // One type is the rule; another's buffer takes the memory of the last.
        if (_buffers[buffer]?.dtype != type)
            Make(buffer, type);
        piece.File.Read(new((void*)_addresses[buffer], piece.Bytes), piece.Entry.Offset + piece.At);
    }

    private unsafe void Make(int buffer, ScalarType type)
    {
        _buffers[buffer]?.Dispose();
        var made = empty(staging.Bytes / type.ElementSize(), type);
        if (staging.Pinned)
            using (made)
                lock (_locking)
                    _buffers[buffer] = made.pin_memory();
        else
            _buffers[buffer] = made;
        _addresses[buffer] = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(_buffers[buffer]!.bytes));
    }

    private void Send(Piece piece, int index)
    {
        using var scope = NewDisposeScope();
        var buffer = _buffers[index]!;
        var size = buffer.dtype.ElementSize();
        var full = buffer.narrow(0, 0, piece.Bytes / size);
        var place = piece.Place.narrow(0, piece.At / size, piece.Bytes / size);
        if (place.dtype == buffer.dtype)
            place.copy_(full, nonBlocking: true);
        else
            place.copy_(empty(full.shape, full.dtype, device).copy_(full, nonBlocking: true));
        _events?.Record(index);
    }

    private void Settle(int buffer)
    {
        if (_events is null)
            DeviceWork.Settle(device);
        else
            _events.Wait(buffer);
    }
}
