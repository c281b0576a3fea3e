using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Cognito.Eval.Data.Parquet;

/// <summary>What a file may still hold, so that a small hostile one cannot fill memory or run for hours.</summary>
/// <remarks>
/// Runs, dictionaries and compressed pages make much of little, and many chunks may claim the same pages. A file may hold 16
/// values and 256 unpacked bytes for each of its bytes, which no real one comes near, beside what a file of any size may
/// hold. At most that is several times what the largest of these datasets holds.
/// </remarks>
internal sealed class ParquetAllowance(long length)
{
    /// <summary>Objects that a byte of a page's header may become.</summary>
    public const long HeaderCost = 128;

    private long _values = Math.Min(1 << 22, (1 << 14) + 16 * length);
    private long _bytes = Math.Min(1 << 30, (1 << 20) + 256 * length);

    public void Take(long values, long bytes)
    {
        if (values > _values || bytes > _bytes)
            throw new InvalidDataException("it claims to hold far more than any of these datasets");
        _values -= values;
        _bytes -= bytes;
    }
}

/// <summary>The values of one leaf in one row group, and the levels that tell nulls and lists.</summary>
internal sealed class ParquetColumn
{
    private const int Plain = 0, PlainDictionary = 2, Rle = 3, RleDictionary = 8; // encodings

    private readonly ParquetLeaf _leaf;
    private readonly List<int> _definitions = [];
    private readonly List<int> _repetitions = [];
    private readonly List<object> _values = [];
    private readonly int _count;
    private object[]? _dictionary;
    private int _at, _value;

    /// <param name="file">The whole file up to its footer.</param>
    /// <param name="leaf">What the column holds.</param>
    /// <param name="chunk">Its ColumnMetaData.</param>
    /// <param name="allowance">What the file may still hold.</param>
    public ParquetColumn(ReadOnlySpan<byte> file, ParquetLeaf leaf, Thrift chunk, ParquetAllowance allowance)
    {
        _leaf = leaf;
        _count = chunk.Size(5);
        allowance.Take(values: _count, bytes: 0);
        var stored = leaf.Type switch { ParquetType.UInt32 => 1, ParquetType.UInt64 => 2, var type => (long)type };
        if (chunk.Integer(1) != stored)
            throw new InvalidDataException("its values are of another type than its schema says");
        var pages = file.Slice(Start(chunk), chunk.Size(7));
        var read = 0;
        while (read < _count)
        {
            var header = Thrift.Read(pages, out var length);
            allowance.Take(values: header.Struct(7)?.Size(1) ?? 0,
                bytes: ParquetAllowance.HeaderCost * length + header.Size(2) + header.Size(3));
            var page = pages.Slice(length, header.Size(3));
            pages = pages[(length + page.Length)..];
            read += Page(page, header, chunk.Size(4), _count - read);
        }
    }

    private static int Start(Thrift chunk)
    {
        var data = chunk.Size(9);
        return chunk.Has(11) && chunk.Size(11) is > 0 and var dictionary ? Math.Min(dictionary, data) : data;
    }

    /// <summary>How many values the page added.</summary>
    private int Page(ReadOnlySpan<byte> page, Thrift header, long codec, int most)
    {
        switch (header.Size(1))
        {
            case 0 when header.Struct(5) is { } data:
                page = ParquetDecoding.Decompress(page, codec, header.Size(2));
                if (_leaf.Definition > 0 && data.Integer(3) != Rle || _leaf.Repetition > 0 && data.Integer(4) != Rle)
                    throw new NotSupportedException("has levels in the encoding of before 2014");
                page = Levels(page, Count(data, most), null, _leaf.Repetition, _repetitions, out _);
                page = Levels(page, Count(data, most), null, _leaf.Definition, _definitions, out var defined);
                Values(page, data.Size(2), defined);
                return data.Size(1);
            case 2 when header.Struct(7) is { } dictionary:
                page = ParquetDecoding.Decompress(page, codec, header.Size(2));
                _dictionary = ParquetDecoding.Plain(page, _leaf.Type, dictionary.Size(1));
                return 0;
            case 3 when header.Struct(8) is { } data:
                var (repetitions, definitions) = (data.Size(6), data.Size(5));
                page = Levels(page, Count(data, most), repetitions, _leaf.Repetition, _repetitions, out _);
                page = Levels(page, Count(data, most), definitions, _leaf.Definition, _definitions, out defined);
                page = ParquetDecoding.Decompress(page, data.Boolean(7) == false ? 0 : codec,
                    header.Size(2) - repetitions - definitions);
                Values(page, data.Size(4), defined);
                return data.Size(1);
            default:
                throw new InvalidDataException("it has a page of an unknown kind");
        }
    }

    private static int Count(Thrift data, int most) =>
        data.Size(1) is var count && count <= most ? count : throw new InvalidDataException("a page holds too much");

    /// <summary>Reads levels off the front of a page; without their length they begin with it.</summary>
    private static ReadOnlySpan<byte> Levels(
        ReadOnlySpan<byte> page, int count, int? length, int highest, List<int> levels, out int atHighest)
    {
        atHighest = count;
        if (highest == 0)
            return page[(length ?? 0)..];
        if (length is null)
        {
            length = BinaryPrimitives.ReadInt32LittleEndian(page);
            page = page[4..];
        }
        CollectionsMarshal.SetCount(levels, levels.Count + count);
        var added = CollectionsMarshal.AsSpan(levels)[^count..];
        ParquetDecoding.Hybrid(page[..length.Value], BitOperations.Log2((uint)highest) + 1, added);
        if (added.ContainsAnyExceptInRange(0, highest))
            throw new InvalidDataException("a level is out of range");
        atHighest = added.Count(highest);
        return page[length.Value..];
    }

    private void Values(ReadOnlySpan<byte> page, int encoding, int count)
    {
        switch (encoding)
        {
            case Plain:
                _values.AddRange(ParquetDecoding.Plain(page, _leaf.Type, count));
                break;
            case PlainDictionary or RleDictionary when count == 0:
                break;
            case PlainDictionary or RleDictionary:
                var dictionary = _dictionary ?? throw new InvalidDataException("it lacks its dictionary");
                foreach (var place in Places(page[1..], page[0], count))
                    _values.Add(dictionary[place]);
                break;
            case Rle when _leaf.Type == ParquetType.Boolean:
                foreach (var bit in Places(page[4..], 1, count))
                    _values.Add(bit == 1);
                break;
            default:
                throw new NotSupportedException($"has values in encoding {encoding}, not plain or by dictionary");
        }
    }

    private static int[] Places(ReadOnlySpan<byte> source, int width, int count)
    {
        var places = new int[count];
        if (width > 0)
            ParquetDecoding.Hybrid(source, width, places);
        return places;
    }

    public bool AtEnd => _at == _count;

    /// <summary>The definition level of what comes next.</summary>
    public int Definition => _leaf.Definition == 0 ? 0 : _definitions[_at];

    /// <summary>The repetition level of what comes next; 0, a new row, at the end.</summary>
    public int Repetition => _leaf.Repetition == 0 || AtEnd ? 0 : _repetitions[_at];

    public object? Next()
    {
        var defined = Definition == _leaf.Definition;
        _at++;
        return defined ? _values[_value++] : null;
    }
}
