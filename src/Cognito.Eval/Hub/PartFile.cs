using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>A blob that is being fetched: what is there of it, and the hash of that.</summary>
internal sealed class PartFile : IDisposable
{
    private readonly FileStream file;
    private readonly BlobHash hash;
    private readonly long size;

    private PartFile(FileStream file, BlobHash hash, long size) => (this.file, this.hash, this.size) = (file, hash, size);

    /// <summary>Goes on with what an earlier, interrupted fetch left.</summary>
    public static async Task<PartFile> Open(string path, RemoteFile remote, CancellationToken cancel)
    {
        if (RegularFile.Exists(path) && RegularFile.Fault(path) is { } fault)
            throw new InputException($"{path}: {fault}; remove it");
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 1 << 16, useAsync: true);
        var part = new PartFile(file, new BlobHash(remote.Etag, remote.Size), remote.Size);
        try
        {
            if (file.Length > remote.Size)
                part.Restart();
            var bytes = new byte[1 << 20];
            for (int read; (read = await file.ReadAsync(bytes, cancel)) > 0;)
                part.hash.Append(bytes.AsSpan(0, read));
            return part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    /// <summary>Of what is there, in bytes.</summary>
    public long Length => file.Position;

    public bool IsWhole => Length == size;

    /// <exception cref="WrongBytesException">There are more than the blob has.</exception>
    /// <exception cref="InputException">The disk does not take them.</exception>
    public async ValueTask Append(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        if (bytes.Length > size - Length)
            throw new WrongBytesException($"more than {size} bytes came");
        hash.Append(bytes.Span);
        try
        {
            await file.WriteAsync(bytes, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{file.Name}: cannot be written; see that the disk has room, what came is kept", e);
        }
    }

    /// <summary>Throws away what is there.</summary>
    public void Restart()
    {
        file.SetLength(0);
        file.Position = 0;
        hash.Restart();
    }

    /// <exception cref="WrongBytesException">The bytes are not the blob's.</exception>
    public void Check()
    {
        if (!hash.Matches())
            throw new WrongBytesException("their hash is not the one announced");
        file.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
        file.Dispose();
        hash.Dispose();
    }
}

/// <summary>Bytes came that are not the file's; none of them is kept.</summary>
internal sealed class WrongBytesException(string fact) : IOException(fact);
