using System.Globalization;
using System.Text.RegularExpressions;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Torch.Weights;

/// <summary>The tensors of a checkpoint's files that its decoder has no use for, found from headers.</summary>
/// <param name="Names">In ordinal order; those that bear on nothing are not among them.</param>
/// <param name="Notes">One sentence for each kind, without paths: the same wherever the checkpoint lies.</param>
public sealed partial record UnusedTensors(IReadOnlyList<string> Names, IReadOnlyList<string> Notes)
{
    private const int Shown = 3;

    /// <summary>Names that results hold, and characters of one: files may have any number, of any length.</summary>
    private const int MostNames = 100, LongestName = 256;

    /// <summary>The names for provenance; null where there are none.</summary>
    public IReadOnlyList<string>? Recorded => Names.Count == 0 ? null
        : [.. Names.Take(MostNames).Select(name => name.Length <= LongestName ? name : name[..(LongestName - 3)] + "...")];

    /// <summary>How many there are, where not all are recorded; else null.</summary>
    public int? RecordedOf => Names.Count > MostNames ? Names.Count : null;

    /// <summary>Looks up every tensor of the config's decoder.</summary>
    /// <exception cref="InputException">One is missing, or of another shape or type, or in two layouts.</exception>
    public static UnusedTensors Find(ModelConfig config, WeightFiles files)
    {
        var (places, named) = (new TensorPlaces(files, config), config.Tensors);
        foreach (var tensor in named.All)
            places.Find(tensor.Name, tensor.Shape);
        string[] names = [.. files.Tensors.Select(tensor => tensor.Name)
            .Where(name => !places.Used.Contains(name) && !IsBuffer(name))
            .Where(name => !(config.HeadNames.Contains(name) && named.Head is null && IsEmbedding(name, places.Used, files, named)))
            .Order(StringComparer.Ordinal)];
        return new(names, [.. Notices(config, names), .. Beside(files)]);
    }

    /// <summary>What older versions of transformers saved and none reads: what positions and the causal mask are made of.</summary>
    private static bool IsBuffer(string name) => ((string[])["rotary_emb.inv_freq", ".attention.bias", ".attention.masked_bias"])
        .Any(ending => name.EndsWith(ending, StringComparison.Ordinal));

    private static bool IsEmbedding(string head, IReadOnlySet<string> used, WeightFiles files, DecoderTensors named) =>
        used.First(name => named.Embedding.Name.EndsWith(name, StringComparison.Ordinal)) is { } embedding
        && files.AreEqual(head, embedding);

    private static IEnumerable<string> Notices(ModelConfig config, IReadOnlyList<string> names) => names
        .GroupBy(name => Kind(name, config)).OrderBy(kind => kind.Key.What, StringComparer.Ordinal)
        .Select(kind => $"{(kind.Count() == 1 ? "1 tensor" : $"{kind.Count()} tensors")} {kind.Key.What} left unused: "
            + $"{Listed([.. kind])}{(kind.Key.More is null ? "" : "; " + kind.Key.More)}");

    private sealed record Reason(string What, string? More = null);

    /// <summary>Why nobody uses it, and what to do or know.</summary>
    private static Reason Kind(string name, ModelConfig config) =>
        WrapperPrefix.In(name) is { } wrapper ? new($"named by {wrapper.Origin} ({wrapper.Text})", wrapper.Fix)
        : name.Contains(".lora_", StringComparison.Ordinal) || name.Contains(".base_layer.", StringComparison.Ordinal)
            ? new("of an adapter", "merge it into the weights and save them")
        : config.OtherParts.Any(part => name.StartsWith(part, StringComparison.Ordinal) || name.StartsWith("model." + part, StringComparison.Ordinal))
            ? new("of other parts than the text's decoder")
        : config.HeadNames.Contains(name) ? new("that differs from the embedding, to which config.json ties the head,",
            "transformers 5 takes it for the head, earlier ones do not; tie_word_embeddings false makes it the head here too")
        : Layer().Match(name) is { Success: true } layer && !(int.TryParse(
            layer.Groups[1].Value, CultureInfo.InvariantCulture, out var index) && index < config.Layers)
            ? new($"beyond config.json's {config.Layers} layers")
        : !name.EndsWith(".bias", StringComparison.Ordinal) ? new($"that {config.Architecture} does not have")
        : new(config.UnusedBiases);

    /// <summary>The first names; of many the first and the last.</summary>
    private static string Listed(IReadOnlyList<string> names)
    {
        string[] sorted = [.. names.OrderBy(name => Layer().Match(name) is { Success: true } layer ? layer.Groups[1].Value.Length : 0)
            .ThenBy(name => name, StringComparer.Ordinal).Select(QuotedName.Plain)];
        return sorted.Length <= Shown ? string.Join(", ", sorted) : $"{sorted[0]} ... {sorted[^1]}";
    }

    /// <summary>Files of weights beside those that are read.</summary>
    private static IEnumerable<string> Beside(WeightFiles files)
    {
        if (files.LeftAside() is [var first, ..] more)
            yield return $"{first}{(more.Count > 1 ? $" and {more.Count - 1} more shards" : "")} left unread, as transformers leaves "
                + $"them: {CheckpointFiles.Single} or the index takes their place";
        if (files.Adapter is { } adapter)
            yield return $"{adapter} left unread: an adapter beside the weights is not applied (transformers applies it where PEFT is "
                + (adapter == CheckpointFiles.AdapterConfig ? "installed" : $"installed and {CheckpointFiles.AdapterConfig} is there")
                + "); merge it into the weights to score both";
    }

    [GeneratedRegex(@"(?:^|\.)layers\.(\d+)\.", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}
