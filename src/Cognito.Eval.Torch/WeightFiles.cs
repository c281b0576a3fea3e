using System.Text.Json;
using TorchSharp;

namespace Cognito.Eval.Torch;

/// <summary>A checkpoint's weights: one safetensors file, or the shards that its index names.</summary>
/// <remarks>Needs no libtorch until a tensor is asked for. Tensors may outlive it, <see cref="Hash"/> not.</remarks>
public sealed class WeightFiles : IDisposable
{
    private const string Single = "model.safetensors", Index = "model.safetensors.index.json";
    private const int LongestIndex = 100_000_000;
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> _tensors = [];

    private WeightFiles(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Of all shards, in the order of their bytes.</summary>
    public IEnumerable<TensorEntry> Tensors => _files.SelectMany(f => f.Tensors);

    /// <summary>What the tensors take, without headers.</summary>
    public long Bytes => Tensors.Sum(t => t.Length);

    /// <summary>Opens all files and checks all headers.</summary>
    public static WeightFiles Open(string folder)
    {
        if (!Directory.Exists(folder))
            throw new InputException($"{folder}: no such folder; name the folder of a checkpoint");
        var (single, index) = (Path.Combine(folder, Single), Path.Combine(folder, Index));
        var weights = new WeightFiles(folder);
        try
        {
            switch (File.Exists(single), File.Exists(index))
            {
                case (true, true):
                    throw new InputException($"{folder}: it holds both {Single} and {Index}; remove the one not meant");
                case (true, false):
                    weights.Add(single);
                    break;
                case (false, true):
                    weights.AddShards(index);
                    break;
                default:
                    throw Nothing(folder);
            }
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public bool Has(string name) => _tensors.ContainsKey(name);

    /// <summary>A CPU tensor over the file's own bytes; the caller, or a dispose scope, disposes it.</summary>
    public torch.Tensor this[string name] => Find(name) is var (file, entry) ? file.Tensor(entry) : throw Lacks(name);

    /// <summary>The same, where only this shape will do.</summary>
    public torch.Tensor Get(string name, params long[] shape)
    {
        var (file, entry) = Shaped(name, shape);
        return file.Tensor(entry);
    }

    /// <summary>Where it lies, if it is of this shape and of a floating-point type.</summary>
    internal (SafetensorsFile File, TensorEntry Entry) FloatingPoint(string name, long[] shape)
    {
        var (file, entry) = Shaped(name, shape);
        return entry.DType is "BF16" or "F16" or "F32" or "F64" ? (file, entry)
            : throw new InputException($"{file.Path}: tensor {SafetensorsHeader.Shown(name)} holds {entry.DType}, " +
                "no floating-point numbers; use the checkpoint's unquantized weights");
    }

    /// <summary>
    /// The identity of the weights: changes with any tensor's name, type, shape or bytes, and not with how they are
    /// sharded. Reads every byte, on some threads in the background; await it before disposing of the files.
    /// </summary>
    public async Task<string> Hash(CancellationToken cancel = default) => (await Read(cancel)).Sha256;

    /// <summary>The same, and what else is seen on the way.</summary>
    public Task<WeightsRead> Read(CancellationToken cancel = default) => Task.Run(() => WeightsHash.Of(_files, cancel), cancel);

    /// <summary>
    /// A quick look at the weights, for when there is no time to read them all: sha256 over each file's name, length,
    /// header and 64 pages. Equal weights have equal ones; that different ones differ, only <see cref="Hash"/> is sure of.
    /// </summary>
    public string Fingerprint() => WeightsHash.Fingerprint(_files);

    /// <summary>When the open files were last written to.</summary>
    public IReadOnlyList<DateTime> LastWrites => [.. _files.Select(file => file.LastWrite)];

    public void Dispose() => _files.ForEach(f => f.Dispose());

    private (SafetensorsFile File, TensorEntry Entry)? Find(string name) =>
        _tensors.TryGetValue(name, out var found) ? found : null;

    private (SafetensorsFile File, TensorEntry Entry) Shaped(string name, long[] shape)
    {
        var (file, entry) = Find(name) ?? throw Lacks(name);
        return entry.Shape.AsSpan().SequenceEqual(shape) ? (file, entry)
            : throw new InputException($"{file.Path}: tensor {SafetensorsHeader.Shown(name)} is " +
                $"[{string.Join(", ", entry.Shape)}], and by config.json it is [{string.Join(", ", shape)}]; " +
                "take both from one checkpoint");
    }

    private InputException Lacks(string name) => new($"{Folder}: no tensor {SafetensorsHeader.Shown(name)} in its " +
        "weights; take config.json and the weights from one checkpoint");

    private void Add(string path)
    {
        var file = SafetensorsFile.Open(path);
        _files.Add(file);
        foreach (var entry in file.Tensors)
            if (!_tensors.TryAdd(entry.Name, (file, entry)))
                throw new InputException($"{path}: tensor {SafetensorsHeader.Shown(entry.Name)} is also in " +
                    $"{Path.GetFileName(_tensors[entry.Name].File.Path)}; take all shards from one checkpoint");
    }

    private void AddShards(string index)
    {
        var map = WeightMap(index);
        foreach (var shard in map.Values.Distinct().Order(StringComparer.Ordinal))
        {
            if (!IsPlain(shard))
                throw new InputException($"{index}: {SafetensorsHeader.Shown(shard)} is not the plain name of a " +
                    ".safetensors file beside it; download the index again");
            var path = Path.Combine(Folder, shard);
            if (!File.Exists(path))
                throw new InputException($"{index}: the shard {shard} is missing; download it");
            Add(path);
        }
        foreach (var (name, shard) in map)
            if (Find(name) is not var (file, _) || Path.GetFileName(file.Path) != shard)
                throw new InputException($"{index}: tensor {SafetensorsHeader.Shown(name)} is not in {shard}; " +
                    "take the index and the shards from one checkpoint");
    }

    private static bool IsPlain(string shard) =>
        shard.EndsWith(".safetensors", StringComparison.Ordinal) && shard.Length > ".safetensors".Length
        && shard.AsSpan().IndexOfAny("/\\:") < 0 && !shard.Any(char.IsControl);

    private static Dictionary<string, string> WeightMap(string index)
    {
        try
        {
            if (new FileInfo(index).Length > LongestIndex)
                throw new InputException($"{index}: it has more than {LongestIndex} bytes; download it again");
            var json = File.ReadAllBytes(index);
            using var document = JsonDocument.Parse(json, new() { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("weight_map", out var map)
                && map.ValueKind == JsonValueKind.Object && map.GetPropertyCount() > 0
                && map.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.String))
                return map.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
            throw new InputException($"{index}: no weight_map that gives each tensor its shard; download it again");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InputException(
                $"{index}: not the JSON it must be ({Fact.Of(e)}); download it again", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{index}: it cannot be read ({Fact.Of(e)}); check its rights", e);
        }
    }

    private static InputException Nothing(string folder)
    {
        var pickle = Directory.EnumerateFiles(folder, "*", new EnumerationOptions()).Select(Path.GetFileName)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault(f => Path.GetExtension(f) is ".bin" or ".pt" or ".pth" or ".ckpt");
        return new(pickle is null
            ? $"{folder}: not a checkpoint, neither {Single} nor {Index} is in it; name the folder that holds them"
            : $"{folder}: its weights are a pickle ({SafetensorsHeader.Shown(pickle)}), which can run code and " +
              "is refused; convert them to safetensors (in transformers, save_pretrained does)");
    }
}

/// <summary>What reading all of the weights tells.</summary>
/// <param name="Sha256">Their identity, see <see cref="WeightFiles.Hash"/>.</param>
/// <param name="NotFinite">Names of tensors that hold a NaN or an infinity.</param>
public sealed record WeightsRead(string Sha256, IReadOnlyList<string> NotFinite);
