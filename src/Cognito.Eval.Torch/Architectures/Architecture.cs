namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// One architecture of transformers, all of it on one page: what its config.json asks for and what its tensors are called.
/// Whatever computes reads the <see cref="DecoderSpec"/> and knows no architecture.
/// </summary>
/// <param name="Name">Its class for causal language models, as "architectures" has it.</param>
/// <param name="ModelType">As "model_type" has it.</param>
internal abstract record Architecture(string Name, string ModelType)
{
    private static readonly Architecture Gemma3Text = new Gemma3();

    /// <summary>All that are known, one a line.</summary>
    public static IReadOnlyList<Architecture> Known { get; } =
    [
        new Mixtral(),
        new Deepseek(),
        new Mistral(),
        new Llama(),
        new Qwen2(),
        new Qwen3(),
        new Qwen2Moe(),
        new Qwen3Moe(),
        new Gemma(),
        new Gemma2(),
        Gemma3Text,
        new Gemma3Vision(Gemma3Text),
        new Phi3(),
        new Olmo2(),
        new Olmoe(),
        new GptNeoX(),
    ];

    /// <summary>What a missing key means: the default of transformers' class.</summary>
    public abstract Defaults Absent { get; }

    /// <summary>The keys that this architecture reads and <see cref="UnreadKeys"/> would name where one does not.</summary>
    public virtual IReadOnlyList<string> Reads => [];

    /// <summary>The object of config.json that tells of the decoder: as a rule the whole.</summary>
    public virtual ConfigFile Section(ConfigFile file) => file;

    /// <summary>What config.json, or its section, asks for.</summary>
    /// <exception cref="Files.InputException">It cannot be, or asks for what a spec cannot say.</exception>
    public abstract DecoderSpec Decoder(ConfigFile file);

    /// <summary>What the whole of config.json changes about what a section asks for.</summary>
    public virtual DecoderSpec Within(ConfigFile whole, DecoderSpec spec) => spec;

    /// <summary>What its tensors are called in the layout of one tensor for each matrix.</summary>
    public virtual TensorNames Names => new();

    /// <summary>The layouts in use; a tensor for which none is here stands for itself.</summary>
    public virtual IReadOnlyList<TensorForm> Forms => [];

    /// <summary>How the names of tensors begin that belong to other parts than the decoder.</summary>
    public virtual IReadOnlyList<string> OtherParts => [];

    /// <summary>What is said of biases that the files hold and the decoder has not.</summary>
    public virtual string UnusedBiases => $"of biases, which {Name} does not have,";
}

/// <summary>
/// What keys of config.json mean where they are missing, and which they are where classes call them differently.
/// </summary>
/// <param name="Vocabulary">vocab_size; the next three are hidden_size, intermediate_size, num_hidden_layers.</param>
/// <param name="Heads">num_attention_heads</param>
/// <param name="MaxPositions">max_position_embeddings</param>
internal sealed record Defaults(int Vocabulary, int Hidden, int Intermediate, int Layers, int Heads, int MaxPositions)
{
    /// <summary>num_key_value_heads; null is as many as query heads.</summary>
    public int? KeyValueHeads { get; init; }

    /// <summary>head_dim; null is hidden_size shared out among the heads.</summary>
    public int? HeadDim { get; init; }
    public double NormEpsilon { get; init; } = 1e-6;
    public string NormEpsilonKey { get; init; } = "rms_norm_eps";
    public string Activation { get; init; } = "silu";
    public string ActivationKey { get; init; } = "hidden_act";
    public bool TiesEmbeddings { get; init; }
    public double Theta { get; init; } = 1e4;
    public string ThetaKey { get; init; } = "rope_theta";

    /// <summary>Which share of a head is turned; null where the class turns whole heads, whatever the config says.</summary>
    public double? RotaryShare { get; init; }
    public string RotaryShareKey { get; init; } = "partial_rotary_factor";

    /// <summary>eos_token_id, where there is no generation_config.json; null is none.</summary>
    public int? End { get; init; }

    /// <summary>original_max_position_embeddings; null is max_position_embeddings.</summary>
    public int? OriginalPositions { get; init; }

    /// <summary>The kinds of positions that the class takes; null is all.</summary>
    public IReadOnlyList<string>? KnownRopes { get; init; }

    /// <summary>The keys that may have any of several names, by the names that they have.</summary>
    public IReadOnlyList<string> Keys => [NormEpsilonKey, ActivationKey, ThetaKey, RotaryShareKey];

    /// <summary>Kinds of positions that the class calls by another's name.</summary>
    public IReadOnlyDictionary<string, string> RopeKinds { get; init; } = new Dictionary<string, string>();
}
