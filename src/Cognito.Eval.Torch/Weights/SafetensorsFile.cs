using System.IO.MemoryMappedFiles;
using Cognito.Eval.Files;
using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Cognito.Eval.Torch.Weights;

/// <summary>An open safetensors file: its tensors' names, types and shapes, and their bytes.</summary>
/// <remarks>
/// Needs no libtorch until a tensor is asked for. Tensors look into a map of the file, which lasts until the file and
/// the last of them are disposed, in any order. The map is read-only: never write into such a tensor.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly Lazy<SafeMemoryMappedViewHandle> _map;

    private SafetensorsFile(string path, SafeFileHandle file)
    {
        (Path, _file) = (path, file);
        Tensors = SafetensorsHeader.Read(file, path);
        _map = new(Map);
    }

    public string Path { get; }

    /// <summary>In the order of their bytes.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>Reads and checks the header.</summary>
    /// <param name="kind">What it holds; null means weights.</param>
    public static SafetensorsFile Open(string path, FileKind? kind = null)
    {
        SafeFileHandle? file = null;
        try
        {
            file = RegularFile.OpenHandle(path, kind ?? FileKind.Weights);
            return new(path, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            file?.Dispose();
            throw Unreadable(path, e);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>Of the open file, whatever its path has come to name.</summary>
    public long Length => RandomAccess.GetLength(_file);

    public DateTime LastWrite => File.GetLastWriteTimeUtc(_file);

    /// <summary>A CPU tensor over the file's own bytes; the caller, or a dispose scope, disposes it.</summary>
    public torch.Tensor Tensor(TensorEntry entry) => MappedTensor.Over(_map.Value, entry);

    public void Dispose()
    {
        if (_map.IsValueCreated)
            _map.Value.Dispose();
        _file.Dispose();
    }

    /// <summary>Fills the buffer from the file, by reading: many threads may do so at once.</summary>
    internal void Read(Span<byte> buffer, long offset)
    {
        while (buffer.Length > 0)
        {
            int read;
            try
            {
                read = RandomAccess.Read(_file, buffer, offset);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unreadable(Path, e);
            }
            if (read == 0)
                throw Shrunk();
            buffer = buffer[read..];
            offset += read;
        }
    }

    private SafeMemoryMappedViewHandle Map()
    {
        // The view holds the map by itself.
        using var map = MemoryMappedFile.CreateFromFile(_file, null, 0, MemoryMappedFileAccess.Read,
            HandleInheritability.None, leaveOpen: true);
        var view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read).SafeMemoryMappedViewHandle;
        var end = Tensors.Count == 0 ? 0 : Tensors[^1].Offset + Tensors[^1].Length;
        return view.ByteLength >= (ulong)end ? view : throw Shrunk();
    }

    private static InputException Unreadable(string path, Exception e) =>
        new($"{path}: it cannot be read ({Fact.Of(e)}); check the path and its rights", e);

    private InputException Shrunk() =>
        new($"{Path}: it became shorter while it was read; leave the checkpoint alone meanwhile");
}
