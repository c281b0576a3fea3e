using System.Buffers.Binary;

namespace Cognito.Eval.Tests;

/// <summary>Values that readers trip over, and changes that know nothing of a format.</summary>
internal static class Strange
{
    private static readonly long[] Numbers =
    [
        0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 4096, 65535, 65536, 1 << 20, 1 << 27, 1 << 30, int.MaxValue, 1L << 31,
        uint.MaxValue, 1L << 32, 1L << 40, 1L << 53, (1L << 62) + 1, long.MaxValue, long.MinValue, int.MinValue, -1, -2, -128,
    ];

    private const string Marks = "\0\u007f\u0080\u00ff{}[],:\"\\/-+.0e9 \n";

    public static long Number(Random random) => Numbers[random.Next(Numbers.Length)] + random.Next(-1, 2) * random.Next(2);

    /// <summary>A neighbour of what was there, or anything.</summary>
    public static long Number(Random random, long was) => random.Next(5) switch
    {
        0 => unchecked(was + 1),
        1 => unchecked(was - 1),
        2 => unchecked(was * random.Next(2, 100)),
        3 => was ^ (1L << random.Next(63)),
        _ => Number(random),
    };

    /// <summary>Flipped, set, inserted, cut, doubled, spliced, and a number written over.</summary>
    public static byte[] Bytes(byte[] whole, Random random, byte[]? other = null)
    {
        List<byte> bytes = [.. whole];
        for (var changes = random.Next(2) > 0 ? 1 : random.Next(2, 7); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            var some = Math.Min(random.Next(1, 1 << random.Next(1, 8)), bytes.Count - at);
            switch (random.Next(10))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes[at] = (byte)Marks[random.Next(Marks.Length)]; break;
                case 3: bytes.RemoveRange(at, some); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - some + 1), some)); break;
                case 5: bytes.InsertRange(at, Enumerable.Range(0, some).Select(_ => (byte)random.Next(256))); break;
                case 6 when random.Next(3) == 0: bytes.RemoveRange(at, bytes.Count - at); break;
                case 7 when at + 4 <= bytes.Count: Set(bytes, at, BitConverter.GetBytes((int)Number(random))); break;
                case 8 when at + 8 <= bytes.Count: Set(bytes, at, BitConverter.GetBytes(Number(random))); break;
                case 9 when other is { Length: > 0 }:
                    var from = random.Next(other.Length);
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.AddRange(other[from..]);
                    break;
                default: Set(bytes, at, [.. Enumerable.Repeat(bytes[at], some)]); break;
            }
        }
        return [.. bytes];
    }

    private static void Set(List<byte> bytes, int at, byte[] values)
    {
        for (var i = 0; i < values.Length; i++)
            bytes[at + i] = values[i];
    }

    /// <summary>A safetensors file with another header, whose length is mostly right.</summary>
    public static byte[] WithHeader(byte[] header, ReadOnlySpan<byte> data, Random random)
    {
        var file = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, random.Next(20) == 0 ? Number(random, header.Length) : header.Length);
        header.CopyTo(file, 8);
        data.CopyTo(file.AsSpan(8 + header.Length));
        return file;
    }
}
