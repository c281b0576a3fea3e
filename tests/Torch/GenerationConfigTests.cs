using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

/// <summary>generation_config.json, key by key: applied, refused, or without effect.</summary>
public sealed class GenerationConfigTests : IDisposable
{
    private const string Llama = """
        {"architectures": ["LlamaForCausalLM"], "vocab_size": 100, "hidden_size": 64, "intermediate_size": 160, "eos_token_id": 2,
        "num_hidden_layers": 2, "num_attention_heads": 4}
        """;
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <param name="generation">generation_config.json; null for none.</param>
    private GenerationConfig Read(string? generation, string config = Llama)
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), config);
        if (generation is not null)
            File.WriteAllText(Path.Combine(_folder, "generation_config.json"), generation);
        return ModelConfig.Read(_folder).Generation;
    }

    [Fact]
    public void What_is_applied_is_recorded_in_the_order_of_the_processors()
    {
        var config = Read("""
            {"renormalize_logits": true, "min_new_tokens": 8, "repetition_penalty": 1.30, "eos_token_id": [2, 7], "suppress_tokens": [42, 4200],
            "bad_words_ids": [[7], [5, 2], [6]], "top_p": 0.9, "do_sample": true, "num_beams": 1, "transformers_version": "4.37.2"}
            """).Require();
        Assert.Equal((1.3, 8, true), (config.RepetitionPenalty, config.MinNewTokens, config.RenormalizesLogits));
        Assert.Equal<int[]>([[5, 2], [6]], config.BadWords);
        Assert.Equal([42], config.SuppressTokens);
        Assert.Equal([2, 7], config.EndIds);
        Assert.Equal(("generation_config.json", null), (config.Record!.File, config.Record.WithoutEffect));
        Assert.Equal("repetition_penalty 1.30, bad_words_ids [[7],[5,2],[6]], min_new_tokens 8, suppress_tokens [42,4200], renormalize_logits true",
            config.Record.Settings);
    }

    [Theory]
    [InlineData("""{"eos_token_id": 2, "pad_token_id": 0, "bos_token_id": 1, "transformers_version": "5.0.0", "_from_model_config": true}""")]
    [InlineData("""{"do_sample": true, "temperature": 0.6, "top_p": 0.9, "top_k": 50, "min_p": 0.1, "typical_p": 0.5, "max_length": 4096, "max_new_tokens": 7}""")]
    [InlineData("""{"repetition_penalty": 1, "no_repeat_ngram_size": 0, "min_length": 0, "num_beams": 1, "num_beam_groups": 1, "guidance_scale": 1.0}""")]
    [InlineData("""{"repetition_penalty": null, "bad_words_ids": null, "num_beams": null, "remove_invalid_values": false, "early_stopping": "never"}""")]
    [InlineData("""{"penalty_alpha": 0.6, "top_k": 1, "length_penalty": 2.0, "cache_implementation": "static", "use_cache": false}""")]
    [InlineData("""{"encoder_repetition_penalty": 1.0, "min_length": -3, "penalty_alpha": 0, "num_return_sequences": 1, "output_scores": true}""")]
    public void What_changes_no_greedy_token_is_not_spoken_of(string generation)
    {
        var config = Read(generation).Require();
        Assert.Null(config.Record);
        Assert.Equal((null, null, null, null, false), (config.RepetitionPenalty, config.NoRepeatNgramSize, config.MinLength,
            config.MinNewTokens, config.RemovesInvalidValues));
    }

    [Theory]
    [InlineData("""{"min_new_tokens": 5, "min_length": 7}""", "min_length, min_new_tokens")] // no eos_token_id here: nothing to keep back
    [InlineData("""{"eos_token_id": 2, "repitition_penalty": 1.3, "chat_format": "x"}""", "repitition_penalty, chat_format")]
    [InlineData("""{"eos_token_id": 2, "min_new_tokens": 0, "min_length": 7}""", "min_length")]
    [InlineData("""{"prompt_lookup_num_tokens": 5}""", "prompt_lookup_num_tokens")]
    public void What_has_no_effect_though_it_looks_so_is_named(string generation, string keys)
    {
        var config = Read(generation).Require();
        Assert.Equal(keys, string.Join(", ", config.Record!.WithoutEffect!));
        Assert.Equal($"generation_config.json, without effect on greedy answers: {keys}", $"{config.Record}");
    }

    [Fact]
    public void Config_json_counts_where_the_other_file_is_absent()
    {
        var config = Llama.Replace("\"vocab_size\"", "\"repetition_penalty\": 1.5, \"min_length\": 9, \"vocab_size\"", StringComparison.Ordinal);
        Assert.Equal(("config.json", 1.5, 9), (Read(null, config).Record!.File, Read(null, config).RepetitionPenalty, Read(null, config).MinLength));
        Assert.Null(Read("{}", config).Record);
        var bart = Llama.Replace("\"vocab_size\"", "\"force_bos_token_to_be_generated\": true, \"bos_token_id\": 1, \"vocab_size\"", StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder, "generation_config.json"));
        Assert.Equal([1], Read(null, bart).ForcedBos);
    }

    [Theory]
    [InlineData("""{"num_beams": 4}""", "\"num_beams\" is 4: beam search is not done here")]
    [InlineData("""{"penalty_alpha": 0.6}""", "\"penalty_alpha\" is 0.6: contrastive search")]
    [InlineData("""{"penalty_alpha": 0.6, "top_k": 4}""", "contrastive search")]
    [InlineData("""{"guidance_scale": 1.5}""", "guidance")]
    [InlineData("""{"watermarking_config": {"bias": 2.0}}""", "watermarks")]
    [InlineData("""{"constraints": []}""", "constrained")]
    [InlineData("""{"force_words_ids": [[1]]}""", "constrained")]
    [InlineData("""{"dola_layers": "low"}""", "contrasting layers")]
    [InlineData("""{"stop_strings": ["x"]}""", "hands generate no tokenizer")]
    [InlineData("""{"token_healing": true}""", "hands generate no tokenizer")]
    [InlineData("""{"max_time": 3.5}""", "depend on the clock")]
    [InlineData("""{"use_mtp": true}""", "drafted")]
    [InlineData("""{"is_assistant": true}""", "assistant")]
    [InlineData("""{"num_return_sequences": 2}""", "one answer")]
    [InlineData("""{"max_new_tokens": 0}""", "above 0")]
    [InlineData("""{"early_stopping": "soon"}""", "never")]
    [InlineData("""{"cache_implementation": "quantized"}""", "\"cache_implementation\" is \"quantized\"")]
    [InlineData("""{"cache_implementation": "fast"}""", "\"cache_implementation\" is \"fast\"")]
    [InlineData("""{"compile_config": {}}""", "transformers refuses it")]
    [InlineData("""{"streamer": null}""", "\"streamer\" is there")]
    [InlineData("""{"repetition_penalty": 2}""", "with a decimal point, such as 2.0")]
    [InlineData("""{"repetition_penalty": 0.0}""", "above 0")]
    [InlineData("""{"repetition_penalty": -1.5}""", "above 0")]
    [InlineData("""{"repetition_penalty": "1.3"}""", "is \"1.3\", not a number")]
    [InlineData("""{"encoder_repetition_penalty": 3}""", "decimal point")]
    [InlineData("""{"no_repeat_ngram_size": 3.0}""", "a whole number")]
    [InlineData("""{"encoder_no_repeat_ngram_size": "3"}""", "not a whole number")]
    [InlineData("""{"min_new_tokens": 2.5}""", "a whole number")]
    [InlineData("""{"min_length": true}""", "not a whole number")]
    [InlineData("""{"bad_words_ids": []}""", "not a list of lists")]
    [InlineData("""{"bad_words_ids": [5]}""", "not a list of tokens")]
    [InlineData("""{"bad_words_ids": [[]]}""", "not a list of tokens")]
    [InlineData("""{"bad_words_ids": [[100]]}""", "holds 100, not a token from 0 to 99")]
    [InlineData("""{"bad_words_ids": [[-1]]}""", "holds -1, not a token")]
    [InlineData("""{"sequence_bias": {"5": 1.0}}""", "list of pairs")]
    [InlineData("""{"sequence_bias": [[[5], 1]]}""", "decimal point")]
    [InlineData("""{"sequence_bias": [[[0], 1.0]]}""", "holds 0, not a token from 1 to 99")]
    [InlineData("""{"forced_bos_token_id": 100}""", "holds 100, not a whole number from 0 to 99")]
    [InlineData("""{"forced_eos_token_id": -1}""", "holds -1, not a whole number")]
    [InlineData("""{"forced_eos_token_id": 5, "suppress_tokens": [4, 5]}""", "also in suppress_tokens")]
    [InlineData("""{"suppress_tokens": 5}""", "not a list")]
    [InlineData("""{"begin_suppress_tokens": ["a"]}""", "holds \"a\"")]
    [InlineData("""{"exponential_decay_length_penalty": [5]}""", "not a pair")]
    [InlineData("""{"exponential_decay_length_penalty": [5, 1.1]}""", "no eos_token_id")]
    [InlineData("""{"exponential_decay_length_penalty": [5, 1.1], "eos_token_id": 100}""", "not among the 100 tokens")]
    [InlineData("""{"remove_invalid_values": "yes"}""", "not true or false")]
    public void What_is_not_done_or_cannot_be_is_refused_by_its_key_once_something_is_generated(string generation, string fact)
    {
        var config = Read(generation); // log-likelihoods have nothing to do with it
        var error = Assert.Throws<InputException>(config.Require);
        Assert.StartsWith(Path.Combine(_folder, "generation_config.json") + ": ", error.Message);
        Assert.Contains(fact, error.Message);
        Assert.Matches("; (take the key out|fetch the checkpoint's own file)", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }
}
