using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using TorchSharp;

namespace Cognito.Eval.Torch.Weights;

/// <summary>A checkpoint's weights: one safetensors file, or shards, see <see cref="CheckpointFiles"/>.</summary>
/// <remarks>Needs no libtorch until a tensor is asked for. Tensors may outlive it, <see cref="Hash"/> not.</remarks>
public sealed class WeightFiles : IDisposable
{
    private const string Index = CheckpointFiles.Index;
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> _tensors = [];

    private Dictionary<string, string>? _index;

    private WeightFiles(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Which of the folder's files they are, and why.</summary>
    public string Layout => _index is not null ? $"{_files.Count} shards that {Index} names, as there is no {CheckpointFiles.Single}"
        : Path.GetFileName(_files[0].Path) == CheckpointFiles.Single ? $"{CheckpointFiles.Single}, which comes first"
        : $"{_files.Count} shards by their names, as there is neither {CheckpointFiles.Single} nor {Index}";

    /// <summary>Of all shards, in the order of their bytes.</summary>
    public IEnumerable<TensorEntry> Tensors => _files.SelectMany(f => f.Tensors);

    /// <summary>What the tensors take, without headers.</summary>
    public long Bytes => Tensors.Sum(t => t.Length);

    /// <summary>Opens all files and checks all headers.</summary>
    public static WeightFiles Open(string folder)
    {
        if (!Directory.Exists(folder))
            throw new InputException($"{folder}: no such folder; name the folder of a checkpoint");
        var names = Names(folder);
        var chosen = CheckpointFiles.Choose(folder, names) ?? throw Nothing(folder, names);
        var weights = new WeightFiles(folder);
        try
        {
            if (chosen.IsIndexed)
                weights.AddShards(Path.Combine(folder, Index));
            else
                foreach (var file in chosen.Files)
                    weights.Add(Path.Combine(folder, file));
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
            : throw new InputException($"{file.Path}: tensor {QuotedName.Of(name)} holds {entry.DType}, " +
                (entry.DType.StartsWith("F8", StringComparison.Ordinal) ? "quantized numbers" : "no floating-point numbers") +
                "; use the checkpoint's unquantized weights (BF16, F16 or F32)");
    }

    /// <summary>Whether two tensors hold the same bytes, as the same type and shape.</summary>
    internal bool AreEqual(string one, string other)
    {
        var ((file, entry), (otherFile, otherEntry)) = (Find(one) ?? throw Lacks(one), Find(other) ?? throw Lacks(other));
        if (entry.DType != otherEntry.DType || !entry.Shape.AsSpan().SequenceEqual(otherEntry.Shape))
            return false;
        const int most = 1 << 20;
        var (here, there) = (new byte[Math.Min(most, entry.Length)], new byte[Math.Min(most, entry.Length)]);
        for (long at = 0; at < entry.Length; at += most)
        {
            var length = (int)Math.Min(most, entry.Length - at);
            file.Read(here.AsSpan(0, length), entry.Offset + at);
            otherFile.Read(there.AsSpan(0, length), otherEntry.Offset + at);
            if (!here.AsSpan(0, length).SequenceEqual(there.AsSpan(0, length)))
                return false;
        }
        return true;
    }

    /// <summary>The shard that the index gives a tensor; null where there is no index, or it does not name the tensor.</summary>
    internal string? Indexed(string name) => _index?.GetValueOrDefault(name);

    /// <summary>An adapter's file beside the weights; null where there is none.</summary>
    internal string? Adapter => Names(Folder).Order(StringComparer.Ordinal)
        .FirstOrDefault(name => name is CheckpointFiles.AdapterConfig or CheckpointFiles.Adapter);

    /// <summary>Shards that lie in the folder beside the weights that are read.</summary>
    internal IReadOnlyList<string> LeftAside()
    {
        var (names, read) = (Names(Folder), _files.Select(file => Path.GetFileName(file.Path)).ToHashSet());
        return [.. CheckpointFiles.LeftAside(names).Except(read)];
    }

    /// <summary>
    /// The identity of the weights: changes with any tensor's name, type, shape or bytes, and not with how they are
    /// sharded. Reads every byte, on some threads in the background; await it before disposing of the files.
    /// </summary>
    public async Task<string> Hash(CancellationToken cancel = default) => (await Read(cancel)).Sha256;

    /// <summary>The same, and what else is seen on the way.</summary>
    public Task<WeightsRead> Read(CancellationToken cancel = default) => Read(null, cancel);

    /// <summary>The same, with stops.</summary>
    /// <param name="goes">While it is not set, nothing is read.</param>
    internal Task<WeightsRead> Read(ManualResetEventSlim? goes, CancellationToken cancel) => WeightsHash.Compute(_files, goes, cancel);

    /// <summary>
    /// A quick look at the weights, for when there is no time to read them all: sha256 over each file's name, length,
    /// header and 64 pages. Equal weights have equal ones; that different ones differ, only <see cref="Hash"/> is sure of.
    /// </summary>
    public string Fingerprint() => WeightsHash.Fingerprint(_files);

    /// <summary>The same, and when the files were last written to: another one, and what was read of them may not be true any more.</summary>
    internal string Look() => $"{string.Join(' ', LastWrites.Select(time => time.Ticks))} {Fingerprint()}";

    /// <summary>When the open files were last written to.</summary>
    public IReadOnlyList<DateTime> LastWrites => [.. _files.Select(file => file.LastWrite)];

    public void Dispose() => _files.ForEach(f => f.Dispose());

    private (SafetensorsFile File, TensorEntry Entry)? Find(string name) =>
        _tensors.TryGetValue(name, out var found) ? found : null;

    private (SafetensorsFile File, TensorEntry Entry) Shaped(string name, long[] shape)
    {
        var (file, entry) = Find(name) ?? throw Lacks(name);
        return entry.Shape.AsSpan().SequenceEqual(shape) ? (file, entry)
            : throw new InputException($"{file.Path}: tensor {QuotedName.Of(name)} is " +
                $"[{string.Join(", ", entry.Shape)}], and by config.json it is [{string.Join(", ", shape)}]; " +
                "take both from one checkpoint");
    }

    internal InputException Lacks(string name) => new($"{Folder}: no tensor {QuotedName.Of(name)} in its " +
        "weights; take config.json and the weights from one checkpoint");

    private void Add(string path)
    {
        var file = SafetensorsFile.Open(path);
        _files.Add(file);
        foreach (var entry in file.Tensors)
            if (!_tensors.TryAdd(entry.Name, (file, entry)))
                throw new InputException($"{path}: tensor {QuotedName.Of(entry.Name)} is also in " +
                    $"{Path.GetFileName(_tensors[entry.Name].File.Path)}; take all shards from one checkpoint");
    }

    private void AddShards(string index)
    {
        _index = WeightMap(index);
        foreach (var shard in _index.Values.Distinct().Order(StringComparer.Ordinal))
        {
            if (!IsPlain(shard))
                throw new InputException($"{index}: {QuotedName.Of(shard)} is not the plain name of a " +
                    ".safetensors file beside it; download the index again");
            var path = Path.Combine(Folder, shard);
            if (!RegularFile.Exists(path))
                throw new InputException($"{index}: the shard {shard} is missing; download it");
            Add(path);
        }
    }

    /// <summary>The folder's files; a link to nothing is none.</summary>
    private static List<string> Names(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder, "*", new EnumerationOptions()).Where(RegularFile.Exists)
            .Select(Path.GetFileName).OfType<string>()];

    private static bool IsPlain(string shard) =>
        shard.EndsWith(".safetensors", StringComparison.Ordinal) && shard.Length > ".safetensors".Length
        && shard.AsSpan().IndexOfAny("/\\:") < 0 && !shard.Any(char.IsControl);

    private static Dictionary<string, string> WeightMap(string index)
    {
        try
        {
            var json = RegularFile.Read(index, FileKind.WeightIndex);
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

    private static InputException Nothing(string folder, IReadOnlyList<string> names) => new(
        CheckpointFiles.Instead(names) is { } instead ? $"{folder}: {instead}"
        : CheckpointFiles.Pickle(names) is { } pickle
            ? $"{folder}: its weights are a pickle ({QuotedName.Of(pickle)}), which can run code and " +
              "is refused; convert them to safetensors (in transformers, save_pretrained does)"
        : $"{folder}: not a checkpoint, neither {CheckpointFiles.Single} nor {Index} is in it; name the folder that holds them");
}

/// <summary>What reading all of the weights tells.</summary>
/// <param name="Sha256">Their identity, see <see cref="WeightFiles.Hash"/>.</param>
/// <param name="NotFinite">Names of tensors that hold a NaN or an infinity.</param>
public sealed record WeightsRead(string Sha256, IReadOnlyList<string> NotFinite);
