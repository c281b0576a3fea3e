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

    /// <param name="goes">While it is not set, nothing is read.</param>
    public static async Task<WeightsRead> Compute(
        IReadOnlyList<SafetensorsFile> files, ManualResetEventSlim? goes, CancellationToken cancel)
    {
        var (lines, notFinite) = (new ConcurrentDictionary<string, string>(), new ConcurrentBag<string>());
        // In the order of their bytes, one at a time: a disk likes to be read from front to back.
        var inOrder = new ConcurrentQueue<(SafetensorsFile File, TensorEntry Tensor)>(files.SelectMany(f => f.Tensors.Select(t => (f, t))));
        // A device at work needs few cores; a short run would wait for this.
        var threads = Math.Clamp(Environment.ProcessorCount - 2, 1, MostThreads);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // Threads of their own: they stand still for long, and the pool's are wanted meanwhile.
        await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(
            Work, ends.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in lines.Keys.Order(StringComparer.Ordinal))
            all.AppendData(Encoding.UTF8.GetBytes(lines[name]));
        return new(Convert.ToHexStringLower(all.GetHashAndReset()), [.. notFinite.Order(StringComparer.Ordinal)]);

        void Work()
        {
            try
            {
                while (inOrder.TryDequeue(out var next))
                    lines[next.Tensor.Name] = Line(next.File, next.Tensor, notFinite, goes, ends.Token);
            }
            catch
            {
                ends.Cancel();
                throw;
            }
        }
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
        SafetensorsFile file, TensorEntry tensor, ConcurrentBag<string> notFinite, ManualResetEventSlim? goes, CancellationToken cancel) =>
        string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(tensor.Name)}:{tensor.Name} " +
            $"{tensor.DType} [{string.Join(',', tensor.Shape)}] {OfBytes(file, tensor, notFinite, goes, cancel)}\n");

    private static string OfBytes(
        SafetensorsFile file, TensorEntry tensor, ConcurrentBag<string> notFinite, ManualResetEventSlim? goes, CancellationToken cancel)
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
                goes?.Wait(cancel);
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
