using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

/// <summary>Which page a config.json is read by, and what is said where there is none.</summary>
public sealed class ArchitectureNameTests
{
    private static Architecture Read(string config) =>
        ArchitectureName.Read(ConfigFile.Parse("config.json", Encoding.UTF8.GetBytes(config)));

    private static string Refusal(string config) => Assert.Throws<InputException>(() => Read(config)).Message;

    private static string All => string.Join(", ", Architecture.Known.SkipLast(1).Select(known => known.Name))
        + $" and {Architecture.Known[^1].Name}";

    [Theory]
    [InlineData("Mistral3ForConditionalGeneration", "MistralForCausalLM")]
    [InlineData("Llama4ForConditionalGeneration", "LlamaForCausalLM")]
    [InlineData("QWenLMHeadModel", "Qwen2ForCausalLM")]
    [InlineData("Qwen2_5_VLForConditionalGeneration", "Qwen2ForCausalLM")]
    [InlineData("Qwen2AudioForConditionalGeneration", "Qwen2ForCausalLM")]
    [InlineData("Qwen3NextForCausalLM", "Qwen3ForCausalLM")]
    [InlineData("Qwen3VLMoeForConditionalGeneration", "Qwen3MoeForCausalLM")]
    [InlineData("Qwen3_5MoeForConditionalGeneration", "Qwen3MoeForCausalLM")]
    [InlineData("qwen3_5_moe", "Qwen3MoeForCausalLM")]
    [InlineData("Gemma3nForConditionalGeneration", "Gemma3ForConditionalGeneration")]
    [InlineData("Gemma4ForConditionalGeneration", "Gemma3ForConditionalGeneration")]
    [InlineData("Gemma4ForCausalLM", "Gemma3ForCausalLM")]
    [InlineData("gemma4_text", "Gemma3ForCausalLM")]
    [InlineData("PhiForCausalLM", "Phi3ForCausalLM")]
    [InlineData("Phi3VForCausalLM", "Phi3ForCausalLM")]
    [InlineData("Phi4MultimodalForCausalLM", "Phi3ForCausalLM")]
    [InlineData("PhimoeForCausalLM", "Phi3ForCausalLM")]
    [InlineData("OlmoForCausalLM", "Olmo2ForCausalLM")]
    [InlineData("Olmo3ForCausalLM", "Olmo2ForCausalLM")]
    [InlineData("DeepseekV2ForCausalLM", "DeepseekForCausalLM")]
    [InlineData("deepseek_v3", "DeepseekForCausalLM")]
    [InlineData("GPTNeoXJapaneseForCausalLM", "GPTNeoXForCausalLM")]
    public void The_nearest_is_of_the_family_and_its_number(string name, string nearest) =>
        Assert.Equal(nearest, ArchitectureName.Nearest(name)?.Name);

    [Theory]
    [InlineData("GPT2LMHeadModel")]
    [InlineData("GPTJForCausalLM")]
    [InlineData("GPTNeoForCausalLM")]
    [InlineData("LlavaForConditionalGeneration")]
    [InlineData("MinistralForCausalLM")]
    [InlineData("CohereForCausalLM")]
    [InlineData("BertModel")]
    [InlineData("LLM")]
    [InlineData("")]
    [InlineData("...")]
    public void One_of_no_family_is_near_to_none(string name) => Assert.Null(ArchitectureName.Nearest(name));

    [Fact]
    public void A_name_that_is_not_known_is_refused_with_the_nearest_and_all() => Assert.Equal(
        "config.json: \"architectures\" begins with Mistral3ForConditionalGeneration, which this version does not know; "
            + $"the nearest that it knows is MistralForCausalLM, of {All}",
        Refusal("""{"architectures": ["Mistral3ForConditionalGeneration"], "model_type": "mistral3"}"""));

    [Fact]
    public void And_where_none_is_near_that_is_said() => Assert.Equal(
        $"config.json: \"architectures\" begins with BertModel, which this version does not know, nor any like it; it knows {All}",
        Refusal("""{"architectures": ["BertModel"], "model_type": "bert"}"""));

    /// <summary>A wrapper's name says nothing of the model.</summary>
    [Theory]
    [InlineData("null")]
    [InlineData("""["AutoModelForCausalLM"]""")]
    [InlineData("""["PeftModel"]""")]
    public void The_type_is_named_where_the_list_tells_nothing(string architectures) => Assert.StartsWith(
        "config.json: \"model_type\" is llama4_text, which this version does not know; the nearest that it knows is LlamaForCausalLM",
        Refusal($$"""{"architectures": {{architectures}}, "model_type": "llama4_text"}"""));

    [Theory]
    [InlineData("MistralModel", "mistral", "MistralForCausalLM")]
    [InlineData("MistralForSequenceClassification", "mistral", "MistralForCausalLM")]
    [InlineData("AutoModelForCausalLM", "llama", "LlamaForCausalLM")]
    [InlineData("MyLlamaWithTwoHeads", "llama", "LlamaForCausalLM")]
    [InlineData("LLaMAForCausalLM", "llama", "LlamaForCausalLM")]
    public void Other_classes_of_the_types_model_are_read(string named, string type, string architecture) => Assert.Equal(
        architecture, Read($$"""{"architectures": ["{{named}}"], "model_type": "{{type}}"}""").Name);

    [Theory]
    [InlineData("LlamaForCausalLM", "mistral")]
    [InlineData("Qwen2MoeForCausalLM", "qwen2")]
    [InlineData("Gemma2ForCausalLM", "gemma")]
    [InlineData("Mistral3ForConditionalGeneration", "mistral")]
    [InlineData("LlamaForCausalLM", "unheard_of")]
    public void A_name_and_a_type_of_two_models_are_refused(string named, string type) => Assert.Equal(
        $"config.json: \"architectures\" begins with {named}, and \"model_type\" is {type}; set both to what the weights are of: {All}",
        Refusal($$"""{"architectures": ["{{named}}"], "model_type": "{{type}}"}"""));

    [Fact]
    public void Nothing_at_all_is_refused() => Assert.Equal(
        $"config.json: \"architectures\" begins with nothing; this version knows {All}", Refusal("{}"));
}
