using System.Text;

namespace Cognito.Eval.Data.Parquet;

/// <summary>A struct of Thrift's compact protocol, which Parquet describes itself in: values by field number.</summary>
/// <remarks>
/// Nothing in it is trusted: lengths are held against the bytes that are left, nesting and the number of values are
/// bounded, and a value of an unexpected type is an <see cref="InvalidDataException"/>.
/// </remarks>
internal sealed class Thrift
{
    private const int MostValues = 1 << 21;
    private const int DeepestNesting = 24;

    private readonly Dictionary<int, object> _fields = [];

    /// <summary>The struct at the start of the bytes, and how many bytes it takes.</summary>
    public static Thrift Read(ReadOnlySpan<byte> bytes, out int length)
    {
        var reader = new Reader(bytes);
        var read = reader.Struct(depth: 0);
        length = reader.At;
        return read;
    }

    public bool Has(int field) => _fields.ContainsKey(field);
    public long? Integer(int field) => Value<long>(field, out var number) ? number : null;
    public bool? Boolean(int field) => Value<bool>(field, out var flag) ? flag : null;
    public Thrift? Struct(int field) => Value<Thrift>(field, out var inner) ? inner : null;
    public string? Text(int field) => Value<byte[]>(field, out var bytes) ? Encoding.UTF8.GetString(bytes!) : null;

    public IEnumerable<Thrift> Structs(int field) =>
        Value<List<object>>(field, out var list)
            ? list!.Select(item => item as Thrift ?? throw Damaged($"field {field} is not a list of structs"))
            : [];

    /// <summary>A count, a size or an offset: there, and not negative.</summary>
    public int Size(int field) =>
        Integer(field) is >= 0 and <= int.MaxValue and var size
            ? (int)size
            : throw Damaged($"field {field} is not a size");

    private bool Value<T>(int field, out T? value)
    {
        value = default;
        if (!_fields.TryGetValue(field, out var found))
            return false;
        value = found is T typed ? typed : throw Damaged($"field {field} is of an unexpected type");
        return true;
    }

    private static InvalidDataException Damaged(string fact) => new($"its description of itself is damaged: {fact}");

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _values;

        public int At { get; private set; }

        public Thrift Struct(int depth)
        {
            if (depth > DeepestNesting)
                throw Damaged("it nests too deep");
            var read = new Thrift();
            var field = 0;
            for (var header = Byte(); header != 0; header = Byte())
            {
                field = header >> 4 is > 0 and var step ? field + step : (short)ZigZag();
                read._fields[field] = (header & 15) switch
                {
                    1 => true,
                    2 => false,
                    var type => Value(type, depth),
                };
            }
            return read;
        }

        private object Value(int type, int depth)
        {
            if (++_values > MostValues)
                throw Damaged("it holds too many values");
            return type switch
            {
                1 or 2 => Byte() == 1, // in a list; a field's boolean is its header
                3 => (long)(sbyte)Byte(),
                4 or 5 or 6 => ZigZag(),
                7 => BitConverter.ToDouble(Bytes(8)),
                8 => Bytes(checked((int)Varint())).ToArray(),
                9 or 10 => List(depth),
                12 => Struct(depth + 1),
                _ => throw Damaged($"unknown type {type}"),
            };
        }

        private List<object> List(int depth)
        {
            var header = Byte();
            var count = header >> 4 is < 15 and var few ? few : checked((int)Varint());
            if (count > _bytes.Length - At)
                throw Damaged("a list is longer than the file");
            if (depth >= DeepestNesting)
                throw Damaged("it nests too deep");
            var list = new List<object>();
            for (var i = 0; i < count; i++)
                list.Add(Value(header & 15, depth + 1));
            return list;
        }

        private long ZigZag()
        {
            var number = Varint();
            return (long)(number >> 1) ^ -(long)(number & 1);
        }

        private ulong Varint()
        {
            ulong number = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var part = Byte();
                number |= (ulong)(part & 127) << shift;
                if (part < 128)
                    return number;
            }
            throw Damaged("a number is too long");
        }

        private byte Byte() => Bytes(1)[0];

        private ReadOnlySpan<byte> Bytes(int count)
        {
            if (count > _bytes.Length - At)
                throw Damaged("it ends too early");
            At += count;
            return _bytes.Slice(At - count, count);
        }
    }
}
