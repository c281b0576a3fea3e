using System.Globalization;
using System.Text.RegularExpressions;
using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>Which files hold a checkpoint's weights, decided by names alone: the same for a folder and on the hub.</summary>
/// <param name="Files">The files; none where the index names them.</param>
/// <param name="IsIndexed">Whether <see cref="Index"/> names the shards.</param>
public sealed partial record CheckpointFiles(IReadOnlyList<string> Files, bool IsIndexed)
{
    public const string Single = "model.safetensors", Index = "model.safetensors.index.json";
    public const string Adapter = "adapter_model.safetensors", AdapterConfig = "adapter_config.json";
    private const string Fetch = "fetch model.safetensors, or model.safetensors.index.json and its shards, from the same place";

    /// <summary>
    /// transformers' order: the whole file, then the index; then, where there is neither, shards whose names say that all
    /// are there. Null where there are none of these.
    /// </summary>
    /// <param name="where">The folder or repository, for an error.</param>
    /// <param name="names">All files, by plain name; what lies in subfolders is not looked at.</param>
    /// <exception cref="InputException">Shards without an index, and not all of them.</exception>
    public static CheckpointFiles? Choose(string where, IEnumerable<string> names)
    {
        var all = names.ToHashSet(StringComparer.Ordinal);
        return all.Contains(Single) ? new([Single], IsIndexed: false)
            : all.Contains(Index) ? new([], IsIndexed: true)
            : Shards(where, all) is { Length: > 0 } shards ? new(shards, IsIndexed: false)
            : null;
    }

    /// <summary>What is there in place of weights that can be read, and what to do; null where nothing is recognised.</summary>
    public static string? Instead(IEnumerable<string> names)
    {
        string[] all = [.. names.Where(name => !name.Contains('/')).Order(StringComparer.Ordinal)];
        string? First(Func<string, bool> wanted) => all.FirstOrDefault(wanted);
        bool Is(string name, string extension) => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase);
        if (First(name => name is Adapter or AdapterConfig or "adapter_model.bin") is { } adapter)
            return $"it holds an adapter alone ({adapter}), without the model that it adapts; merge both into one checkpoint "
                + "(in PEFT, merge_and_unload, then save_pretrained)";
        if (First(name => name.StartsWith("consolidated", StringComparison.Ordinal) && Is(name, ".safetensors")) is { } own)
            return $"{own} holds weights in Mistral's own layout, which transformers does not read either; {Fetch}";
        if (First(name => Variant().IsMatch(name)) is { } variant)
            return $"{variant} is a variant that transformers reads by name only; rename it to {Single} if it is meant";
        if (First(name => Is(name, ".safetensors") || Is(name, ".safetensors.index.json")) is { } other)
            return $"{other} is not a name that weights have; {Fetch}";
        return First(name => Is(name, ".gguf")) is { } gguf
            ? $"its weights are in GGUF ({gguf}), llama.cpp's format; use the checkpoint that they were made from" : null;
    }

    /// <summary>The first pickle, if any.</summary>
    public static string? Pickle(IEnumerable<string> names) => names.Order(StringComparer.Ordinal)
        .Where(name => Path.GetExtension(name) is ".bin" or ".pt" or ".pth" or ".ckpt")
        .OrderBy(name => name.StartsWith("pytorch_model", StringComparison.Ordinal) ? 0 : 1).FirstOrDefault();

    /// <summary>Files named as shards beside a whole file, which takes their place.</summary>
    public static IReadOnlyList<string> LeftAside(IEnumerable<string> names) =>
        [.. names.Where(name => Shard().IsMatch(name)).Order(StringComparer.Ordinal)];

    /// <summary>Whether the names hold those of all shards of one checkpoint.</summary>
    public static bool HasAllShards(IEnumerable<string> names) => IsWhole(Numbered(names));

    private static string[] Shards(string where, IEnumerable<string> names)
    {
        var found = Numbered(names);
        if (found.Length == 0 || IsWhole(found))
            return [.. found.Select(shard => shard.Name)];
        var (first, _, count) = found[0];
        throw new InputException($"{where}: there is no {Index}, and " + (Array.Find(found, shard => shard.Count != count).Name is { } stray
            ? $"{first} and {stray} are shards of different checkpoints; keep those that are meant"
            : $"of the {count} shards that {first} is one of {found.Length} are there; fetch the others"));
    }

    private static bool IsWhole((string Name, int Number, int Count)[] shards) => shards.Length > 0
        && shards.All(shard => shard.Count == shards.Length) && shards.Select(shard => shard.Number).SequenceEqual(Enumerable.Range(1, shards.Length));

    private static (string Name, int Number, int Count)[] Numbered(IEnumerable<string> names) =>
    [
        .. names.Select(name => (Name: name, Match: Shard().Match(name))).Where(it => it.Match.Success)
            .Select(it => (it.Name, Number: Value(it.Match, 1), Count: Value(it.Match, 2)))
            .OrderBy(it => it.Number).ThenBy(it => it.Name, StringComparer.Ordinal),
    ];

    private static int Value(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^model-(\d{1,6})-of-(\d{1,6})\.safetensors$", RegexOptions.CultureInvariant)]
    private static partial Regex Shard();

    [GeneratedRegex(@"^model\.[^./]+\.safetensors$|^model\.safetensors\.index\.[^./]+\.json$", RegexOptions.CultureInvariant)]
    private static partial Regex Variant();
}
