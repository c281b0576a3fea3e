using System.Text.Json;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>How positions turn queries and keys: the kinds "default", "linear", "llama3", "yarn" and "longrope".</summary>
/// <param name="Size">How many of a head's first values are turned.</param>
internal sealed record RopeConfig(string Kind, double Theta, int Size)
{
    private const double Largest = 1e15;
    private const string Original = "original_max_position_embeddings";

    public double Factor { get; init; } = 1;
    public double LowFrequencyFactor { get; init; } = 1;
    public double HighFrequencyFactor { get; init; } = 1;
    public int OriginalMaxLength { get; init; } = 1;

    /// <summary>What cosines and sines are multiplied by.</summary>
    public double AttentionFactor { get; init; } = 1;

    /// <summary>Of yarn: up to which pair, from the fastest, all are left alone, and from which on all are slowed.</summary>
    public (double Low, double High) Ramp { get; init; }

    /// <summary>Of longrope: how much each pair is slowed, in a sequence of the original length and in a longer one.</summary>
    public IReadOnlyList<double> ShortFactors { get; init; } = [];
    public IReadOnlyList<double> LongFactors { get; init; } = [];

    /// <summary>Cosines and sines stay in float32, and so do the products with them.</summary>
    public bool IsWide { get; init; }

    /// <summary>From which length on all of a sequence's positions turn otherwise; null where length has no say.</summary>
    public int? LongFrom => Kind == "longrope" ? OriginalMaxLength + 1 : null;

    /// <summary>
    /// Reads config.json as transformers does: "rope_scaling", where it holds anything, before "rope_parameters"; what these do
    /// not tell, the config itself does.
    /// </summary>
    public static (RopeConfig Rope, IReadOnlyList<string> Notes) Read(ConfigFile file, Defaults absent, int headDim)
    {
        var (older, newer) = (file.Section("rope_scaling"), file.Section("rope_parameters"));
        var section = older is not null && (older.Held.Any() || newer is null) ? older : newer;
        var (rope, notes) = Read(file, section, absent, headDim);
        return (rope, [.. notes, .. Both(older, newer)]);
    }

    /// <param name="section">What tells of these positions alone; null where there is none.</param>
    public static (RopeConfig Rope, IReadOnlyList<string> Notes) Read(
        ConfigFile file, ConfigFile? section, Defaults absent, int headDim)
    {
        var named = section?.Word(section.Has("rope_type") ? "rope_type" : "type",
            [.. absent.KnownRopes ?? ["default", "linear", "llama3", "yarn", "longrope"], .. absent.RopeKinds.Keys])
            ?? "default";
        var kind = absent.RopeKinds.GetValueOrDefault(named, named);
        var theta = section is not null && section.Has("rope_theta") ? section.Number("rope_theta", 1, Largest)
            : file.Number(absent.ThetaKey, 1, Largest, absent.Theta);
        var (size, notes) = Turned(file, section, absent, kind, headDim);
        var rope = new RopeConfig(kind, theta, size);
        rope = kind switch
        {
            "default" => rope,
            "linear" => rope with { Factor = section!.Number("factor", 1e-3, 1e6) },
            "llama3" => rope.Llama3(section!, OriginalLength(file, section!, absent)),
            "yarn" => rope.Yarn(file, section!, OriginalLength(file, section!, absent), absent),
            _ => rope.LongRope(file, section!, OriginalLength(file, section!, absent), absent),
        };
        return section is null ? (rope, [.. notes])
            : (rope, [.. notes, .. Unread(section, kind), .. rope.Outweighed(file, section, absent)]);
    }

    /// <summary>How many values of a head turn.</summary>
    private static (int Size, IEnumerable<string> Notes) Turned(
        ConfigFile file, ConfigFile? section, Defaults absent, string kind, int headDim)
    {
        var inSection = section is not null && section.Has("partial_rotary_factor");
        var (holder, key) = inSection ? (section!, "partial_rotary_factor") : (file, absent.RotaryShareKey);
        var share = holder.Number(key, 0, 1, absent.RotaryShare ?? 1);
        if (absent.RotaryShare is null && share != 1)
            return kind == "default" ? (headDim, [UnreadKeys.Note(key, holder.Value(key)!.Value)])
                : throw holder.Bad(key, "is not 1", "this architecture turns whole heads only");
        var size = (int)(headDim * share);
        return size >= 2 && size % 2 == 0 ? (size, [])
            : throw holder.Bad(key, $"makes {size} of a head's {headDim} values turn; positions turn pairs");
    }

    /// <summary>The config's own comes before the section's; a class that has a default never looks at the section's.</summary>
    private static int OriginalLength(ConfigFile file, ConfigFile section, Defaults absent) =>
        (file.Has(Original) || absent.OriginalPositions is not null ? file : section).Int(
            Original, 2, 1 << 30, absent.OriginalPositions ?? Math.Max(2, UsualDecoder.MaxPositions(file, absent)));

    private RopeConfig Llama3(ConfigFile section, int original)
    {
        var low = section.Number("low_freq_factor", 1e-3, 1e6);
        return this with
        {
            Factor = section.Number("factor", 1e-3, 1e6),
            LowFrequencyFactor = low,
            HighFrequencyFactor = section.Number("high_freq_factor", low + 1e-3, 1e6),
            OriginalMaxLength = original,
        };
    }

    /// <summary>YaRN (Peng et al., 2023): pairs between two counts of turns in the original length are slowed in part.</summary>
    private RopeConfig Yarn(ConfigFile file, ConfigFile section, int original, Defaults absent)
    {
        // A null says that the lengths tell; a missing key is refused, as in transformers.
        var factor = section.Holds("factor") && !section.Has("factor")
            ? (double)UsualDecoder.MaxPositions(file, absent) / original : section.Number("factor", 1e-3, 1e6);
        double Pair(double turns) => Size * Math.Log(original / (turns * 2 * Math.PI)) / (2 * Math.Log(Theta));
        var (low, high) = (Pair(NotZero(section, "beta_fast", 32)), Pair(NotZero(section, "beta_slow", 1)));
        if (section.Bool("truncate", absent: true))
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        double Scale(double times) => factor <= 1 ? 1 : 0.1 * times * Math.Log(factor) + 1;
        var (all, one) = (NotZero(section, "mscale_all_dim", 0), NotZero(section, "mscale", 0));
        return this with
        {
            Factor = factor,
            OriginalMaxLength = original,
            Ramp = (Math.Max(low, 0), Math.Min(high, Size - 1)),
            AttentionFactor = section.Number(
                "attention_factor", 0, 1e6, one != 0 && all != 0 ? Scale(one) / Scale(all) : Scale(1)),
        };
    }

    /// <summary>LongRoPE (Ding et al., 2024): a factor a pair, others in sequences longer than the original length.</summary>
    private RopeConfig LongRope(ConfigFile file, ConfigFile section, int original, Defaults absent)
    {
        IReadOnlyList<double> Factors(string key) =>
            section.Numbers(key, 1e-6, 1e6) is var found && found.Count == Size / 2 ? found
            : throw section.Bad(key, $"holds {found.Count} numbers, and {Size} values of a head turn in {Size / 2} pairs");
        var factor = section.Number("factor", 1e-3, 1e6, (double)UsualDecoder.MaxPositions(file, absent) / original);
        return this with
        {
            OriginalMaxLength = original,
            ShortFactors = Factors("short_factor"),
            LongFactors = Factors("long_factor"),
            AttentionFactor = section.Number("attention_factor", 0, 1e6,
                factor <= 1 ? 1 : Math.Sqrt(1 + Math.Log(factor) / Math.Log(original))),
        };
    }

    /// <summary>A 0 means what a missing key does.</summary>
    private static double NotZero(ConfigFile section, string key, double absent) =>
        section.Number(key, 0, 1e6, absent) is var number && number == 0 ? absent : number;

    /// <summary>What a section holds beside the keys of its kind.</summary>
    private static IEnumerable<string> Unread(ConfigFile section, string kind)
    {
        string[] known =
        [
            "rope_type", "type", "rope_theta", "partial_rotary_factor", Original,
            .. kind switch
            {
                "default" => [],
                "linear" => ["factor"],
                "llama3" => ["factor", "low_freq_factor", "high_freq_factor"],
                "yarn" => ["factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate"],
                _ => (string[])["factor", "attention_factor", "short_factor", "long_factor"],
            },
        ];
        foreach (var (key, value) in section.Held.Where(held => !known.Contains(held.Key)))
            yield return value.ValueKind != JsonValueKind.Object
                ? UnreadKeys.Note(key, value, $"positions of the kind {kind} do not have")
                : throw section.Bad(
                    key, "holds positions of its own for some layers", "this architecture turns all layers alike");
        if (section.Has("rope_type") && section.FirstWord("type") is { } type && type != section.FirstWord("rope_type"))
            yield return UnreadKeys.Note("type", section.Value("type")!.Value, "gives way to rope_type");
    }

    /// <summary>What is told twice, once in vain.</summary>
    private IEnumerable<string> Outweighed(ConfigFile file, ConfigFile section, Defaults absent)
    {
        static bool IsOther(JsonElement told, double read) =>
            told.ValueKind == JsonValueKind.Number && told.GetDouble() != read;
        if (file.Value(absent.ThetaKey) is { } theta && IsOther(theta, Theta))
            yield return UnreadKeys.Note(absent.ThetaKey, theta, "gives way to the rope_theta within");
        if (Kind is "llama3" or "yarn" or "longrope"
            && section.Value(Original) is { } length && IsOther(length, OriginalMaxLength))
            yield return UnreadKeys.Note(Original, length, "gives way to the model's own");
    }

    private static IEnumerable<string> Both(ConfigFile? older, ConfigFile? newer)
    {
        if (older is not null && newer is not null && older.Held.Any() && newer.Held.Any() && !older.IsEqual(newer))
            yield return "config.json: \"rope_parameters\" differs from \"rope_scaling\", which is the one that is read, "
                + "as in transformers";
    }
}
