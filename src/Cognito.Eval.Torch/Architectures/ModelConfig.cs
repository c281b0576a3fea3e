using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>What a checkpoint's config.json says of its model, every number within sane bounds.</summary>
public sealed record ModelConfig
{
    private readonly Architecture _page;

    internal ModelConfig(Architecture page, DecoderSpec spec) => (_page, Spec) = (page, spec);

    /// <summary>What the decoder is made of.</summary>
    internal DecoderSpec Spec { get; init; }

    /// <summary>What its files hold.</summary>
    internal DecoderTensors Tensors => new(Spec, _page.Names);

    /// <summary>In which ways they may hold it.</summary>
    internal IReadOnlyList<TensorForm> Forms => _page.Forms;

    /// <summary>What the head may be called, whether there is one or not.</summary>
    internal IReadOnlyList<string> HeadNames =>
        [.. Forms.Where(form => form.Asked == Tensors.HeadName).Select(form => form.Stored).DefaultIfEmpty(Tensors.HeadName)];

    /// <summary>How the names of their tensors begin that belong to other parts.</summary>
    internal IReadOnlyList<string> OtherParts => _page.OtherParts;

    /// <summary>What is said of biases that they hold and the decoder has not.</summary>
    internal string UnusedBiases => _page.UnusedBiases;

    /// <summary>The name of transformers' class.</summary>
    public string Architecture => _page.Name;

    /// <summary>The most tokens one sequence may have, by the leaderboard's rule.</summary>
    public required int MaxLength { get; init; }

    /// <summary>The tokens that end a generated text.</summary>
    public IReadOnlyList<int> EndIds => Generation.EndIds;

    /// <summary>What has a say in generated text beside the model.</summary>
    public required GenerationConfig Generation { get; init; }

    /// <summary>The type the weights were saved in: float32, bfloat16, float16 or null where it is not told.</summary>
    public string? Dtype { get; init; }

    /// <summary>What config.json says to no effect, here or in transformers, though it might seem to; one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>From which length on a sequence's positions turn otherwise; null where length has no say.</summary>
    public int? LongFrom => Spec.Layers.Select(layer => layer.Attention.Rope.LongFrom).FirstOrDefault(from => from is not null);

    public int VocabularySize => Spec.VocabularySize;
    public int HiddenSize => Spec.HiddenSize;
    public int Layers => Spec.Layers.Count;

    /// <summary>Of any layer the most, as the others below are too.</summary>
    public int IntermediateSize => Most(layer => layer.FeedForward.IntermediateSize);
    public int Heads => Most(layer => layer.Attention.Heads);
    public int KeyValueHeads => Most(layer => layer.Attention.KeyValueHeads);
    public int HeadDim => Most(layer => layer.Attention.HeadDim);

    /// <summary>Feed-forwards a layer; 1 where there is no router.</summary>
    public int Experts => Most(layer => layer.FeedForward.Experts);
    public int ExpertsPerToken => Most(layer => layer.FeedForward.ExpertsPerToken);

    /// <summary>Whether any layer has one.</summary>
    public bool HasRouter => Spec.Layers.Any(layer => layer.FeedForward.Mixture is not null);

    /// <summary>All weights, a table that is embedding and head at once counted once.</summary>
    public long Parameters => Tensors.Count(feedForward => feedForward.Experts);

    /// <summary>The weights one token meets: of the experts only those chosen for it.</summary>
    public long ActiveParameters => Tensors.Count(feedForward => feedForward.ExpertsPerToken);

    /// <summary>
    /// Floating-point operations for one token: a multiplication and an addition for every active weight, the
    /// vocabulary's head included and the embedding, which is looked up, left out. Attention over keys is not counted.
    /// </summary>
    public long FlopPerToken => 2 * (ActiveParameters - (Spec.TiesEmbeddings ? 0 : Tensors.Embedding.Count));

    /// <summary>Those of them that are the vocabulary's head.</summary>
    public long HeadFlop => 2 * Tensors.Embedding.Count;

    /// <summary>Those of scores and of what they weigh, for one token of a sequence of that length on the mean.</summary>
    public double AttentionFlop(int length) => Spec.Layers.Select(layer => layer.Attention).Sum(attention =>
        4.0 * attention.Heads * attention.HeadDim
            * Enumerable.Range(1, length).Average(seen => Math.Min(seen, attention.Window ?? int.MaxValue)));

    private int Most(Func<LayerSpec, int> size) => Spec.Layers.Max(size);

    /// <summary>The shapes that <see cref="Named"/> knows.</summary>
    public static IEnumerable<string> Names => NamedShapes.Names;

    /// <summary>A well-known model's shape, for measuring without its files.</summary>
    /// <exception cref="InputException">None is called so.</exception>
    public static ModelConfig Named(string name) => Read(NamedShapes.Config(name), folder: null);

    /// <summary>The same model of its first layers alone.</summary>
    /// <exception cref="InputException">It has not so many.</exception>
    public ModelConfig Cut(int layers) => layers <= Layers
        ? this with { Spec = Spec with { Layers = [.. Spec.Layers.Take(layers)] } }
        : throw new InputException($"--layers {layers}: the shape has {Layers}");

    /// <summary>Reads config.json, and generation_config.json where there is one.</summary>
    /// <exception cref="InputException">They cannot be read, or ask for what is not done here.</exception>
    public static ModelConfig Read(string folder) => Read(ConfigFile.Read(Path.Combine(folder, "config.json")), folder);

    private static ModelConfig Read(ConfigFile file, string? folder)
    {
        var page = ArchitectureName.Read(file);
        foreach (var key in (string[])["quantization_config", "compression_config"])
            if (file.Has(key))
                throw file.Bad(key, "is there", "use the checkpoint's unquantized weights");
        var section = page.Section(file);
        if (section == file && file.Has("text_config") && !file.Has("hidden_size"))
            throw file.Bad("text_config", "holds the config of a model within a larger one",
                "save the language model by itself");
        var spec = page.Within(file, page.Decoder(section));
        var config = new ModelConfig(page, spec)
        {
            // The harness looks for n_positions first.
            MaxLength = file.Int("n_positions", 1, 1 << 30, UsualDecoder.MaxPositions(section, page.Absent)),
            Generation = GenerationConfigFile.Read(
                folder, file.Holds("eos_token_id") ? file : section, spec.VocabularySize, page.Absent.End),
            Dtype = file.Word(file.Has("dtype") ? "dtype" : "torch_dtype", "float32", "bfloat16", "float16"),
        };
        return config with { Notes = [.. UnreadKeys.Notes(section, page, config), .. spec.Notes] };
    }
}
