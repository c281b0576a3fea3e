using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

public sealed class ModelConfigTests : IDisposable
{
    private const string Mixtral = """
        {"architectures": ["MixtralForCausalLM"], "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "num_local_experts": 2}
        """;
    private const string Llama = """
        {"architectures": ["LlamaForCausalLM"], "vocab_size": 32000, "hidden_size": 64, "intermediate_size": 160,
        "num_hidden_layers": 2, "num_attention_heads": 4}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private static int? Window(ModelConfig config) => config.Spec.Visibilities.Single().Window;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Keys_that_are_missing_mean_what_transformers_means_by_that()
    {
        var mixtral = Read(Mixtral);
        Assert.Equal((1e-5, 1e6, 131072, 128, 2), (mixtral.Spec.Norm.Epsilon, Rope(mixtral).Theta, mixtral.MaxLength,
            mixtral.HeadDim, mixtral.ExpertsPerToken));
        Assert.Equal((null, false, null), (Window(mixtral), mixtral.Spec.TiesEmbeddings, mixtral.Dtype));
        var llama = Read(Llama);
        Assert.Equal((1e-6, 1e4, 2048, 16, 4), (llama.Spec.Norm.Epsilon, Rope(llama).Theta, llama.MaxLength,
            llama.HeadDim, llama.KeyValueHeads));
        Assert.False(llama.HasRouter);
        var mistral = Read(Mixtral.Replace("Mixtral", "Mistral"));
        Assert.Equal((1e-6, 4096, 131072, 1), (mistral.Spec.Norm.Epsilon, Window(mistral), mistral.MaxLength, mistral.Experts));
        Assert.Null(Window(Read(Mixtral.Replace("Mixtral", "Mistral"), ("sliding_window", null))));
    }

    [Theory]
    [InlineData("torch_dtype", "rope_scaling")]
    [InlineData("dtype", "rope_parameters")]
    public void Both_spellings_of_transformers_are_read(string dtype, string rope)
    {
        var scaling = JsonNode.Parse("""
            {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192}
            """)!.AsObject();
        if (rope == "rope_parameters")
            scaling["rope_theta"] = 500000.0;
        var config = Read(Llama, (dtype, "bfloat16"), (rope, scaling), ("rope_theta", rope == "rope_scaling" ? 500000.0 : 1.5));
        Assert.Equal("bfloat16", config.Dtype);
        Assert.Equal(new("llama3", 500000, config.HeadDim)
        {
            Factor = 8,
            HighFrequencyFactor = 4,
            OriginalMaxLength = 8192,
        }, Rope(config));
    }

    [Fact]
    public void The_old_name_of_a_ropes_kind_is_read() => Assert.Equal(new("linear", 1e4, 16) { Factor = 4 },
        Rope(Read(Llama, ("rope_scaling", JsonNode.Parse("""{"type": "linear", "factor": 4}""")))));

    [Fact]
    public void The_end_is_what_the_generation_says_and_else_what_the_config_says()
    {
        // A missing key means what the class means by it, a null that there is none.
        Assert.Equal([2], Read(Llama).EndIds);
        Assert.Empty(Read(Llama, ("eos_token_id", null)).EndIds);
        Assert.Equal([3], Read(Llama, ("eos_token_id", 3)).EndIds);
        Assert.Equal([7, 8], Read(Llama, ("eos_token_id", new JsonArray(7, 8))).EndIds);
        File.WriteAllText(Path.Combine(_folder, "generation_config.json"), """{"eos_token_id": [128001, 128009]}""");
        Assert.Equal([128001, 128009], Read(Llama, ("eos_token_id", 2)).EndIds);
        // As transformers has it: what stands in config.json counts where the other file is absent, not where it is silent.
        File.WriteAllText(Path.Combine(_folder, "generation_config.json"), "{}");
        Assert.Empty(Read(Llama, ("eos_token_id", 2)).EndIds);
    }

    [Fact]
    public void N_positions_comes_before_max_position_embeddings() =>
        Assert.Equal(77, Read(Llama, ("max_position_embeddings", 4096), ("n_positions", 77)).MaxLength);

    [Theory]
    [InlineData("architectures", """["GPT2LMHeadModel"]""", "begins with GPT2LMHeadModel, which this version does not know, nor any like it; it knows MixtralForCausalLM, DeepseekForCausalLM")]
    [InlineData("architectures", "[]", "begins with nothing")]
    [InlineData("architectures", "[\"\"]", "begins with nothing")]
    [InlineData("model_type", "\"mistral\"", "\"architectures\" begins with LlamaForCausalLM, and \"model_type\" is mistral; set both")]
    [InlineData("model_type", "\"qwen2\"", "\"architectures\" begins with LlamaForCausalLM, and \"model_type\" is qwen2; set both")]
    [InlineData("compression_config", "{}", "is there; use the checkpoint's unquantized weights")]
    [InlineData("rope_scaling", """{"type": "linear", "factor": 2, "partial_rotary_factor": 0.5}""", "\"partial_rotary_factor\" is not 1")]
    [InlineData("rope_parameters", """{"full_attention": {"rope_theta": 1}}""", "\"full_attention\" holds positions of its own for some layers")]
    [InlineData("rope_scaling", """{"rope_type": "dynamic", "factor": 2}""", "\"rope_type\" is \"dynamic\"; this version knows default, linear, llama3, yarn, longrope")]
    [InlineData("hidden_act", "\"quick_gelu\"", "is \"quick_gelu\"; this version knows silu")]
    [InlineData("vocab_size", "null", "is null")]
    [InlineData("vocab_size", "0", "is 0, not a whole number from 1")]
    [InlineData("vocab_size", "99999999999", "is 99999999999, not a whole number")]
    [InlineData("hidden_size", "64.5", "is 64.5, not a whole number")]
    [InlineData("hidden_size", "\"64\"", "is \"64\", not a whole number")]
    [InlineData("hidden_size", "66", "\"num_attention_heads\" is 4, which does not divide the 66 of hidden_size")]
    [InlineData("hidden_size", "68", "makes heads of 17 values; rotary positions need an even number")]
    [InlineData("head_dim", "15", "makes heads of 15 values")]
    [InlineData("num_hidden_layers", "1000000000", "is 1000000000, not a whole number from 1 to 1024")]
    [InlineData("num_attention_heads", "-4", "is -4, not a whole number")]
    [InlineData("num_key_value_heads", "3", "is 3, which does not divide the 4 of num_attention_heads")]
    [InlineData("rms_norm_eps", "-1", "is -1, not a number from 0 to 1")]
    [InlineData("rms_norm_eps", "1e999", "is 1e999, not a number from 0 to 1")]
    [InlineData("rope_theta", "0", "is 0, not a number from 1")]
    [InlineData("rope_scaling", """{"rope_type": "dynamic", "factor": 4}""", "is \"dynamic\"; this version knows default, linear, llama3")]
    [InlineData("rope_scaling", """{"rope_type": "linear"}""", "in \"rope_scaling\": \"factor\" is missing")]
    [InlineData("rope_scaling", """{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1}""", "\"high_freq_factor\" is 1, not a number from 4")]
    [InlineData("rope_parameters", "7", "is 7, not an object")]
    [InlineData("max_position_embeddings", "0", "is 0, not a whole number from 1")]
    [InlineData("eos_token_id", "[2, \"x\"]", "holds \"x\", not a whole number")]
    [InlineData("eos_token_id", "-1", "holds -1, not a whole number")]
    [InlineData("torch_dtype", "\"int8\"", "is \"int8\"; this version knows float32, bfloat16, float16")]
    [InlineData("tie_word_embeddings", "1", "is 1, not true or false")]
    [InlineData("quantization_config", "{}", "is there; use the checkpoint's unquantized weights")]
    public void A_config_that_cannot_be_is_refused_by_its_key(string key, string value, string fact)
    {
        var error = Assert.Throws<InputException>(() => Read(Llama, (key, JsonNode.Parse(value))));
        Assert.StartsWith(Path.Combine(_folder, "config.json") + ": ", error.Message);
        Assert.Contains(fact, error.Message);
        Assert.Single(error.Message.Split('\n'));
    }

    [Theory]
    [InlineData("null", "mixtral")]
    [InlineData("[]", "mixtral")]
    [InlineData("[null]", "Mixtral")]
    [InlineData("""["MIXTRALForCausalLM"]""", "mixtral")]
    [InlineData("""["mixtral_for_causal_lm"]""", null)]
    [InlineData("\"MixtralForCausalLM\"", null)]
    [InlineData("""["MixtralModel"]""", "mixtral")]
    [InlineData("""["PeftModelForCausalLM"]""", "mixtral")]
    public void The_models_type_tells_the_architecture_where_the_list_does_not(string architectures, string? type) =>
        Assert.Equal("MixtralForCausalLM", Read(Mixtral, ("architectures", JsonNode.Parse(architectures)), ("model_type", type)).Architecture);

    [Theory]
    [InlineData("LLaMAForCausalLM", null)]
    [InlineData("LLaMAForCausalLM", "llama")]
    public void An_odd_spelling_is_read(string name, string? type) => Assert.Equal(
        "LlamaForCausalLM", Read(Llama, ("architectures", new JsonArray(name)), ("model_type", type)).Architecture);

    [Fact]
    public void An_unknown_type_alone_is_refused_by_its_name() => Assert.Contains(
        "\"model_type\" is bloom, which this version does not know, nor any like it; it knows Mixtral",
        Assert.Throws<InputException>(() => Read(Llama, ("architectures", null), ("model_type", "bloom"))).Message);

    [Fact]
    public void Experts_are_counted_by_either_of_their_names()
    {
        Assert.Equal(4, Read(Mixtral, ("num_local_experts", null), ("num_experts", 4)).Experts);
        Assert.Equal(2, Read(Mixtral, ("num_experts", 2)).Experts);
        Assert.Contains("\"num_experts\" is 4, and num_local_experts is 2",
            Assert.Throws<InputException>(() => Read(Mixtral, ("num_experts", 4))).Message);
    }

    [Fact]
    public void A_rope_that_does_not_tell_its_original_length_has_the_models()
    {
        var llama3 = JsonNode.Parse("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}""");
        Assert.Equal(4096, Rope(Read(Llama, ("rope_scaling", llama3!.DeepClone()), ("max_position_embeddings", 4096))).OriginalMaxLength);
        Assert.Equal(512, Rope(Read(Llama, ("rope_scaling", llama3), ("original_max_position_embeddings", 512))).OriginalMaxLength);
    }

    [Fact]
    public void The_older_key_of_a_rope_comes_first_where_it_holds_anything()
    {
        var config = Read(Llama, ("rope_scaling", JsonNode.Parse("""{"type": "linear", "factor": 4}""")),
            ("rope_parameters", JsonNode.Parse("""{"rope_theta": 7}""")));
        Assert.Equal(new("linear", 1e4, 16) { Factor = 4 }, Rope(config));
        Assert.Equal(["config.json: \"rope_parameters\" differs from \"rope_scaling\", which is the one that is read, as in transformers"],
            config.Notes);
        Assert.Equal(7, Rope(Read(Llama, ("rope_scaling", new JsonObject()), ("rope_parameters", JsonNode.Parse("""{"rope_theta": 7}""")))).Theta);
    }

    [Theory]
    [InlineData("attn_logit_softcapping", "30.0", "null")]
    [InlineData("clip_qkv", "8", "null")]
    [InlineData("qk_layernorm", "true", "false")]
    [InlineData("embedding_multiplier", "12", "1.0")]
    [InlineData("partial_rotary_factor", "0.5", "1.0")]
    [InlineData("rotary_pct", "0.25", "1")]
    [InlineData("num_local_experts", "8", "1")]
    [InlineData("layer_norm_eps", "1e-12", "1e-6")]
    [InlineData("query_pre_attn_scalar", "256", "16")]
    [InlineData("attention_multiplier", "0.5", "0.25")]
    [InlineData("sliding_window", "128", "4096")]
    [InlineData("layer_types", "[\"sliding_attention\"]", "[\"full_attention\", \"full_attention\"]")]
    [InlineData("auto_map", """{"AutoModelForCausalLM": "modeling_x.X"}""", """{"AutoConfig": "configuration_x.X"}""")]
    [InlineData("pretraining_speed", null, "3")]
    public void A_key_that_means_something_elsewhere_is_named_where_its_value_would(string key, string? telling, string inert)
    {
        Assert.Empty(Read(Llama, (key, JsonNode.Parse(inert))).Notes);
        if (telling is null)
            return;
        var note = Read(Llama, (key, JsonNode.Parse(telling))).Notes.Single();
        Assert.StartsWith($"config.json: \"{key}\" is ", note);
        Assert.Contains("is not read, as in transformers", note);
    }

    [Fact]
    public void What_a_rope_holds_beside_its_kinds_keys_is_named() => Assert.Equal(
        ["config.json: \"factor\" is 8, which positions of the kind default do not have, as in transformers"],
        Read(Llama, ("rope_scaling", JsonNode.Parse("""{"factor": 8}"""))).Notes);

    [Fact]
    public void A_config_within_a_larger_models_is_refused_as_that() => Assert.Contains(
        "\"text_config\" holds the config of a model within a larger one; save the language model by itself",
        Assert.Throws<InputException>(() => Read(Llama, ("hidden_size", null), ("text_config", new JsonObject()))).Message);

    [Fact]
    public void Biases_that_the_class_does_not_have_are_named()
    {
        Assert.Single(Read(Mixtral, ("attention_bias", true)).Notes);
        Assert.Empty(Read(Llama, ("attention_bias", true)).Notes);
    }

    [Fact]
    public void More_experts_a_token_than_there_are_is_refused_with_the_key_that_counts_them()
    {
        Assert.Contains("\"num_experts_per_tok\" is 3, more than the 2 of num_local_experts",
            Assert.Throws<InputException>(() => Read(Mixtral, ("num_experts_per_tok", 3))).Message);
        Assert.Contains("\"num_experts_per_tok\" is 9, more than the 4 of num_experts",
            Assert.Throws<InputException>(() => Read(Mixtral, ("num_local_experts", null), ("num_experts", 4), ("num_experts_per_tok", 9))).Message);
    }

    [Theory]
    [InlineData("{", "it is not JSON (line 1)")]
    [InlineData("[]", "it holds no JSON object")]
    [InlineData("", "it is not JSON")]
    public void A_config_that_is_no_object_is_refused(string text, string fact)
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), text);
        Assert.Contains(fact, Assert.Throws<InputException>(() => ModelConfig.Read(_folder)).Message);
    }

    [Fact]
    public void A_folder_without_a_config_is_refused() =>
        Assert.Contains("config.json: no such file", Assert.Throws<InputException>(() => ModelConfig.Read(_folder)).Message);

    [Theory]
    [InlineData("cognito-2x7b", 12_879_138_816, 12_879_138_816)]
    [InlineData("mixtral-8x7b", 46_702_792_704, 12_879_925_248)]
    [InlineData("mistral-7b", 7_241_732_096, 7_241_732_096)]
    public void Named_shapes_have_the_weights_they_are_known_for(string name, long all, long active)
    {
        var config = ModelConfig.Named(name);
        Assert.Equal((all, active), (config.Parameters, config.ActiveParameters));
        Assert.Equal(2 * (active - 32000L * 4096), config.FlopPerToken);
        Assert.Equal((32768, "bfloat16"), (config.MaxLength, config.Dtype));
    }

    [Fact]
    public void A_head_that_is_the_embedding_too_is_counted_once_and_computed()
    {
        var apart = Read(Llama);
        var tied = apart with { Spec = apart.Spec with { TiesEmbeddings = true } };
        Assert.Equal(32000 * 64, apart.Parameters - tied.Parameters);
        Assert.Equal(apart.FlopPerToken, tied.FlopPerToken);
    }

    [Fact]
    public void A_shape_of_another_name_is_refused_with_those_there_are() => Assert.Equal(
        "gpt-5: no shape of that name; use one of cognito-2x7b, gemma-2-9b, llama-3.1-8b, mistral-7b, mixtral-8x7b, olmoe-1b-7b, phi-4, qwen2.5-7b, qwen3-30b-a3b",
        Assert.Throws<InputException>(() => ModelConfig.Named("gpt-5")).Message);

    private static RopeConfig Rope(ModelConfig config) => config.Spec.Layers.Select(layer => layer.Attention.Rope).Distinct().Single();

    private ModelConfig Read(string json, params (string Key, JsonNode? Value)[] changes)
    {
        var config = JsonNode.Parse(json)!.AsObject();
        foreach (var (key, value) in changes)
            config[key] = value;
        File.WriteAllText(Path.Combine(_folder, "config.json"), config.ToJsonString());
        return ModelConfig.Read(_folder);
    }
}
