namespace Cognito.Eval.Torch.Architectures;

/// <summary>The decoder that most of transformers' classes build, from keys of config.json that they read alike.</summary>
internal static class UsualDecoder
{
    /// <param name="absent">What a missing key means.</param>
    /// <param name="change">From a layer's index and the usual layer to the architecture's own.</param>
    public static DecoderSpec Read(ConfigFile file, Defaults absent, Func<int, LayerSpec, LayerSpec>? change = null)
    {
        file.Word("hidden_act", "silu", "swish");
        var (rope, notes) = RopeConfig.Read(file, absent.Theta, MaxPositions(file, absent));
        var words = file.Int("vocab_size", 1, 1 << 24);
        var hidden = file.Int("hidden_size", 1, 1 << 17);
        var feedForward = new FeedForwardSpec(file.Int("intermediate_size", 1, 1 << 20));
        var layers = file.Int("num_hidden_layers", 1, 1024);
        var attention = Attention(file, hidden, absent, rope);
        var norm = new NormSpec(file.Number("rms_norm_eps", 0, 1, absent.NormEpsilon));
        var usual = new LayerSpec(norm, attention, norm, feedForward);
        return new()
        {
            VocabularySize = words,
            HiddenSize = hidden,
            Layers = [.. Enumerable.Range(0, layers).Select(layer => change?.Invoke(layer, usual) ?? usual)],
            Norm = norm,
            TiesEmbeddings = file.Bool("tie_word_embeddings"),
            Notes = notes,
        };
    }

    public static int MaxPositions(ConfigFile file, Defaults absent) =>
        file.Int("max_position_embeddings", 1, 1 << 30, absent.MaxPositions);

    private static AttentionSpec Attention(ConfigFile file, int hidden, Defaults absent, RopeConfig rope)
    {
        var heads = file.Int("num_attention_heads", 1, 4096);
        // A null means as many as query heads, in every class.
        var shared = file.IntOrNull("num_key_value_heads", 1, 4096, absent.KeyValueHeads) ?? heads;
        if (heads % shared != 0)
            throw file.Bad("num_key_value_heads", $"is {shared}, which does not divide the {heads} of num_attention_heads");
        return new(heads, shared, HeadDim(file, hidden, heads), rope);
    }

    private static int HeadDim(ConfigFile file, int hidden, int heads)
    {
        if (!file.Has("head_dim") && hidden % heads != 0)
            throw file.Bad("num_attention_heads", $"is {heads}, which does not divide the {hidden} of hidden_size");
        var size = file.Int("head_dim", 2, 4096, hidden / heads);
        return size > 0 && size % 2 == 0 ? size
            : throw file.Bad(file.Has("head_dim") ? "head_dim" : "hidden_size",
                $"makes heads of {size} values; rotary positions need an even number");
    }
}
