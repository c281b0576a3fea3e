using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>The hash that a blob of the hub is named by: sha256 of a large file, git's sha1 of a small one.</summary>
internal sealed class BlobHash : IDisposable
{
    private const int Sha256Digits = 64, Sha1Digits = 40;
    private readonly IncrementalHash hash;
    private readonly string name;
    private readonly long size;

    /// <param name="name">In lower-case hexadecimal digits.</param>
    /// <param name="size">Of the whole file, which git hashes with it.</param>
    public BlobHash(string name, long size)
    {
        (this.name, this.size) = (name, size);
        hash = IncrementalHash.CreateHash(
            name.Length == Sha256Digits ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        Restart();
    }

    public static bool IsKnown(string name) =>
        name.Length is Sha256Digits or Sha1Digits && name.All(c => c is >= '0' and <= '9' or >= 'a' and <= 'f');

    public void Append(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);

    /// <summary>Forgets what was appended.</summary>
    public void Restart()
    {
        hash.GetHashAndReset();
        if (name.Length == Sha1Digits)
            hash.AppendData(Encoding.ASCII.GetBytes($"blob {size}\0"));
    }

    /// <summary>Whether what was appended is the blob.</summary>
    public bool Matches() => Convert.ToHexStringLower(hash.GetCurrentHash()) == name;

    /// <summary>Whether a file is the blob of that name.</summary>
    /// <exception cref="InputException">It is no file, or cannot be read.</exception>
    public static bool IsBlob(string path, string name)
    {
        using var file = RegularFile.Open(path, FileKind.Blob);
        using var hash = new BlobHash(name, file.Length);
        var part = new byte[1 << 20];
        for (int read; (read = file.Read(part)) > 0;)
            hash.Append(part.AsSpan(0, read));
        return hash.Matches();
    }

    public void Dispose() => hash.Dispose();
}
