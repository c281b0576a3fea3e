namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Gemma3ForConditionalGeneration (transformers: models/gemma3): a text model, told of by text_config, that sees pictures
/// too. Its text is scored, and its picture part left aside.
/// </summary>
/// <param name="Text">The text model's page.</param>
internal sealed record Gemma3Vision(Architecture Text) : Architecture("Gemma3ForConditionalGeneration", "gemma3")
{
    public override Defaults Absent => Text.Absent;

    public override IReadOnlyList<string> Reads => Text.Reads;

    public override ConfigFile Section(ConfigFile file) => file.Section("text_config") ?? file.Empty("text_config");

    public override DecoderSpec Decoder(ConfigFile file) => Text.Decoder(file);

    /// <summary>The whole model ties its head, or not, and does not cap logits.</summary>
    public override DecoderSpec Within(ConfigFile whole, DecoderSpec spec) => spec with
    {
        TiesEmbeddings = whole.Bool("tie_word_embeddings", absent: true),
        LogitCap = null,
        Notes =
        [
            .. spec.Notes,
            .. spec.LogitCap is null ? Array.Empty<string>()
                : ["config.json: \"final_logit_softcapping\" in \"text_config\" is not applied, as in transformers"],
            "config.json: \"max_position_embeddings\" of \"text_config\" is the maximum length; the leaderboard's harness "
                + "would not look there",
        ],
    };

    public override TensorNames Names => Text.Names with
    {
        Base = "model.language_model.",
        OtherBases = ["language_model.model.", "language_model."],
    };

    /// <summary>The head, where it is a tensor of its own, stood within the language model before.</summary>
    public override IReadOnlyList<TensorForm> Forms { get; } =
        [new("lm_head.weight", "lm_head.weight"), new("lm_head.weight", "language_model.lm_head.weight")];

    public override IReadOnlyList<string> OtherParts { get; } = ["vision_tower.", "multi_modal_projector."];

    public override string UnusedBiases => Text.UnusedBiases;
}
