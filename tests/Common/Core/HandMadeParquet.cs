using System.Text;

namespace Cognito.Eval.Tests;

/// <summary>Parquet files written byte by byte, as no honest writer would, or does any more.</summary>
internal static class HandMadeParquet
{
    /// <summary>One row group; the pages lie after each other, then the footer.</summary>
    public static byte[] File(object[] schema, long rows, params (byte[] Pages, long Type, long Values)[] columns)
    {
        var file = new List<byte>("PAR1"u8.ToArray());
        var chunks = new List<object>();
        foreach (var (pages, type, values) in columns)
        {
            chunks.Add(Struct((3, Struct((1, type), (4, 0L), (5, values), (7, (long)pages.Length), (9, (long)file.Count)))));
            file.AddRange(pages);
        }
        var group = Struct((1, chunks.ToArray()), (3, rows));
        return WithFooter([.. file], Struct((2, schema), (3, rows), (4, new object[] { group })));
    }

    public static byte[] WithFooter(byte[] start, (int, object)[] footer)
    {
        var bytes = Thrift(footer);
        return [.. start, .. bytes, .. BitConverter.GetBytes(bytes.Length), .. "PAR1"u8];
    }

    /// <summary>An uncompressed page of the first format; levels are runs of eight bit-packed numbers or of one.</summary>
    public static byte[] Page(long values, long encoding, params byte[] bytes) =>
        [.. Thrift(Struct((1, 0L), (2, (long)bytes.Length), (3, (long)bytes.Length),
            (5, Struct((1, values), (2, encoding), (3, 3L), (4, 3L))))), .. bytes];

    public static byte[] Dictionary(long values, params byte[] bytes) =>
        [.. Thrift(Struct((1, 2L), (2, (long)bytes.Length), (3, (long)bytes.Length), (7, Struct((1, values), (2, 0L))))),
            .. bytes];

    public static (int, object)[] Struct(params (int, object)[] fields) => fields;

    public static (int, object)[] Element(string name, long? repetition = null, long? type = null, long? children = null,
        long? converted = null) =>
        [.. new (int, object?)[] { (1, type), (3, repetition), (4, name), (5, children), (6, converted) }
            .Where(field => field.Item2 is not null).Select(field => (field.Item1, field.Item2!))];

    public static byte[] Thrift((int Id, object Value)[] fields)
    {
        var bytes = new List<byte>();
        foreach (var (id, value) in fields)
        {
            bytes.Add((byte)Type(value));
            bytes.AddRange(Varint(ZigZag(id)));
            bytes.AddRange(Value(value));
        }
        return [.. bytes, 0];
    }

    private static int Type(object value) => value switch
    {
        long => 6,
        string or byte[] => 8,
        object[] => 9,
        _ => 12,
    };

    private static IEnumerable<byte> Value(object value) => value switch
    {
        long number => Varint(ZigZag(number)),
        string text => [.. Varint((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)],
        byte[] raw => raw,
        object[] list => [(byte)(240 | Type(list.FirstOrDefault() ?? 0L)), .. Varint((ulong)list.Length),
            .. list.SelectMany(Value)],
        _ => Thrift(((int, object)[])value),
    };

    private static ulong ZigZag(long number) => (ulong)((number << 1) ^ (number >> 63));

    private static List<byte> Varint(ulong number)
    {
        var bytes = new List<byte>();
        for (; number > 127; number >>= 7)
            bytes.Add((byte)(number | 128));
        return [.. bytes, (byte)number];
    }
}
