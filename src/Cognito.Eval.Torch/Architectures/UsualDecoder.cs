namespace Cognito.Eval.Torch.Architectures;

/// <summary>The decoder that most of transformers' classes build, from keys of config.json that they read alike.</summary>
internal static class UsualDecoder
{
    /// <param name="absent">What a missing key means.</param>
    /// <param name="change">From a layer's index and the usual layer to the architecture's own.</param>
    /// <param name="norm">What the architecture's norms do.</param>
    /// <param name="rope">From a head's size to what turns it, where the config tells of more than one.</param>
    public static DecoderSpec Read(
        ConfigFile file, Defaults absent, Func<int, LayerSpec, LayerSpec>? change = null,
        NormKind norm = NormKind.CastThenWeigh,
        Func<int, (RopeConfig Rope, IReadOnlyList<string> Notes)>? rope = null)
    {
        var words = Size(file, "vocab_size", 1 << 24, absent.Vocabulary);
        var hidden = Size(file, "hidden_size", 1 << 17, absent.Hidden);
        var feedForward = new FeedForwardSpec(Size(file, "intermediate_size", 1 << 20, absent.Intermediate))
        {
            Activation = Activations.Read(file, absent),
        };
        var (attention, notes) = Attention(file, hidden, absent, rope);
        var normed = new NormSpec(file.Number(absent.NormEpsilonKey, 0, 1, absent.NormEpsilon)) { Kind = norm };
        var usual = new LayerSpec(attention, feedForward) { AttentionNorm = normed, FeedForwardNorm = normed };
        return new()
        {
            VocabularySize = words,
            HiddenSize = hidden,
            Layers = [.. Enumerable.Range(0, Layers(file, absent)).Select(layer => change?.Invoke(layer, usual) ?? usual)],
            Norm = normed,
            TiesEmbeddings = file.Bool("tie_word_embeddings", absent.TiesEmbeddings),
            Notes = notes,
        };
    }

    /// <summary>A null is no size, though a missing key may be one.</summary>
    private static int Size(ConfigFile file, string key, int most, int absent) =>
        file.IntOrNull(key, 1, most, absent) ?? throw file.Bad(key, "is null");

    /// <exception cref="Files.InputException">Tokens see those after them.</exception>
    public static void RequireCausal(ConfigFile file)
    {
        if (file.Bool("use_bidirectional_attention"))
            throw file.Bad("use_bidirectional_attention", "is true", "only causal models are scored");
    }

    public static int MaxPositions(ConfigFile file, Defaults absent) =>
        file.Int("max_position_embeddings", 1, 1 << 30, absent.MaxPositions);

    public static int Layers(ConfigFile file, Defaults absent) => Size(file, "num_hidden_layers", 1024, absent.Layers);

    private static (AttentionSpec Attention, IReadOnlyList<string> Notes) Attention(
        ConfigFile file, int hidden, Defaults absent, Func<int, (RopeConfig Rope, IReadOnlyList<string> Notes)>? ropeOf)
    {
        var heads = Size(file, "num_attention_heads", 4096, absent.Heads);
        // A null says as many as query heads, in every class.
        var shared = file.IntOrNull("num_key_value_heads", 1, 4096, absent.KeyValueHeads) ?? heads;
        if (heads % shared != 0)
            throw file.Bad("num_key_value_heads", $"is {shared}, which does not divide the {heads} of num_attention_heads");
        var size = HeadDim(file, hidden, heads, absent);
        var (rope, notes) = ropeOf?.Invoke(size) ?? RopeConfig.Read(file, absent, size);
        return (new(heads, shared, size, rope), notes);
    }

    public static int HeadDim(ConfigFile file, int hidden, int heads, Defaults absent)
    {
        // A null shares hidden_size out, whatever a missing key means.
        var told = file.IntOrNull("head_dim", 2, 4096, absent.HeadDim);
        if (told is null && hidden % heads != 0)
            throw file.Bad("num_attention_heads", $"is {heads}, which does not divide the {hidden} of hidden_size");
        var size = told ?? hidden / heads;
        return size > 0 && size % 2 == 0 ? size
            : throw file.Bad(file.Has("head_dim") ? "head_dim" : "hidden_size",
                $"makes heads of {size} values; rotary positions need an even number");
    }
}

/// <summary>The activations by transformers' names.</summary>
internal static class Activations
{
    private static readonly Dictionary<string, Activation> Known = new(StringComparer.Ordinal)
    {
        ["silu"] = Activation.Silu,
        ["swish"] = Activation.Silu,
        ["gelu"] = Activation.Gelu,
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_fast"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
        ["gelu_python"] = Activation.Gelu,
        ["gelu_python_tanh"] = Activation.GeluTanh,
        ["gelu_accurate"] = Activation.GeluTanh,
        ["relu"] = Activation.Relu,
    };

    /// <exception cref="Files.InputException">It is another.</exception>
    public static Activation Read(ConfigFile file, Defaults absent) =>
        Known[file.Word(absent.ActivationKey, [.. Known.Keys]) ?? absent.Activation];

    /// <summary>Null where the name is of none that is known.</summary>
    public static Activation? Named(string name) =>
        Known.TryGetValue(name.ToLowerInvariant(), out var activation) ? activation : null;
}
