using System.Buffers.Binary;

namespace Cognito.Eval.Tokenizers.SentencePiece;

/// <summary>How a protobuf field is stored; the numbers are the format's.</summary>
internal enum Wire { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 }

/// <summary>Reads one protobuf message field by field; no length is believed before it is checked.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    public int Field { get; private set; }
    public Wire Wire { get; private set; }
    public ulong Integer { get; private set; }
    public ReadOnlySpan<byte> Bytes { get; private set; }

    public readonly bool Flag => Integer != 0;
    public readonly float Single => BinaryPrimitives.ReadSingleLittleEndian(Bytes);

    /// <summary>The next field and its value; false at the message's end.</summary>
    /// <exception cref="InvalidDataException">These bytes are no protobuf message.</exception>
    public bool Read()
    {
        if (_rest.IsEmpty)
            return false;
        var key = Varint();
        if (key is < 8 or > uint.MaxValue)
            throw new InvalidDataException("a field has no valid number");
        Field = (int)(key >> 3);
        Wire = (Wire)(key & 7);
        switch (Wire)
        {
            case Wire.Varint: Integer = Varint(); break;
            case Wire.Fixed64: Bytes = Take(8); break;
            case Wire.Bytes: Bytes = Take(Varint()); break;
            case Wire.Fixed32: Bytes = Take(4); break;
            default: throw new InvalidDataException($"field {Field} has wire type {(int)Wire}");
        }
        return true;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var i = 0; i < _rest.Length && i < 10; i++)
        {
            var part = _rest[i];
            if (i == 9 && part > 1)
                break;
            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part >= 0x80)
                continue;
            _rest = _rest[(i + 1)..];
            return value;
        }
        throw new InvalidDataException(_rest.Length < 10 ? "it ends inside a number" : "a number is too long");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
            throw new InvalidDataException($"field {Field} says {length} bytes where {_rest.Length} are left");
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }
}
