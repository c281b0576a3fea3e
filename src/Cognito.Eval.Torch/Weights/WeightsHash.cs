using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Weights;

/// <summary>
/// The identity of a checkpoint's weights: SHA-256 over one line a tensor, in the ordinal order of their names,
/// "LENGTH:NAME DTYPE [D0,D1] SHA256-OF-BYTES". LENGTH, of the name in UTF-8, makes the lines unambiguous.
/// </summary>
internal static class WeightsHash
{
    private const int BufferSize = 1 << 20, MostThreads = 32, Pages = 64, PageSize = 4096;

    public static WeightsRead Compute(IReadOnlyList<SafetensorsFile> files, CancellationToken cancel)
    {
        var (lines, notFinite) = (new ConcurrentDictionary<string, string>(), new ConcurrentBag<string>());
        // In the order of their bytes, one at a time: a disk likes to be read from front to back.
        var inOrder = Partitioner.Create(files.SelectMany(f => f.Tensors.Select(t => (f, t))),
            EnumerablePartitionerOptions.NoBuffering);
        // Loading is over by then, and a device at work needs few cores; a short run would wait for this.
        var threads = Math.Clamp(Environment.ProcessorCount - 2, 1, MostThreads);
        try
        {
            Parallel.ForEach(inOrder, new() { MaxDegreeOfParallelism = threads, CancellationToken = cancel },
                pair => lines[pair.t.Name] = Line(pair.f, pair.t, notFinite, cancel));
        }
        catch (AggregateException e) when (e.InnerException is InputException)
        {
            throw e.InnerException;
        }
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in lines.Keys.Order(StringComparer.Ordinal))
            all.AppendData(Encoding.UTF8.GetBytes(lines[name]));
        return new(Convert.ToHexStringLower(all.GetHashAndReset()), [.. notFinite.Order(StringComparer.Ordinal)]);
    }

    public static string Fingerprint(IReadOnlyList<SafetensorsFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            var (length, header) = (file.Length, file.Tensors.Count == 0 ? 0 : file.Tensors[0].Offset);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(file.Path)} {length}\n"));
            Add(hash, file, 0, header);
            for (var page = 0L; page < Pages; page++)
            {
                var from = header + (length - header) * page / Pages;
                Add(hash, file, from, Math.Min(length, from + PageSize));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, SafetensorsFile file, long from, long to)
    {
        var bytes = new byte[to - from];
        file.Read(bytes, from);
        hash.AppendData(bytes);
    }

    private static string Line(
        SafetensorsFile file, TensorEntry tensor, ConcurrentBag<string> notFinite, CancellationToken cancel) =>
        string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(tensor.Name)}:{tensor.Name} " +
            $"{tensor.DType} [{string.Join(',', tensor.Shape)}] {OfBytes(file, tensor, notFinite, cancel)}\n");

    private static string OfBytes(
        SafetensorsFile file, TensorEntry tensor, ConcurrentBag<string> notFinite, CancellationToken cancel)
    {
        var areFinite = true;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            // A buffer of 2^k bytes holds whole numbers.
            for (long done = 0; done < tensor.Length;)
            {
                cancel.ThrowIfCancellationRequested();
                var part = buffer.AsSpan(0, (int)Math.Min(BufferSize, tensor.Length - done));
                file.Read(part, tensor.Offset + done);
                hash.AppendData(part);
                areFinite = areFinite && Finite.All(tensor.DType, part);
                done += part.Length;
            }
            if (!areFinite)
                notFinite.Add(tensor.Name);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
