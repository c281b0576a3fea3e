using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Cognito.Eval.Files;

namespace Cognito.Eval.Data;

/// <summary>The bytes of a data file, unzipped where its name ends in .gz.</summary>
internal static class DataFile
{
    /// <summary>What a small hostile .gz may not exceed. No dataset here comes near.</summary>
    private static readonly long MostBytes = FileKind.Rows.Most;

    /// <summary>Text shrinks to a tenth; what shrinks to less than a hundredth is made to fill memory.</summary>
    private const int MostUnzippedFromAny = 1 << 24, MostUnzippedFromEach = 128;

    private const int ShortestGzip = 18;

    /// <summary>Refuses what is not UTF-8: a replaced character would make another question.</summary>
    public static UTF8Encoding Utf8 { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="InputException">There is no such file, it cannot be read, or it is too large.</exception>
    public static ReadOnlyMemory<byte> Read(string path)
    {
        if (!path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            return RegularFile.Read(path, FileKind.Rows);
        try
        {
            using var file = RegularFile.Open(path, FileKind.Rows);
            return Unzip(path, file);
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"{path}: not a whole gzip file ({Fact.Of(e)}); download it again", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: it cannot be read ({Fact.Of(e)}); is it yours?", e);
        }
    }

    private static ReadOnlyMemory<byte> Unzip(string path, FileStream file)
    {
        var most = Math.Min(MostBytes, MostUnzippedFromAny + MostUnzippedFromEach * file.Length);
        using var zip = new GZipStream(file, CompressionMode.Decompress);
        using var whole = new MemoryStream();
        var part = new byte[1 << 16];
        for (int read; (read = zip.Read(part)) > 0; whole.Write(part, 0, read))
            if (whole.Length + read > most)
                throw TooLarge(path, most);
        // GZipStream takes a file that breaks off for one that ends; its last four bytes are the length of the whole.
        if (file.Length < ShortestGzip)
            throw new InvalidDataException("it breaks off");
        var length = new byte[4];
        file.Seek(-4, SeekOrigin.End);
        file.ReadExactly(length);
        if (BinaryPrimitives.ReadUInt32LittleEndian(length) != whole.Length)
            throw new InvalidDataException("it breaks off, or was joined from several");
        return whole.GetBuffer().AsMemory(0, (int)whole.Length);
    }

    private static InputException TooLarge(string path, long most) =>
        new($"{path}: holds more than {most >> 20} MiB, no split of these datasets does; is it the right file?");
}
