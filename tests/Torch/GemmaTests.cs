using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

/// <summary>What the Gemmas' pages refuse, and name as without effect; DecoderTests has what transformers computes.</summary>
public sealed class GemmaTests
{
    private static ModelConfig Read(string tiny, Action<JsonObject> change)
    {
        using var checkpoint = new ChangedCheckpoint(tiny);
        change(checkpoint.Config);
        return ModelConfig.Read(checkpoint.Write());
    }

    [Theory, InlineData("tiny-gemma"), InlineData("tiny-gemma2"), InlineData("tiny-gemma3")]
    public void Attention_that_sees_what_comes_after_is_refused(string tiny)
    {
        Read(tiny, config => config["use_bidirectional_attention"] = false);
        Assert.EndsWith("\"use_bidirectional_attention\" is true; only causal models are scored",
            Assert.Throws<InputException>(() => Read(tiny, config => config["use_bidirectional_attention"] = true)).Message);
    }

    [Fact]
    public void The_first_Gemma_goes_by_the_older_key_alone()
    {
        var config = Read("tiny-gemma-exact", config => config["hidden_activation"] = "gelu_pytorch_tanh");
        Assert.Equal(["config.json: \"hidden_activation\" is \"gelu_pytorch_tanh\", which is not read, as in transformers"], config.Notes);
        Assert.Equal(Activation.Gelu, config.Spec.Layers[0].FeedForward.Activation);
    }

    [Fact]
    public void A_cap_of_scores_is_not_Gemma_3s()
    {
        var config = Read("tiny-gemma3", config => config["attn_logit_softcapping"] = 2.5);
        Assert.Equal(["config.json: \"attn_logit_softcapping\" is 2.5, which is not read, as in transformers"], config.Notes);
        Assert.All(config.Spec.Layers, layer => Assert.Null(layer.Attention.SoftCap));
    }

    [Fact]
    public void The_cap_of_logits_is_not_the_whole_models()
    {
        var whole = Read("tiny-gemma3-hub", config => config["text_config"]!["final_logit_softcapping"] = 30.0);
        Assert.Null(whole.Spec.LogitCap);
        Assert.Contains("config.json: \"final_logit_softcapping\" in \"text_config\" is not applied, as in transformers", whole.Notes);
        Assert.Equal(30, Read("tiny-gemma3", config => config["final_logit_softcapping"] = 30.0).Spec.LogitCap);
    }
}
