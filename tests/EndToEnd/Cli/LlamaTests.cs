using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>A dense checkpoint of Llama 3's kind, random and tiny, with bytes and a few merges for a tokenizer.json.</summary>
public sealed class LlamaTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private string Model()
    {
        var model = line.Copy(Fixture.Path("checkpoints", "tiny-llama-rope3"), "tiny-llama-3");
        File.Delete(Path.Combine(model, "golden.safetensors"));
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), ByteLevelJson.Of().ToJsonString());
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), $$"""
            {"bos_token": "<|begin_of_text|>", "eos_token": "{{ByteLevelJson.End}}", "clean_up_tokenization_spaces": true}
            """);
        return model;
    }

    [Fact]
    public void A_checkpoint_of_Llama_3s_kind_is_scored()
    {
        var model = Model();
        var outcome = line.Run("-m", model, "-d", CommandLine.Samples, "-t", "winogrande,truthfulqa,gsm8k", "-l", "2", "--json", "--quiet");
        Assert.Equal(0, outcome.Code);
        var run = JsonNode.Parse(outcome.Out)!;
        Assert.Equal("LlamaForCausalLM", (string?)run["provenance"]!["architecture"]);
        var file = File.ReadAllBytes(Path.Combine(model, "tokenizer.json"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), (string?)run["provenance"]!["tokenizer_sha256"]);
        Assert.InRange((double)run["results"]!["truthfulqa_mc"]!["mc2"]!, double.Epsilon, 1);
        Assert.Equal(2, (int)run["tasks"]!["winogrande"]!["documents"]!);
    }

    [Fact]
    public void A_model_without_a_router_has_no_routing_to_record()
    {
        var outcome = line.Run("-m", Model(), "-d", CommandLine.Samples, "-t", "winogrande", "--routing", "--quiet");
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.EndsWith("config.json (LlamaForCausalLM) has no router; leave --routing out", Assert.Single(outcome.Error.Trim().Split('\n')));
    }

    [Fact]
    public void Tokens_past_the_models_vocabulary_matter_only_where_a_text_uses_one()
    {
        var (model, json) = (Model(), ByteLevelJson.Of());
        for (var id = ByteLevelJson.FirstAdded; id < 600; id++)
            json["model"]!["vocab"]![$"zz{id}"] = id;
        json["added_tokens"]![0]!["id"] = 600;
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), json.ToJsonString());
        var outcome = line.Run("-m", model, "-d", CommandLine.Samples, "-t", "winogrande", "-l", "2");
        Assert.Equal(0, outcome.Code);

        var vocabulary = json["model"]!["vocab"]!;
        (vocabulary["zz599"], vocabulary["th"]) = ((int)vocabulary["th"]!, 599);
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), json.ToJsonString());
        outcome = line.Run("-m", model, "-d", CommandLine.Samples, "-t", "winogrande");
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.Contains("winogrande: a prompt or an answer holds the token \"th\" (id 599 of tokenizer.json), and the model knows "
            + "512 tokens (vocab_size of config.json); use ", outcome.Error);
    }
}
