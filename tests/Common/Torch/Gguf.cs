using System.Text;

namespace Cognito.Eval.Tests;

/// <summary>The types of numbers in llama.cpp's files that are written here; the values are the format's.</summary>
internal enum GgufType { Float32 = 0, BFloat16 = 30 }

/// <summary>A tensor of such a file.</summary>
/// <param name="Shape">The fastest dimension first.</param>
/// <param name="Parts">Its bytes, one part after the other; each is made when its turn has come.</param>
internal sealed record GgufTensor(string Name, long[] Shape, GgufType Type, IEnumerable<byte[]> Parts)
{
    /// <summary>In bytes.</summary>
    public long Length => Shape.Aggregate(Type == GgufType.Float32 ? 4L : 2L, (product, dimension) => product * dimension);
}

/// <summary>Writes GGUF, version 3: facts by name, what the tensors are, and their bytes, each from a multiple of 32.</summary>
internal static class Gguf
{
    private const int Version = 3, Alignment = 32;

    /// <param name="facts">Numbers (uint, int, float), truths, strings, and lists of int, float or string.</param>
    public static void Write(string path, IReadOnlyList<(string Key, object Value)> facts, IReadOnlyList<GgufTensor> tensors)
    {
        using var file = new BinaryWriter(File.Create(path));
        file.Write("GGUF"u8);
        file.Write(Version);
        file.Write((long)tensors.Count);
        file.Write((long)facts.Count);
        foreach (var (key, value) in facts)
        {
            Put(file, key);
            file.Write(TypeOf(value));
            Put(file, value);
        }
        var offset = 0L;
        foreach (var tensor in tensors)
        {
            Put(file, tensor.Name);
            file.Write(tensor.Shape.Length);
            foreach (var dimension in tensor.Shape)
                file.Write(dimension);
            file.Write((int)tensor.Type);
            file.Write(offset);
            offset = Aligned(offset + tensor.Length);
        }
        foreach (var tensor in tensors)
        {
            Pad(file);
            var start = file.BaseStream.Position;
            foreach (var part in tensor.Parts)
                file.Write(part);
            if (file.BaseStream.Position - start is var length && length != tensor.Length)
                throw new InvalidDataException($"{tensor.Name}: {length} bytes, and its shape takes {tensor.Length}");
        }
        Pad(file);
    }

    private static int TypeOf(object value) => value switch
    {
        uint => 4,
        int => 5,
        float => 6,
        bool => 7,
        string => 8,
        Array => 9,
        _ => throw new ArgumentException($"no type of the format holds {value}"),
    };

    private static void Put(BinaryWriter file, object value)
    {
        switch (value)
        {
            case uint number: file.Write(number); break;
            case int number: file.Write(number); break;
            case float number: file.Write(number); break;
            case bool truth: file.Write(truth); break;
            case string text:
                file.Write((long)Encoding.UTF8.GetByteCount(text));
                file.Write(Encoding.UTF8.GetBytes(text));
                break;
            case Array { Length: > 0 } list:
                file.Write(TypeOf(list.GetValue(0)!));
                file.Write((long)list.Length);
                foreach (var item in list)
                    Put(file, item);
                break;
            default: throw new ArgumentException($"{value}: not written here");
        }
    }

    private static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter file) => file.Write(new byte[Aligned(file.BaseStream.Position) - file.BaseStream.Position]);
}
