using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>What a checkpoint's config.json says of its decoder, every number within sane bounds.</summary>
public sealed record ModelConfig
{
    public const string Mixtral = "MixtralForCausalLM", Mistral = "MistralForCausalLM", Llama = "LlamaForCausalLM";

    public required string Architecture { get; init; }
    public required int VocabularySize { get; init; }
    public required int HiddenSize { get; init; }
    public required int IntermediateSize { get; init; }
    public required int Layers { get; init; }
    public required int Heads { get; init; }
    public required int KeyValueHeads { get; init; }
    public required int HeadDim { get; init; }
    public required double NormEpsilon { get; init; }
    public required RopeConfig Rope { get; init; }

    /// <summary>How many positions a token sees, itself included; null means all before it.</summary>
    public int? SlidingWindow { get; init; }
    public bool TiesEmbeddings { get; init; }
    public bool AttentionBias { get; init; }
    public bool FeedForwardBias { get; init; }

    /// <summary>Feed-forwards a layer; 1 and no router where the architecture knows no experts.</summary>
    public int Experts { get; init; } = 1;
    public int ExpertsPerToken { get; init; } = 1;

    /// <summary>The most tokens one sequence may have, by the leaderboard's rule.</summary>
    public required int MaxLength { get; init; }

    /// <summary>The tokens that end a generated text.</summary>
    public IReadOnlyList<int> EndIds { get; init; } = [];

    /// <summary>What has a say in generated text beside the model.</summary>
    public GenerationConfig Generation { get; init; } = new();

    /// <summary>The type the weights were saved in: float32, bfloat16, float16 or null where it is not told.</summary>
    public string? Dtype { get; init; }

    /// <summary>What config.json says that has no effect, here or in transformers, though it might seem to; one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public bool HasRouter => Architecture == Mixtral;

    /// <summary>All weights, a table that is embedding and head at once counted once.</summary>
    public long Parameters => Table + Layers * LayerWith(Experts) + HiddenSize + (TiesEmbeddings ? 0 : Table);

    /// <summary>The weights one token meets: of the experts only those chosen for it.</summary>
    public long ActiveParameters => Parameters - Layers * (LayerWith(Experts) - LayerWith(ExpertsPerToken));

    /// <summary>
    /// Floating-point operations for one token: a multiplication and an addition for every active weight, the
    /// vocabulary's head included and the embedding, which is looked up, left out. Attention over keys is not counted.
    /// </summary>
    public long FlopPerToken => 2 * (ActiveParameters - (TiesEmbeddings ? 0 : Table));

    private long Table => (long)VocabularySize * HiddenSize;

    private long LayerWith(int experts)
    {
        long hidden = HiddenSize, inner = IntermediateSize;
        var (queries, keys) = ((long)Heads * HeadDim, (long)KeyValueHeads * HeadDim);
        var attention = hidden * (queries + 2 * keys) + queries * hidden
            + (AttentionBias ? queries + 2 * keys + hidden : 0);
        var expert = 3 * hidden * inner + (FeedForwardBias ? 2 * inner + hidden : 0);
        return 2 * hidden + attention + experts * expert + (HasRouter ? Experts * hidden : 0);
    }

    /// <summary>The shapes that <see cref="Named"/> knows.</summary>
    public static IEnumerable<string> Names => Shapes.Keys;

    /// <summary>A well-known model's shape, for measuring without its files.</summary>
    public static ModelConfig Named(string name) => Shapes.TryGetValue(name, out var shape) ? shape
        : throw new InputException($"{name}: no shape of that name; use one of "
            + $"{string.Join(", ", Shapes.Keys)}");

    private static readonly SortedDictionary<string, ModelConfig> Shapes = new(StringComparer.Ordinal)
    {
        ["cognito-2x7b"] = Of7B(Mixtral) with { Experts = 2, ExpertsPerToken = 2 },
        ["mixtral-8x7b"] = Of7B(Mixtral) with { Experts = 8, ExpertsPerToken = 2, Rope = new("default", 1e6) },
        ["mistral-7b"] = Of7B(Mistral) with { SlidingWindow = 4096 },
    };

    private static ModelConfig Of7B(string architecture) => new()
    {
        Architecture = architecture,
        VocabularySize = 32000,
        HiddenSize = 4096,
        IntermediateSize = 14336,
        Layers = 32,
        Heads = 32,
        KeyValueHeads = 8,
        HeadDim = 128,
        NormEpsilon = 1e-5,
        Rope = new("default", 1e4),
        MaxLength = 32768,
        EndIds = [2],
        Dtype = "bfloat16",
    };

    /// <summary>Reads config.json, and generation_config.json where there is one.</summary>
    public static ModelConfig Read(string folder)
    {
        var file = ConfigFile.Read(Path.Combine(folder, "config.json"));
        var architecture = ArchitectureName.Read(file);
        file.Word("hidden_act", "silu", "swish");
        foreach (var key in (string[])["quantization_config", "compression_config"])
            if (file.Has(key))
                throw file.Bad(key, "is there", "use the checkpoint's unquantized weights");
        if (file.Has("text_config") && !file.Has("hidden_size"))
            throw file.Bad("text_config", "holds the config of a model within a larger one", "save the language model by itself");
        var maxLength = file.Int("max_position_embeddings", 1, 1 << 30, architecture == Llama ? 2048 : 4096 * 32);
        var (rope, ropeNotes) = RopeConfig.Read(file, architecture == Mixtral ? 1e6 : 1e4, maxLength);
        var words = file.Int("vocab_size", 1, 1 << 24);
        var generation = GenerationConfigFile.Read(folder, file, words);
        var config = CheckedTogether(file, new()
        {
            Architecture = architecture,
            VocabularySize = words,
            HiddenSize = file.Int("hidden_size", 1, 1 << 17),
            IntermediateSize = file.Int("intermediate_size", 1, 1 << 20),
            Layers = file.Int("num_hidden_layers", 1, 1024),
            Heads = file.Int("num_attention_heads", 1, 4096),
            KeyValueHeads = KeyValueHeadsOf(file, architecture),
            HeadDim = HeadDimOf(file),
            // What a missing key means is the default of transformers' class of that architecture.
            NormEpsilon = file.Number("rms_norm_eps", 0, 1, architecture == Mixtral ? 1e-5 : 1e-6),
            Rope = rope,
            SlidingWindow = SlidingWindowOf(file, architecture),
            TiesEmbeddings = file.Bool("tie_word_embeddings"),
            AttentionBias = architecture == Llama && file.Bool("attention_bias"),
            FeedForwardBias = architecture == Llama && file.Bool("mlp_bias"),
            Experts = architecture == Mixtral ? ExpertsOf(file) : 1,
            ExpertsPerToken = architecture == Mixtral ? file.Int("num_experts_per_tok", 1, 1024, 2) : 1,
            // The harness looks for n_positions first.
            MaxLength = file.Int("n_positions", 1, 1 << 30, maxLength),
            EndIds = generation.EndIds,
            Generation = generation,
            Dtype = file.Word(file.Has("dtype") ? "dtype" : "torch_dtype", "float32", "bfloat16", "float16"),
        });
        return config with { Notes = [.. UnreadKeys.Notes(file, config), .. ropeNotes] };
    }

    private static ModelConfig CheckedTogether(ConfigFile file, ModelConfig config)
    {
        if (config.Heads % config.KeyValueHeads != 0)
            throw file.Bad("num_key_value_heads",
                $"is {config.KeyValueHeads}, which does not divide the {config.Heads} of num_attention_heads");
        if (config.ExpertsPerToken > config.Experts)
            throw file.Bad("num_experts_per_tok",
                $"is {config.ExpertsPerToken}, more than the {config.Experts} of num_local_experts");
        return config;
    }

    private static int KeyValueHeadsOf(ConfigFile file, string architecture) => file.Int("num_key_value_heads", 1, 4096,
        architecture == Llama || file.Holds("num_key_value_heads") ? file.Int("num_attention_heads", 1, 4096) : 8);

    private static int HeadDimOf(ConfigFile file)
    {
        var (hidden, heads) = (file.Int("hidden_size", 1, 1 << 17), file.Int("num_attention_heads", 1, 4096));
        if (!file.Has("head_dim") && hidden % heads != 0)
            throw file.Bad("num_attention_heads", $"is {heads}, which does not divide the {hidden} of hidden_size");
        var size = file.Int("head_dim", 2, 4096, hidden / heads);
        return size > 0 && size % 2 == 0 ? size
            : throw file.Bad(file.Has("head_dim") ? "head_dim" : "hidden_size",
                $"makes heads of {size} values; rotary positions need an even number");
    }

    private static int? SlidingWindowOf(ConfigFile file, string architecture) =>
        architecture == Llama || (architecture == Mixtral || file.Holds("sliding_window")) && !file.Has("sliding_window")
            ? null
            : file.Int("sliding_window", 1, int.MaxValue, 4096);

    /// <summary>transformers knows the key by another name too.</summary>
    private static int ExpertsOf(ConfigFile file)
    {
        var (local, other) = (file.Int("num_local_experts", 1, 1024, 8), file.Int("num_experts", 1, 1024, 0));
        return other == 0 || other == local ? local
            : !file.Has("num_local_experts") ? other
            : throw file.Bad("num_experts", $"is {other}, and num_local_experts is {local}", "set both to the number of experts");
    }
}
