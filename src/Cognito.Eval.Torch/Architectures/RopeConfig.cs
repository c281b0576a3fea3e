using System.Text.Json;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>How positions turn queries and keys: the kinds "default", "linear" and "llama3".</summary>
internal sealed record RopeConfig(
    string Kind, double Theta, double Factor = 1, double LowFrequencyFactor = 1, double HighFrequencyFactor = 1,
    int OriginalMaxLength = 1)
{
    private const double Largest = 1e15;
    private const string Share = "partial_rotary_factor";

    /// <summary>
    /// Reads config.json as transformers does: "rope_scaling", where it holds anything, before "rope_parameters"; what these do
    /// not tell, the config itself does.
    /// </summary>
    /// <param name="theta">Where none is told.</param>
    public static (RopeConfig Rope, IReadOnlyList<string> Notes) Read(ConfigFile file, double theta, int maxLength)
    {
        var (older, newer) = (file.Section("rope_scaling"), file.Section("rope_parameters"));
        var section = older is not null && (older.Held.Any() || newer is null) ? older : newer;
        var holder = section is not null && section.Has("rope_theta") ? section : file;
        var found = holder.Number("rope_theta", 1, Largest, theta);
        var kind = section?.Word(section.Has("rope_type") ? "rope_type" : "type", "default", "linear", "llama3") ?? "default";
        var shared = section is not null && section.Has(Share) ? section : file;
        var turned = shared.Number(Share, 0, 1, 1);
        if (turned != 1 && kind != "default")
            throw shared.Bad(Share, "is not 1", "this version turns whole heads only");
        RopeConfig rope = kind switch
        {
            "default" => new("default", found),
            "linear" => new(kind, found, section!.Number("factor", 1e-3, 1e6)),
            _ => Llama3(file, section!, found, maxLength),
        };
        IEnumerable<string> partial = turned == 1 ? [] : [UnreadKeys.Note(Share, shared.Value(Share)!.Value)];
        return (rope, [.. partial, .. section is null ? [] : Unread(section, kind), .. Both(older, newer)]);
    }

    private static RopeConfig Llama3(ConfigFile file, ConfigFile section, double theta, int maxLength)
    {
        var low = section.Number("low_freq_factor", 1e-3, 1e6);
        const string original = "original_max_position_embeddings";
        return new("llama3", theta, section.Number("factor", 1e-3, 1e6), low,
            HighFrequencyFactor: section.Number("high_freq_factor", low + 1e-3, 1e6),
            OriginalMaxLength: (file.Has(original) ? file : section).Int(original, 1, 1 << 30, maxLength));
    }

    /// <summary>What a section holds beside the keys of its kind.</summary>
    private static IEnumerable<string> Unread(ConfigFile section, string kind)
    {
        string[] known =
        [
            "rope_type", "type", "rope_theta", Share, "original_max_position_embeddings",
            .. kind switch { "default" => [], "linear" => ["factor"], _ => (string[])["factor", "low_freq_factor", "high_freq_factor"] },
        ];
        foreach (var (key, value) in section.Held.Where(held => !known.Contains(held.Key)))
            yield return value.ValueKind != JsonValueKind.Object ? UnreadKeys.Note(key, value, $"positions of the kind {kind} do not have")
                : throw section.Bad(key, "holds positions of its own for some layers", "this version turns all layers alike");
        if (section.Has("rope_type") && section.FirstWord("type") is { } type && type != section.FirstWord("rope_type"))
            yield return UnreadKeys.Note("type", section.Value("type")!.Value, "gives way to rope_type");
    }

    private static IEnumerable<string> Both(ConfigFile? older, ConfigFile? newer)
    {
        if (older is not null && newer is not null && older.Held.Any() && newer.Held.Any() && !older.IsEqual(newer))
            yield return "config.json: \"rope_parameters\" differs from \"rope_scaling\", which is the one that is read, as in transformers";
    }
}
