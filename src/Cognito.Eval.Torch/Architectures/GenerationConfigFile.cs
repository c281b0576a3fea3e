using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Torch.Architectures;

/// <summary>
/// Reads the settings of generation as transformers 5.17 reads them: from generation_config.json, and where that is absent
/// from config.json. Each key is applied, refused, or known to change no token of greedy decoding.
/// </summary>
internal sealed class GenerationConfigFile
{
    private const string
        FileName = "generation_config.json",
        Fix = "take the key out to generate without it, which the reference does not, or leave out the tasks that generate";

    /// <summary>Of sampling, of beams, of caches, of outputs and of drafts; and the lengths, which the reference gives itself.</summary>
    private static readonly HashSet<string> Idle =
    [
        "max_length", "max_new_tokens", "early_stopping", "do_sample", "use_cache", "cache_implementation", "cache_config",
        "max_cache_len", "temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff",
        "length_penalty", "num_return_sequences", "output_attentions", "output_hidden_states", "output_scores",
        "output_logits", "return_dict_in_generate", "pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id",
        "num_assistant_tokens", "num_assistant_tokens_schedule", "assistant_confidence_threshold",
        "max_matching_ngram_size", "assistant_lookbehind", "target_lookbehind", "assistant_ensemble_weight",
        "speculation_type", "disable_compile", "continuous_batching_config", "low_memory", "diversity_penalty",
        "num_beam_groups", "prefill_chunk_size", "_commit_hash", "_from_model_config", "transformers_version",
    ];

    /// <summary>Keys that are read below, whatever comes of them.</summary>
    private static readonly HashSet<string> ReadHere =
    [
        "sequence_bias", "encoder_repetition_penalty", "repetition_penalty", "no_repeat_ngram_size",
        "encoder_no_repeat_ngram_size", "bad_words_ids", "min_length", "min_new_tokens", "forced_bos_token_id",
        "forced_eos_token_id", "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens",
        "begin_suppress_tokens", "renormalize_logits", "force_bos_token_to_be_generated",
        .. GenerationRefusals.Keys,
    ];

    /// <summary>They draft tokens that greedy decoding then confirms.</summary>
    private static readonly string[] Drafts = ["prompt_lookup_num_tokens", "assistant_early_exit"];

    private readonly ConfigFile _file;
    private readonly bool _isModelConfig;
    private readonly int _vocabulary;
    private readonly OrderedDictionary<string, JsonElement> _applied = [];
    private readonly List<string> _idle = [];

    private GenerationConfigFile(ConfigFile file, bool isModelConfig, int vocabulary) =>
        (_file, _isModelConfig, _vocabulary) = (file, isModelConfig, vocabulary);

    /// <summary>A refusal is kept for whoever generates: log-likelihoods have nothing to do with it.</summary>
    /// <param name="folder">Null where there is nothing but the config.</param>
    /// <param name="end">What ends a text where the config alone is there and does not tell; null is nothing.</param>
    /// <exception cref="InputException">The file cannot be read, or its eos_token_id is none.</exception>
    public static GenerationConfig Read(string? folder, ConfigFile config, int vocabulary, int? end)
    {
        var path = folder is null ? null : Path.Combine(folder, FileName);
        var isModelConfig = path is null || !RegularFile.Exists(path);
        var file = isModelConfig ? config : ConfigFile.Read(path!);
        var ends = isModelConfig && !file.Holds("eos_token_id") && end is { } absent ? [absent] : file.Ints("eos_token_id", 0, int.MaxValue);
        try
        {
            return new GenerationConfigFile(file, isModelConfig, vocabulary).Settings(ends);
        }
        catch (InputException refusal)
        {
            return new() { EndIds = ends, Refusal = refusal };
        }
    }

    private GenerationConfig Settings(int[] ends)
    {
        GenerationRefusals.Check(_file, _isModelConfig);
        var config = Processors(ends);
        if (config.ForcedBos.Count > 0 && config.ForcedBos.All(config.SuppressTokens.Contains))
            throw Bad("forced_bos_token_id", "is also in suppress_tokens, which transformers refuses");
        if (config.ForcedEos.Count > 0 && config.ForcedEos.All(config.SuppressTokens.Contains))
            throw Bad("forced_eos_token_id", "is also in suppress_tokens, which transformers refuses");
        _idle.AddRange(Drafts.Where(_file.Has));
        if (!_isModelConfig)
            _idle.AddRange(_file.Keys.Where(key => !Idle.Contains(key) && !ReadHere.Contains(key) && !Drafts.Contains(key))
                .Distinct());
        return config with
        {
            Record = _applied.Count + _idle.Count == 0 ? null
                : new(_isModelConfig ? "config.json" : FileName, _applied, _idle.Count == 0 ? null : _idle),
        };
    }

    /// <summary>In the order in which transformers puts its processors; what has no effect stays out of what was applied.</summary>
    private GenerationConfig Processors(int[] ends)
    {
        var newTokens = Count("min_new_tokens");
        var config = new GenerationConfig
        {
            EndIds = ends,
            SequenceBias = Applied("sequence_bias", Biases()),
            EncoderRepetitionPenalty = Applied("encoder_repetition_penalty", Penalty("encoder_repetition_penalty")),
            RepetitionPenalty = Applied("repetition_penalty", Penalty("repetition_penalty")),
            NoRepeatNgramSize = Applied("no_repeat_ngram_size", Count("no_repeat_ngram_size")),
            EncoderNoRepeatNgramSize = Applied("encoder_no_repeat_ngram_size", Count("encoder_no_repeat_ngram_size")),
            BadWords = Applied("bad_words_ids", BadWords(ends)),
            // Where both are given the least number of new tokens takes the other's place, even if it is 0.
            MinLength = OfEnds("min_length", Count("min_length"), ends, _file.Has("min_new_tokens")),
            MinNewTokens = OfEnds("min_new_tokens", newTokens, ends, isReplaced: false),
            ForcedBos = Applied("forced_bos_token_id", Forced("forced_bos_token_id")),
            ForcedEos = Applied("forced_eos_token_id", Forced("forced_eos_token_id")),
            RemovesInvalidValues = Flag("remove_invalid_values"),
            ExponentialDecay = Decay(ends),
            SuppressTokens = Applied("suppress_tokens", Suppressed("suppress_tokens")),
            BeginSuppressTokens = Applied("begin_suppress_tokens", Suppressed("begin_suppress_tokens")),
            RenormalizesLogits = Flag("renormalize_logits"),
        };
        if (!_isModelConfig || config.ForcedBos.Count > 0 || !_file.Has("force_bos_token_to_be_generated"))
            return config;
        // As BART's config says it.
        return config with
        {
            ForcedBos = _file.Bool("force_bos_token_to_be_generated")
                ? Applied("force_bos_token_to_be_generated", Forced("bos_token_id")) : [],
        };
    }

    private T? Applied<T>(string key, T? value) where T : struct
    {
        if (value is not null)
            _applied[key] = _file.Value(key)!.Value;
        return value;
    }

    private IReadOnlyList<T> Applied<T>(string key, IReadOnlyList<T> values)
    {
        if (values.Count > 0)
            _applied[key] = _file.Value(key)!.Value;
        return values;
    }

    /// <summary>Without an end there is nothing to keep back.</summary>
    private int? OfEnds(string key, int? value, int[] ends, bool isReplaced)
    {
        if (value is null)
            return null;
        if (!isReplaced && ends.Length > 0)
            return Applied(key, value);
        _idle.Add(key);
        return null;
    }

    /// <summary>Strictly positive, and written as a Python float; 1 penalises nothing, however it is written.</summary>
    private double? Penalty(string key) => _file.Value(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number == 1 ? null : number > 0 && IsFloat(value) ? number
            : throw Bad(key, $"is {ConfigFile.Shown(value)}; transformers takes a number above 0 with a decimal point, such as 2.0")
        : throw Bad(key, $"is {ConfigFile.Shown(value)}, not a number");

    /// <summary>A whole number above 0; null for what is not above it.</summary>
    private int? Count(string key) => _file.Value(key) is not { } value ? null
        : value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number)
            ? throw Bad(key, $"is {ConfigFile.Shown(value)}, not a whole number")
        : number <= 0 ? null
        : !IsFloat(value) && value.TryGetInt32(out var count) ? count
        : throw Bad(key, $"is {ConfigFile.Shown(value)}; transformers takes a whole number");

    private bool Flag(string key)
    {
        if (!_file.Bool(key))
            return false;
        _applied[key] = _file.Value(key)!.Value;
        return true;
    }

    /// <summary>One token, or several of equal right; each one that the model knows.</summary>
    private int[] Forced(string key) => _file.Ints(key, 0, _vocabulary - 1);

    /// <summary>Tokens that the model does not know are nothing to suppress.</summary>
    private int[] Suppressed(string key) => _file.Value(key) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array
            ? [.. _file.Ints(key, int.MinValue, int.MaxValue).Where(token => token >= 0 && token < _vocabulary)]
        : throw Bad(key, $"is {ConfigFile.Shown(value)}, not a list of tokens");

    private int[][] BadWords(int[] ends) => _file.Value("bad_words_ids") is not { } value ? []
        : value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            ? [.. value.EnumerateArray().Select(word => Word("bad_words_ids", word, 0))
                .Where(word => word.Length > 1 || !ends.Contains(word[0]))]
        : throw Bad("bad_words_ids", $"is {ConfigFile.Shown(value)}, not a list of lists of tokens");

    private int[] Word(string key, JsonElement value, int least) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
        ? [.. value.EnumerateArray().Select(token => token.ValueKind == JsonValueKind.Number && token.TryGetInt32(out var id)
            && id >= least && id < _vocabulary ? id
            : throw Bad(key, $"holds {ConfigFile.Shown(token)}, not a token from {least} to {_vocabulary - 1}"))]
        : throw Bad(key, $"holds {ConfigFile.Shown(value)}, not a list of tokens");

    /// <summary>Pairs of tokens and bias; of two with the same tokens the later bias counts, at the earlier's place.</summary>
    private TokenBias[] Biases()
    {
        if (_file.Value("sequence_bias") is not { } value)
            return [];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
            throw Bad("sequence_bias", $"is {ConfigFile.Shown(value)}; transformers takes a list of pairs, [[tokens], bias]");
        var biases = new OrderedDictionary<string, TokenBias>();
        foreach (var pair in value.EnumerateArray())
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() < 2 || !IsFloat(pair[1]))
                throw Bad("sequence_bias", $"holds {ConfigFile.Shown(pair)}; transformers takes pairs, [[tokens], bias with a decimal point]");
            var tokens = Word("sequence_bias", pair[0], 1);
            biases[string.Join(' ', tokens)] = new(tokens, pair[1].GetDouble());
        }
        return [.. biases.Values];
    }

    private LengthDecay? Decay(int[] ends)
    {
        const string key = "exponential_decay_length_penalty";
        if (_file.Value(key) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() < 2
            || value.EnumerateArray().Take(2).Any(part => part.ValueKind != JsonValueKind.Number || !double.IsFinite(part.GetDouble())))
            throw Bad(key, $"is {ConfigFile.Shown(value)}, not a pair of numbers, [start, factor]");
        if (ends.Length == 0)
            throw Bad(key, "is there, but no eos_token_id, which transformers needs for it");
        if (ends.FirstOrDefault(end => end >= _vocabulary, -1) is >= 0 and var unknown)
            throw Bad(key, $"is there, and eos_token_id holds {unknown}, which is not among the {_vocabulary} tokens of the model");
        _applied[key] = value;
        return new(value[0].GetDouble(), value[1].GetDouble());
    }

    /// <summary>Whether Python reads it as a float: it has a point or an exponent.</summary>
    private static bool IsFloat(JsonElement value) => value.ValueKind == JsonValueKind.Number
        && value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') && double.IsFinite(value.GetDouble());

    private InputException Bad(string key, string fact) => _file.Bad(key, fact, Fix);
}
