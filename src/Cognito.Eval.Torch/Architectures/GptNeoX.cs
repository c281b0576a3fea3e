namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// GPTNeoXForCausalLM (transformers: models/gpt_neox), of which Pythia is: centred norms with biases, attention and feed-forward
/// side by side, a feed-forward without a gate, a quarter of each head turned, queries, keys and values of a head together.
/// </summary>
internal sealed record GptNeoX() : Architecture("GPTNeoXForCausalLM", "gpt_neox")
{
    public override Defaults Absent { get; } = new(
        Vocabulary: 50432, Hidden: 6144, Intermediate: 24576, Layers: 44, Heads: 64, MaxPositions: 2048)
    {
        NormEpsilon = 1e-5,
        End = 2,
        NormEpsilonKey = "layer_norm_eps",
        Activation = "gelu",
        ThetaKey = "rotary_emb_base",
        RotaryShare = 0.25,
        RotaryShareKey = "rotary_pct",
    };

    public override IReadOnlyList<string> Reads =>
        ["layer_norm_eps", "rotary_emb_base", "rotary_pct", "use_parallel_residual", "attention_bias"];

    public override DecoderSpec Decoder(ConfigFile file)
    {
        var (bias, isParallel) = (file.Bool("attention_bias", absent: true), file.Bool("use_parallel_residual", absent: true));
        var spec = UsualDecoder.Read(file, Absent, (_, usual) => usual with
        {
            IsParallel = isParallel,
            // Each head has its own keys and values, whatever num_key_value_heads says.
            Attention = usual.Attention with
            {
                KeyValueHeads = usual.Attention.Heads,
                ProjectionBias = bias,
                OutputBias = bias,
                IsInterleaved = true,
            },
            FeedForward = usual.FeedForward with { IsGated = false, HasBias = true },
        }, NormKind.Centred);
        return file.Value("num_key_value_heads") is { } shared && shared.GetRawText() != $"{spec.Layers[0].Attention.Heads}"
            ? spec with { Notes = [.. spec.Notes, UnreadKeys.Note("num_key_value_heads", shared)] } : spec;
    }

    public override TensorNames Names { get; } = new()
    {
        Base = "gpt_neox.",
        Embedding = "embed_in",
        Norm = "final_layer_norm",
        Head = "embed_out",
        Projections = ["attention.query_key_value"],
        Output = "attention.dense",
        FeedForward = new("mlp.", ["dense_h_to_4h"], "dense_4h_to_h"),
    };

    /// <summary>The head as files have it, and as transformers 5 has it in memory: it reads either.</summary>
    public override IReadOnlyList<TensorForm> Forms { get; } =
        [new("embed_out.weight", "embed_out.weight"), new("embed_out.weight", "lm_head.weight")];

    public override string UnusedBiases => "of biases that config.json does not switch on";
}
