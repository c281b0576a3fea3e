using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>A copy of a tiny checkpoint's golden.safetensors with other tensors.</summary>
internal sealed class ChangedGolden : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public ChangedGolden(string tiny)
    {
        using var file = SafetensorsFile.Open(Fixture.Path("checkpoints", tiny, "golden.safetensors"));
        foreach (var entry in file.Tensors)
        {
            var bytes = new byte[entry.Length];
            file.Read(bytes, entry.Offset);
            Tensors[entry.Name] = new(entry.DType, entry.Shape, bytes);
        }
    }

    public SortedDictionary<string, ChangedCheckpoint.Stored> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>Changes one of a tensor's numbers, by its place among all of them.</summary>
    public void Change<T>(string tensor, int place, Func<T, T> to) where T : unmanaged
    {
        var numbers = MemoryMarshal.Cast<byte, T>(Tensors[tensor].Bytes.AsSpan());
        numbers[place] = to(numbers[place]);
    }

    public void Rename(string from, string to)
    {
        Tensors[to] = Tensors[from];
        Tensors.Remove(from);
    }

    /// <summary>Writes the file and returns its path.</summary>
    public string Write()
    {
        var header = new JsonObject();
        long at = 0;
        foreach (var (name, tensor) in Tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = tensor.DType,
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(at, at + tensor.Bytes.Length),
            };
            at += tensor.Bytes.Length;
        }
        var path = Path.Combine(_folder.FullName, "golden.safetensors");
        File.WriteAllBytes(path, TestWeights.Bytes(
            Encoding.UTF8.GetBytes(header.ToJsonString()), [.. Tensors.Values.SelectMany(tensor => tensor.Bytes)]));
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
