using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>Buffers that bytes pass through on their way from files to a device.</summary>
/// <param name="Bytes">Of one buffer; a multiple of 8, the largest element's.</param>
/// <param name="Threads">That fill them.</param>
/// <param name="Pinned">Locked in memory, from where a CUDA device fetches by itself and several times as fast.</param>
internal sealed record Staging(int Buffers, int Bytes, int Threads, bool Pinned)
{
    /// <summary>As much as keeps a device busy, and no more: locking memory takes time too.</summary>
    public static Staging ForCuda { get; } = Of(Math.Clamp(Environment.ProcessorCount, 4, 16));

    private static Staging Of(int threads) => new(2 * threads, 4 << 20, threads, Pinned: true);
}

/// <summary>A checkpoint's weights, read by many threads and streamed to the device through staging buffers.</summary>
/// <remarks>
/// What goes to the device begins on the caller's thread. Nothing is mapped: reads are faster than page faults, and a disk's
/// error is an exception. Bytes go as they are; where the decoder's type is another, the device converts.
/// </remarks>
internal sealed class StagedWeights(WeightFiles files, Device device, Staging staging) : WeightSource
{
    private readonly List<Copy> _copies = [];

    public override void Check(string name, long[] shape) => files.FloatingPoint(name, shape);

    public override void Fill(string name, Tensor place)
    {
        var (file, entry) = files.FloatingPoint(name, place.shape);
        _copies.Add(new(file, entry, place.view(-1).DetachFromDisposeScope()));
    }

    public override void Finish()
    {
        // One type is the rule; buffers of the next take the memory of the last.
        foreach (var type in _copies.GroupBy(c => MappedTensor.TypeOf(c.Entry.DType)))
            Stream(type.Key, Pieces(type));
        Forget();
    }

    public override void Dispose() => Forget();

    private void Forget()
    {
        _copies.ForEach(c => c.Place.Dispose());
        _copies.Clear();
    }

    /// <summary>The files side by side, each from front to back.</summary>
    private List<Piece> Pieces(IEnumerable<Copy> copies) =>
        [.. copies.GroupBy(c => c.File)
            .SelectMany(file => file.OrderBy(c => c.Entry.Offset).SelectMany(Cut).Index())
            .OrderBy(p => p.Index).Select(p => p.Item)];

    private IEnumerable<Piece> Cut(Copy copy)
    {
        for (long at = 0; at < copy.Entry.Length; at += staging.Bytes)
            yield return new(copy, at, (int)Math.Min(staging.Bytes, copy.Entry.Length - at));
    }

    private void Stream(ScalarType type, List<Piece> pieces)
    {
        var buffers = new Tensor?[staging.Buffers];
        var addresses = new nint[staging.Buffers];
        try
        {
            ReadAhead.Run(pieces.Count, buffers.Length, staging.Threads,
                buffer => addresses[buffer] = AddressOf(buffers[buffer] = Buffer(type)),
                (piece, buffer) => Read(pieces[piece], addresses[buffer]),
                (piece, buffer) => Send(pieces[piece], buffers[buffer]!),
                () => Ceiling.Settle(device));
        }
        finally
        {
            foreach (var buffer in buffers)
                buffer?.Dispose();
        }
    }

    private Tensor Buffer(ScalarType type)
    {
        var plain = empty(staging.Bytes / type.ElementSize(), type);
        if (!staging.Pinned)
            return plain;
        using (plain)
            return plain.pin_memory();
    }

    private static unsafe nint AddressOf(Tensor buffer) =>
        (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(buffer.bytes));

    private static unsafe void Read(Piece piece, nint buffer) =>
        piece.Copy.File.Read(new((void*)buffer, piece.Bytes), piece.Copy.Entry.Offset + piece.At);

    private void Send(Piece piece, Tensor buffer)
    {
        using var scope = NewDisposeScope();
        var size = buffer.dtype.ElementSize();
        var full = buffer.narrow(0, 0, piece.Bytes / size);
        var place = piece.Copy.Place.narrow(0, piece.At / size, piece.Bytes / size);
        if (place.dtype == buffer.dtype)
            place.copy_(full, nonBlocking: true);
        else
            place.copy_(empty(full.shape, full.dtype, device).copy_(full, nonBlocking: true));
    }

    private sealed record Copy(SafetensorsFile File, TensorEntry Entry, Tensor Place);

    /// <param name="At">Its first byte within the tensor.</param>
    private readonly record struct Piece(Copy Copy, long At, int Bytes);
}
