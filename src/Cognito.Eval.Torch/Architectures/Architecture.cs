namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// One architecture of transformers, all of it on one page: what its config.json asks for and what its tensors are called.
/// Whatever computes reads the <see cref="DecoderSpec"/> and knows no architecture.
/// </summary>
/// <param name="Name">Its class for causal language models, as "architectures" has it.</param>
/// <param name="ModelType">As "model_type" has it.</param>
internal abstract record Architecture(string Name, string ModelType)
{
    /// <summary>All that are known, one a line.</summary>
    public static IReadOnlyList<Architecture> Known { get; } =
    [
        new Mixtral(),
        new Mistral(),
        new Llama(),
        new Qwen2(),
    ];

    /// <summary>What a missing key means: the default of transformers' class.</summary>
    public abstract Defaults Absent { get; }

    /// <summary>The keys that this architecture reads and <see cref="UnreadKeys"/> would name where one does not.</summary>
    public virtual IReadOnlyList<string> Reads => [];

    /// <summary>What config.json asks for.</summary>
    /// <exception cref="Files.InputException">It cannot be, or asks for what a spec cannot say.</exception>
    public abstract DecoderSpec Decoder(ConfigFile file);

    /// <summary>What its tensors are called in the layout of one tensor for each matrix.</summary>
    public virtual TensorNames Names => new();

    /// <summary>The layouts in use; a tensor for which none is here stands for itself.</summary>
    public virtual IReadOnlyList<TensorForm> Forms => [];

    /// <summary>What is said of biases that the files hold and the decoder has not.</summary>
    public virtual string UnusedBiases => $"of biases, which {Name} does not have,";
}

/// <summary>What keys of config.json mean where they are missing.</summary>
/// <param name="MaxPositions">max_position_embeddings</param>
/// <param name="NormEpsilon">rms_norm_eps</param>
/// <param name="Theta">rope_theta</param>
/// <param name="KeyValueHeads">num_key_value_heads; null is as many as query heads.</param>
internal sealed record Defaults(int MaxPositions, double NormEpsilon = 1e-6, double Theta = 1e4, int? KeyValueHeads = null);
