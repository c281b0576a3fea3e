using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>What Qwen2's page reads; DecoderTests has what transformers computes of tiny-qwen2.</summary>
[Collection("torch")]
public sealed class Qwen2Tests
{
    private static ModelConfig Read(params (string Key, JsonNode? Value)[] changes)
    {
        using var checkpoint = Changed("tiny-qwen2", changes);
        return ModelConfig.Read(checkpoint.Write());
    }

    private static ChangedCheckpoint Changed(string tiny, params (string Key, JsonNode? Value)[] changes)
    {
        var checkpoint = new ChangedCheckpoint(tiny);
        foreach (var (key, value) in changes)
            checkpoint.Config[key] = value;
        return checkpoint;
    }

    private static IEnumerable<int?> Windows(ModelConfig config) => config.Spec.Layers.Select(layer => layer.Attention.Window);

    [Fact]
    public void Keys_that_are_missing_mean_what_transformers_means_by_that()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-qwen2");
        foreach (var key in (string[])["rms_norm_eps", "rope_theta", "max_position_embeddings", "tie_word_embeddings", "layer_types", "num_key_value_heads"])
            checkpoint.Config.Remove(key);
        (checkpoint.Config["num_attention_heads"], checkpoint.Config["hidden_size"]) = (32, 128);
        var config = ModelConfig.Read(checkpoint.Write());
        Assert.Equal((1e-6, 1e4, 32768, false, 32), (config.Spec.Norm.Epsilon, config.Spec.Layers[0].Attention.Rope.Theta,
            config.MaxLength, config.Spec.TiesEmbeddings, config.KeyValueHeads));
        Assert.Empty(config.Notes);
        Assert.Equal(16, Read(("num_attention_heads", 16), ("num_key_value_heads", null)).KeyValueHeads);
    }

    [Fact]
    public void A_window_is_of_the_layers_that_the_config_names()
    {
        Assert.Equal([null, null, null, null], Windows(Read(("sliding_window", 9))));
        Assert.Equal([null, null, null, null], Windows(Read(("sliding_window", 9), ("layer_types", null))));
        Assert.Equal([null, null, null, null], Windows(Read(("use_sliding_window", true), ("sliding_window", 9), ("layer_types", null))));
        Assert.Equal([null, null, null, null], Windows(Read(("use_sliding_window", true), ("sliding_window", null), ("layer_types", null), ("max_window_layers", 1))));
        Assert.Equal([null, 9, 9, 9], Windows(Read(("use_sliding_window", true), ("sliding_window", 9), ("layer_types", null), ("max_window_layers", 1))));
        Assert.Equal([9, null, null, 9], Windows(Read(("use_sliding_window", true), ("sliding_window", 9), ("max_window_layers", 1),
            ("layer_types", new JsonArray("sliding_attention", "full_attention", "full_attention", "sliding_attention")))));
        Assert.Contains("and no sliding_window is in use", Assert.Throws<InputException>(() => Read(("sliding_window", 9),
            ("layer_types", new JsonArray("full_attention", "full_attention", "full_attention", "sliding_attention")))).Message);
    }

    [Fact]
    public void What_its_class_does_not_read_is_named()
    {
        Assert.Empty(Read().Notes);
        Assert.Equal(["config.json: \"attention_bias\" is true, which is not read, as in transformers"], Read(("attention_bias", true)).Notes);
        using var checkpoint = new ChangedCheckpoint("tiny-qwen2");
        checkpoint.Tensors["model.layers.0.self_attn.o_proj.bias"] = new("F32", [64], new byte[256]);
        using var files = WeightFiles.Open(checkpoint.Write());
        Assert.Equal(["1 tensor of biases, which Qwen2ForCausalLM does not have, left unused: model.layers.0.self_attn.o_proj.bias"],
            UnusedTensors.Find(ModelConfig.Read(checkpoint.Folder), files).Notes);
    }

    /// <summary>Mistral's weights with biases of 0 and its window in every layer are a Qwen2 of the same numbers.</summary>
    [Fact]
    public void A_window_in_every_layer_computes_as_in_Mistral()
    {
        using var checkpoint = Changed("tiny-mistral", ("architectures", new JsonArray("Qwen2ForCausalLM")), ("model_type", "qwen2"),
            ("use_sliding_window", true), ("max_window_layers", 0));
        foreach (var (name, tensor) in checkpoint.Tensors.Where(tensor => tensor.Key.Contains("_proj") && tensor.Key.Contains("self_attn")
            && !tensor.Key.Contains("o_proj")).ToList())
            checkpoint.Tensors[name.Replace(".weight", ".bias")] = new("F32", [tensor.Shape[0]], new byte[4 * tensor.Shape[0]]);
        int[] ids = [.. Enumerable.Range(3, 100)];
        Assert.Equal(Logits(Fixture.Path("checkpoints", "tiny-mistral"), ids), Logits(checkpoint.Write(), ids));
    }

    /// <summary>Windows of both kinds in one model: a tree, a shared prefix and a cache see what each sequence alone does.</summary>
    [Theory]
    [InlineData(ScalarType.Float32, 1e-4)]
    [InlineData(ScalarType.BFloat16, 0.05)]
    public void Layers_of_both_kinds_see_what_is_theirs(ScalarType dtype, double tolerance)
    {
        using var checkpoint = Changed("tiny-qwen2", ("use_sliding_window", true), ("sliding_window", 16),
            ("layer_types", new JsonArray("sliding_attention", "full_attention", "full_attention", "sliding_attention")));
        using var model = TorchModel.Load(checkpoint.Write(), CPU, dtype);
        var random = new Random(5);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(3, 512))];
        var (prefix, context, first, second) = (new SharedPrefix(Tokens(70)), Tokens(300), Tokens(40), Tokens(9));
        int[] All(int[] continuation) => [.. prefix.Tokens, .. context, .. continuation];
        var together = model.Score(new ScoreBatch([new(prefix, context, [new(first, first), new(second, second)]),
            new(prefix, second, [new(first, first)])]));
        var alone = model.Score(new ScoreBatch([new(null, [], [new(All(first), first)]), new(null, [], [new(All(second), second)]),
            new(null, [], [new([.. prefix.Tokens, .. second, .. first], first)])]));
        Assert.All(together.Zip(alone), pair => Assert.Equal(pair.Second.LogLikelihood, pair.First.LogLikelihood,
            tolerance * Math.Abs(pair.Second.LogLikelihood)));
        if (dtype != ScalarType.Float32)
            return;
        var prompt = All(second);
        var written = model.Generate([new(prompt, 12)], (_, _) => false).Single();
        var greedy = model.Score(new ScoreBatch([new(null, prompt, [new(written[..^1], written)])])).Single();
        Assert.True(greedy.IsGreedy);
        Assert.NotEqual(Logits(Fixture.Path("checkpoints", "tiny-qwen2"), prompt), Logits(checkpoint.Folder, prompt));
    }

    private static byte[] Logits(string folder, int[] ids)
    {
        using var decoder = Decoder.Load(folder, CPU, ScalarType.Float32);
        using var logits = decoder.Logits(ids);
        return logits.bytes.ToArray();
    }
}
