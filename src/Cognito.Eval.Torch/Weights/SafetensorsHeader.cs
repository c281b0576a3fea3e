using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using Cognito.Eval.Files;
using Microsoft.Win32.SafeHandles;

namespace Cognito.Eval.Torch.Weights;

/// <summary>A tensor as its file's header describes it.</summary>
/// <param name="DType">The format's name of the element type: BF16, F16, F32, …</param>
/// <param name="Offset">Of its first byte in the file.</param>
/// <param name="Length">In bytes.</param>
public sealed record TensorEntry(string Name, string DType, long[] Shape, long Offset, long Length);

/// <summary>Reads a safetensors file's header: 8 bytes of length, then JSON; the tensors' bytes follow.</summary>
/// <remarks>
/// As in the format's reference, the tensors fill the rest of the file without holes and without overlap.
/// Every number is checked against the file before it is used.
/// </remarks>
internal static class SafetensorsHeader
{
    private const int LengthBytes = 8, LongestHeader = 100_000_000, MostDimensions = 64;
    private const string Again = "download or convert it again";

    /// <summary>Bytes an element; of some types the bytes are known, and no more is needed of a tensor that nobody uses.</summary>
    private static int ElementSize(string dtype) => dtype switch
    {
        "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" or "C64" => 8,
        _ => 0,
    };

    /// <summary>The file's tensors, in the order of their bytes.</summary>
    public static TensorEntry[] Read(SafeFileHandle file, string path)
    {
        var length = RandomAccess.GetLength(file);
        var json = Json(file, length, path);
        TensorEntry[] tensors;
        try
        {
            using var document = JsonDocument.Parse(json, new() { AllowDuplicateProperties = false });
            tensors = [.. Tensors(document.RootElement, LengthBytes + json.Length, length, path)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string of half a surrogate pair.
            throw Broken(path, $"its header is not the JSON it must be ({Fact.Of(e)})");
        }
        Array.Sort(tensors, (a, b) => (a.Offset, a.Length).CompareTo((b.Offset, b.Length)));
        CheckThatTheyFill(tensors, LengthBytes + json.Length, length, path);
        return tensors;
    }

    private static byte[] Json(SafeFileHandle file, long length, string path)
    {
        Span<byte> start = stackalloc byte[LengthBytes];
        if (length < LengthBytes || RandomAccess.Read(file, start, 0) < LengthBytes)
            throw Broken(path, $"it has {length} bytes, and a safetensors file begins with 8 of its header's length");
        if (start.SequenceEqual("version "u8))
            throw new InputException($"{path}: it is a stand-in of Git LFS for the file; get the file (git lfs pull)");
        var announced = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (announced > LongestHeader)
            throw Broken(path, $"its header has {announced} bytes by its own account, and {LongestHeader} is the most");
        if (announced > (ulong)(length - LengthBytes))
            throw Broken(path, $"its header has {announced} bytes by its own account, and the file {length}");
        var json = new byte[(int)announced];
        for (var read = 0; read < json.Length;)
            read += RandomAccess.Read(file, json.AsSpan(read), LengthBytes + read) is > 0 and var n ? n
                : throw Broken(path, "it became shorter while it was read");
        if (json is not [(byte)'{', ..])
            throw Broken(path, "its header does not begin with '{'");
        return Utf8.IsValid(json) ? json : throw Broken(path, "its header is not valid UTF-8");
    }

    private static IEnumerable<TensorEntry> Tensors(JsonElement header, long data, long length, string path)
    {
        foreach (var property in header.EnumerateObject())
            if (property.Name != "__metadata__")
                yield return Tensor(property.Name, property.Value, data, length, path);
            else if (property.Value.ValueKind != JsonValueKind.Object
                || property.Value.EnumerateObject().Any(p => p.Value.ValueKind != JsonValueKind.String))
                throw Broken(path, "its __metadata__ is not an object of strings");
    }

    private static TensorEntry Tensor(string name, JsonElement about, long data, long length, string path)
    {
        InputException Wrong(string fact, string fix = Again) => Broken(path, $"tensor {QuotedName.Of(name)} {fact}", fix);

        if (about.ValueKind != JsonValueKind.Object)
            throw Wrong("is not described by an object");
        var dtype = about.TryGetProperty("dtype", out var type) && type.ValueKind == JsonValueKind.String
            ? type.GetString()! : throw Wrong("has no dtype");
        var size = ElementSize(dtype);
        if (size == 0)
            throw Wrong($"has the dtype {QuotedName.Of(dtype)}, which is not read here", "convert it to BF16, F16 or F32");
        var shape = Numbers(about, "shape") ?? throw Wrong("has no shape of whole numbers from 0");
        if (shape.Length > MostDimensions)
            throw Wrong($"has {shape.Length} dimensions, and {MostDimensions} is the most");
        // A dimension of 0 counts as 1 here: libtorch computes strides so.
        UInt128 largest = (UInt128)size;
        foreach (var dimension in shape)
            if ((largest *= (UInt128)Math.Max(dimension, 1)) > long.MaxValue)
                throw Wrong($"has the shape [{string.Join(", ", shape)}], more than can be addressed");
        var bytes = shape.Contains(0) ? 0 : (long)largest;
        if (Numbers(about, "data_offsets") is not [var begin, var end])
            throw Wrong("has no data_offsets of two whole numbers from 0");
        if (end < begin || end > length - data)
            throw Wrong($"lies at [{begin}, {end}), and the file has {length - data} bytes of tensors");
        if (end - begin != bytes)
            throw Wrong($"has {end - begin} bytes, and {dtype} of shape [{string.Join(", ", shape)}] is {bytes}");
        return new(name, dtype, shape, data + begin, bytes);
    }

    private static long[]? Numbers(JsonElement about, string key)
    {
        if (!about.TryGetProperty(key, out var list) || list.ValueKind != JsonValueKind.Array)
            return null;
        var numbers = new long[list.GetArrayLength()];
        var i = 0;
        foreach (var item in list.EnumerateArray())
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[i]) || numbers[i++] < 0)
                return null;
        return numbers;
    }

    private static void CheckThatTheyFill(TensorEntry[] tensors, long data, long length, string path)
    {
        TensorEntry? before = null;
        var filled = data;
        foreach (var tensor in tensors)
        {
            if (tensor.Offset < filled)
                throw Broken(path, $"tensors {QuotedName.Of(before!.Name)} and {QuotedName.Of(tensor.Name)} overlap");
            if (tensor.Offset > filled)
                throw Broken(path, $"{tensor.Offset - filled} bytes before {QuotedName.Of(tensor.Name)} are no tensor's");
            (before, filled) = (tensor, tensor.Offset + tensor.Length);
        }
        if (filled < length)
            throw Broken(path, $"the last {length - filled} bytes are no tensor's");
    }

    private static InputException Broken(string path, string fact, string fix = Again) => new($"{path}: {fact}; {fix}");
}
