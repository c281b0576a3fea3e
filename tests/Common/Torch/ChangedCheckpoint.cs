using System.Text;
using System.Text.Json.Nodes;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>A copy of a tiny checkpoint with other tensors or another config, in one file.</summary>
internal sealed class ChangedCheckpoint : IDisposable
{
    internal sealed record Stored(string DType, long[] Shape, byte[] Bytes);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public ChangedCheckpoint(string tiny)
    {
        using var files = WeightFiles.Open(Fixture.Path("checkpoints", tiny));
        foreach (var tensor in files.Tensors)
        {
            var (file, entry) = files.FloatingPoint(tensor.Name, tensor.Shape);
            var bytes = new byte[entry.Length];
            file.Read(bytes, entry.Offset);
            Tensors[tensor.Name] = new(tensor.DType, tensor.Shape, bytes);
        }
        Config = JsonNode.Parse(File.ReadAllText(Fixture.Path("checkpoints", tiny, "config.json")))!.AsObject();
    }

    public SortedDictionary<string, Stored> Tensors { get; } = new(StringComparer.Ordinal);

    public JsonObject Config { get; }

    public string Folder => _folder.FullName;

    public void Rename(Func<string, string> named)
    {
        var all = Tensors.ToList();
        Tensors.Clear();
        foreach (var (name, tensor) in all)
            Tensors[named(name)] = tensor;
    }

    /// <summary>A layer's packed experts as a tensor for each matrix.</summary>
    public void Unpack(int layer)
    {
        var (from, to) = ($"model.layers.{layer}.mlp.", $"model.layers.{layer}.block_sparse_moe.");
        Stored Take(string name) => Tensors.Remove(from + name, out var tensor) ? tensor : throw new KeyNotFoundException(name);
        Tensors[to + "gate.weight"] = Take("gate.weight");
        var (both, down) = (Take("experts.gate_up_proj"), Take("experts.down_proj"));
        long experts = both.Shape[0], inner = both.Shape[1] / 2, hidden = both.Shape[2];
        var size = (int)(inner * hidden * 2);
        for (var e = 0; e < experts; e++)
        {
            Tensors[$"{to}experts.{e}.w1.weight"] = new(both.DType, [inner, hidden], both.Bytes[(2 * e * size)..((2 * e + 1) * size)]);
            Tensors[$"{to}experts.{e}.w3.weight"] = new(both.DType, [inner, hidden], both.Bytes[((2 * e + 1) * size)..((2 * e + 2) * size)]);
            Tensors[$"{to}experts.{e}.w2.weight"] = new(both.DType, [hidden, inner], down.Bytes[(e * size)..((e + 1) * size)]);
        }
    }

    /// <summary>Writes the folder and returns its path.</summary>
    public string Write(string? folder = null)
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
        folder ??= Folder;
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config.ToJsonString());
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), TestWeights.Bytes(
            Encoding.UTF8.GetBytes(header.ToJsonString()), [.. Tensors.Values.SelectMany(tensor => tensor.Bytes)]));
        return folder;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
