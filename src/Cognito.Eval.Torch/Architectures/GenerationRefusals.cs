using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>Settings of generation that change greedy tokens and are not done here, or on which the reference stops.</summary>
internal static class GenerationRefusals
{
    private const string Fix = "take the key out to generate without it, which the reference does not, or leave out the tasks that generate";

    private sealed record Rule(string Key, Func<JsonElement, ConfigFile, bool> IsRefused, string Why);

    private static readonly Rule[] Rules =
    [
        new("num_beams", (value, _) => !IsNumber(value, 1), "beam search is not done here"),
        new("penalty_alpha", (value, file) => Number(value) is not (<= 0)
            && (file.Value("top_k") is not { } k || Number(k) is not (<= 1)), "contrastive search is not done here"),
        new("guidance_scale", (value, _) => !IsNumber(value, 1), "guidance without a classifier is not done here"),
        new("watermarking_config", Always, "watermarks are not made here"),
        new("constraints", Always, "constrained beam search is not done here"),
        new("force_words_ids", Always, "constrained beam search is not done here"),
        new("dola_layers", Always, "decoding by contrasting layers is not done here"),
        new("use_mtp", IsTrue, "tokens are not drafted by the model's own heads here"),
        new("is_assistant", IsTrue, "the model is not run as another's assistant here"),
        new("max_time", Always, "an answer's length would depend on the clock"),
        new("stop_strings", Always, "the reference stops on it: it hands generate no tokenizer"),
        new("token_healing", IsTrue, "the reference stops on it: it hands generate no tokenizer"),
        new("num_return_sequences", (value, _) => Number(value) is not (<= 1), "greedy decoding has one answer"),
        new("max_new_tokens", (value, _) => Number(value) is not > 0, "transformers takes a number above 0"),
        new("early_stopping", (value, _) => value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)
            && !IsNumber(value, 0) && !IsNumber(value, 1)
            && !(value.ValueKind == JsonValueKind.String && value.GetString() == "never"), "transformers takes true, false or \"never\""),
        new("assistant_ensemble_weight", (value, _) => Number(value) is not (> 0 and < 1), "transformers takes a number between 0 and 1"),
        new("cache_implementation", (value, _) => value.ValueKind != JsonValueKind.String || value.GetString() is not (
            "static" or "offloaded_static" or "sliding_window" or "hybrid" or "hybrid_chunked" or "offloaded_hybrid"
            or "offloaded_hybrid_chunked" or "dynamic" or "offloaded"), "keys and values are kept as they are here"),
        new("compile_config", Always, "transformers refuses it in a file"),
    ];

    /// <summary>Arguments of generate: transformers refuses the file that so much as names one, unless it is config.json.</summary>
    private static readonly string[] Arguments =
    [
        "logits_processor", "stopping_criteria", "prefix_allowed_tokens_fn", "synced_gpus", "assistant_model", "streamer",
        "negative_prompt_ids", "negative_prompt_attention_mask",
    ];

    public static IEnumerable<string> Keys => Rules.Select(rule => rule.Key).Concat(Arguments);

    /// <exception cref="InputException">One of them is there.</exception>
    public static void Check(ConfigFile file, bool isModelConfig)
    {
        foreach (var rule in Rules)
            if (file.Value(rule.Key) is { } value && rule.IsRefused(value, file))
                throw file.Bad(rule.Key, $"is {ConfigFile.Shown(value)}: {rule.Why}", Fix);
        if (!isModelConfig && file.Value("_from_model_config") is not { ValueKind: JsonValueKind.True }
            && Arguments.FirstOrDefault(file.Holds) is { } argument)
            throw file.Bad(argument, "is there, which transformers refuses in a file", Fix);
    }

    private static bool Always(JsonElement value, ConfigFile file) => true;

    private static bool IsTrue(JsonElement value, ConfigFile file) =>
        value.ValueKind != JsonValueKind.False && !IsNumber(value, 0);

    private static bool IsNumber(JsonElement value, double number) => Number(value) == number;

    private static double? Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => null,
    };
}
