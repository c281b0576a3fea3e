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

    /// <summary>Written out here in plain operators, for which windows are masks over all pairs of positions.</summary>
    [Theory]
    [InlineData("full_attention", "full_attention", "full_attention", "full_attention")]
    [InlineData("sliding_attention", "full_attention", "full_attention", "sliding_attention")]
    [InlineData("full_attention", "sliding_attention", "full_attention", "full_attention")]
    public void Windows_of_some_layers_are_masks_of_these(params string[] types)
    {
        using var scope = NewDisposeScope();
        using var checkpoint = Changed("tiny-qwen2", ("use_sliding_window", true), ("sliding_window", 16),
            ("layer_types", new JsonArray([.. types.Select(type => (JsonNode)type)])));
        using var decoder = Decoder.Load(checkpoint.Write(), CPU, ScalarType.Float32);
        int[] ids = [.. Enumerable.Range(3, 130)];
        using var file = SafetensorsFile.Open(Path.Combine(checkpoint.Folder, "model.safetensors"));
        var (expected, found) = (Plain(file, decoder.Config.Spec, ids), decoder.Logits(ids));
        Assert.InRange((expected - found).abs().max().item<float>(), 0, 2e-5f * expected.abs().max().item<float>());
    }

    /// <summary>Letters: N tokens, H query heads, K key-value heads, d head size.</summary>
    private static Tensor Plain(SafetensorsFile file, DecoderSpec spec, int[] ids)
    {
        Tensor Get(string name) => file.Tensor(file.Tensors.Single(tensor => tensor.Name == name)).to_type(ScalarType.Float32);
        Tensor Norm(Tensor x, string name) => x * (x.square().mean([-1L], keepdim: true) + 1e-6).rsqrt() * Get(name);
        var (n, d) = (ids.Length, spec.Layers[0].Attention.HeadDim);
        var at = arange(n, ScalarType.Float32);
        var angles = at.unsqueeze(1) * pow(tensor(1e6f), -arange(0, d, 2, ScalarType.Float32) / d); // [N, d/2]
        Tensor Turned(Tensor x) => x.chunk(2, -1) is [var low, var high]
            ? cat([low * angles.cos() - high * angles.sin(), high * angles.cos() + low * angles.sin()], -1) : throw new InvalidOperationException();
        var back = at.unsqueeze(1) - at;
        var (embedding, x) = (Get("model.embed_tokens.weight"), Get("model.embed_tokens.weight").index_select(0, tensor(ids)));
        foreach (var (l, layer) in spec.Layers.Index())
        {
            var (name, its) = ($"model.layers.{l}.", layer.Attention);
            var normed = Norm(x, name + "input_layernorm.weight");
            Tensor Heads(string of) => nn.functional.linear(normed, Get($"{name}self_attn.{of}_proj.weight"), Get($"{name}self_attn.{of}_proj.bias"))
                .view(n, -1, d).transpose(0, 1); // [H, N, d] or [K, N, d]
            Tensor Shared(Tensor keys) => keys.repeat_interleave(its.Heads / its.KeyValueHeads, 0);
            var scores = Turned(Heads("q")).matmul(Shared(Turned(Heads("k"))).transpose(1, 2)) / Math.Sqrt(d);
            var hidden = back.lt(0).logical_or(back.ge(its.Window ?? n));
            var gathered = nn.functional.softmax(scores.masked_fill(hidden, float.NegativeInfinity), -1).matmul(Shared(Heads("v")));
            x += nn.functional.linear(gathered.transpose(0, 1).reshape(n, -1), Get(name + "self_attn.o_proj.weight"));
            normed = Norm(x, name + "post_attention_layernorm.weight");
            var inner = nn.functional.silu(nn.functional.linear(normed, Get(name + "mlp.gate_proj.weight")))
                * nn.functional.linear(normed, Get(name + "mlp.up_proj.weight"));
            x += nn.functional.linear(inner, Get(name + "mlp.down_proj.weight"));
        }
        return nn.functional.linear(Norm(x, "model.norm.weight"), embedding);
    }

    private static byte[] Logits(string folder, int[] ids)
    {
        using var decoder = Decoder.Load(folder, CPU, ScalarType.Float32);
        using var logits = decoder.Logits(ids);
        return logits.bytes.ToArray();
    }
}
