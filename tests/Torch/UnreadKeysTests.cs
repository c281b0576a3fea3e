using System.Text.Json.Nodes;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

/// <summary>Keys that some classes read under names of their own; ModelConfigTests has those that few read at all.</summary>
public sealed class UnreadKeysTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private IReadOnlyList<string> Notes(string type, string key, string value)
    {
        _folder.Write("config.json", $$"""{"model_type": "{{type}}", "num_hidden_layers": 2, "{{key}}": {{value}}}""");
        return ModelConfig.Read(_folder.Path).Notes;
    }

    [Theory]
    [InlineData("gpt_neox", "rope_theta", "500000", "10000")]
    [InlineData("gpt_neox", "partial_rotary_factor", "0.5", "0.25")]
    [InlineData("gpt_neox", "rms_norm_eps", "1e-6", "1e-5")]
    [InlineData("llama", "rotary_emb_base", "500000", "10000.0")]
    [InlineData("llama", "layer_norm_eps", "1e-5", "1e-6")]
    [InlineData("qwen3", "rope_local_base_freq", "500000", "10000.0")]
    [InlineData("gemma2", "hidden_act", "\"silu\"", "\"gelu_pytorch_tanh\"")]
    [InlineData("gemma", "hidden_activation", "\"gelu\"", "\"gelu_pytorch_tanh\"")]
    [InlineData("llama", "activation_function", "\"gelu\"", "\"swish\"")]
    public void Another_classes_name_of_a_key_is_noted_where_it_says_something_else(
        string type, string key, string other, string same)
    {
        var note = Notes(type, key, other).Single();
        Assert.StartsWith($"config.json: \"{key}\" is {JsonNode.Parse(other)!.ToJsonString()}, which is not read", note);
        Assert.Empty(Notes(type, key, same));
    }

    [Theory]
    [InlineData("gpt_neox", "rotary_emb_base", "500000")]
    [InlineData("gpt_neox", "rotary_pct", "0.5")]
    [InlineData("gemma2", "hidden_activation", "\"silu\"")]
    [InlineData("gemma3_text", "rope_local_base_freq", "500")]
    [InlineData("phi3", "partial_rotary_factor", "0.5")]
    public void A_key_that_the_class_reads_is_not_noted(string type, string key, string value) =>
        Assert.Empty(Notes(type, key, value));
}
