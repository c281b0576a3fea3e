using System.Buffers.Binary;
using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>A folder of small safetensors files, right and wrong ones.</summary>
internal sealed class TestWeights : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public string Folder => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);

    public string Write(string name, byte[] content)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    /// <summary>A file's bytes: the header's length, the header, the tensors' bytes.</summary>
    public static byte[] Bytes(byte[] header, byte[] data, ulong? length = null)
    {
        var start = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(start, length ?? (ulong)header.Length);
        return [.. start, .. header, .. data];
    }

    public static byte[] Bytes(string header, int data) =>
        Bytes(Encoding.UTF8.GetBytes(header), [.. Enumerable.Range(0, data).Select(i => (byte)i)]);

    /// <summary>One tensor of one float32.</summary>
    public static byte[] One(string name) =>
        Bytes($$"""{"{{name}}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]} }""", 4);

    /// <summary>What the reader says of the file: one line that begins with the file's path.</summary>
    public string Refusal(byte[] content)
    {
        var path = Write("model.safetensors", content);
        return Line(path, () => SafetensorsFile.Open(path).Dispose());
    }

    public static string Line(string path, Action open)
    {
        var message = Assert.Throws<InputException>(open).Message;
        Assert.StartsWith(path + ": ", message);
        Assert.DoesNotContain('\n', message);
        Assert.Contains("; ", message);
        return message[(path.Length + 2)..];
    }
}
