using System.Buffers.Binary;
using System.IO.Compression;
using Snappier;

namespace Cognito.Eval.Data.Parquet;

/// <summary>Parquet's compression and encodings: bytes in, values out.</summary>
/// <remarks>A span that is too short throws, and the reader of the file says which column was damaged.</remarks>
internal static class ParquetDecoding
{
    /// <summary>The largest page that common writers make is 100 MB; a hostile one may claim any size.</summary>
    private const int LargestPage = 1 << 27;

    /// <summary>Unpacks a page; its length must be what its header says.</summary>
    public static ReadOnlySpan<byte> Decompress(ReadOnlySpan<byte> bytes, long codec, int length)
    {
        if (codec == 0)
            return bytes.Length == length ? bytes : throw new InvalidDataException("a page's size is wrong");
        if (length > LargestPage)
            throw new InvalidDataException("a page claims to be larger than any writer makes them");
        var page = new byte[length];
        var written = codec switch
        {
            _ when length == 0 => 0,
            1 => Unsnappy(bytes, page),
            2 => Unzip(bytes, page),
            6 => Unzstd(bytes, page),
            _ => throw new NotSupportedException($"is compressed by codec {codec}, not by snappy, gzip or zstd"),
        };
        return written == length ? page : throw new InvalidDataException("a page's size is wrong");
    }

    private static int Unsnappy(ReadOnlySpan<byte> bytes, byte[] page)
    {
        // Snappier makes room for what the bytes say of themselves before it looks at how much may be written.
        var at = 0;
        if (Varint(bytes, ref at) != (ulong)page.Length)
            throw new InvalidDataException("a page's size is wrong");
        return Snappy.Decompress(bytes, page);
    }

    private static int Unzip(ReadOnlySpan<byte> bytes, byte[] page)
    {
        using var zip = new GZipStream(new MemoryStream(bytes.ToArray()), CompressionMode.Decompress);
        return zip.ReadAtLeast(page, page.Length, throwOnEndOfStream: false);
    }

    private static int Unzstd(ReadOnlySpan<byte> bytes, byte[] page)
    {
        using var zstd = new ZstdSharp.Decompressor();
        return zstd.Unwrap(bytes, page);
    }

    /// <summary>Runs of one number, or of numbers of a few bits: levels, and places in a dictionary.</summary>
    public static void Hybrid(ReadOnlySpan<byte> source, int width, Span<int> target)
    {
        if (width > 32)
            throw new InvalidDataException($"numbers of {width} bits");
        for (var at = 0; target.Length > 0;)
        {
            var header = Varint(source, ref at);
            var count = (int)Math.Min((header >> 1) * ((header & 1) == 0 ? 1u : 8u), (ulong)target.Length);
            if ((header & 1) == 0)
            {
                var size = (width + 7) / 8;
                target[..count].Fill((int)Bits(source.Slice(at, size), 0, width));
                at += size;
            }
            else
            {
                var run = source[at..];
                for (var i = 0; i < count; i++)
                    target[i] = (int)Bits(run, (long)i * width, width);
                at += (int)Math.Min((header >> 1) * (ulong)width, (ulong)run.Length);
            }
            target = target[count..];
        }
    }

    private static uint Bits(ReadOnlySpan<byte> source, long start, int width)
    {
        ulong bits = 0;
        for (int i = (int)(start >> 3), last = (int)((start + width + 7) >> 3), shift = 0; i < last; i++, shift += 8)
            bits |= (ulong)source[i] << shift;
        return (uint)(bits >> (int)(start & 7) & ((1ul << width) - 1));
    }

    private static ulong Varint(ReadOnlySpan<byte> source, ref int at)
    {
        ulong number = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var part = source[at++];
            number |= (ulong)(part & 127) << shift;
            if (part < 128)
                return number;
        }
        throw new InvalidDataException("a run is too long");
    }

    /// <summary>Values one after the other.</summary>
    public static object[] Plain(ReadOnlySpan<byte> source, ParquetType type, int count)
    {
        var bits = type switch
        {
            ParquetType.Boolean => 1,
            ParquetType.Text or ParquetType.Int32 or ParquetType.UInt32 or ParquetType.Float => 32,
            _ => 64,
        };
        if (count > source.Length * 8L / bits)
            throw new InvalidDataException("a page ends too early");
        var values = new object[count];
        for (int i = 0, at = 0; i < count; i++, at += bits / 8)
            values[i] = type switch
            {
                ParquetType.Boolean => Bits(source, i, 1) == 1,
                ParquetType.Int32 => (long)BinaryPrimitives.ReadInt32LittleEndian(source[at..]),
                ParquetType.UInt32 => (long)BinaryPrimitives.ReadUInt32LittleEndian(source[at..]),
                ParquetType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(source[at..]),
                ParquetType.UInt64 => checked((long)BinaryPrimitives.ReadUInt64LittleEndian(source[at..])),
                ParquetType.Float => (double)BinaryPrimitives.ReadSingleLittleEndian(source[at..]),
                ParquetType.Double => BinaryPrimitives.ReadDoubleLittleEndian(source[at..]),
                _ => Text(source, ref at),
            };
        return values;
    }

    private static string Text(ReadOnlySpan<byte> source, ref int at)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(source[at..]);
        var text = DataFile.Utf8.GetString(source.Slice(at + 4, length));
        at += length;
        return text;
    }
}
