using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>What GPT-NeoX's files may hold; DecoderTests has what transformers computes of tiny-gpt-neox.</summary>
[Collection("torch")]
public sealed class GptNeoXTests
{
    private const string Head = "embed_out.weight", OtherHead = "lm_head.weight", Embedding = "gpt_neox.embed_in.weight";

    private static byte[] Logits(string folder)
    {
        using var decoder = Decoder.Load(folder, CPU, ScalarType.Float32);
        using var logits = decoder.Logits([1, 2, 3, 4, 5]);
        return logits.bytes.ToArray();
    }

    private static UnusedTensors Unused(ChangedCheckpoint checkpoint)
    {
        using var files = WeightFiles.Open(checkpoint.Write());
        return UnusedTensors.Find(ModelConfig.Read(checkpoint.Folder), files);
    }

    [Fact]
    public void Each_head_has_its_own_keys_whatever_the_config_says()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-gpt-neox");
        var expected = Logits(checkpoint.Write());
        checkpoint.Config["num_key_value_heads"] = 2;
        Assert.Equal(expected, Logits(checkpoint.Write()));
        Assert.Equal(["config.json: \"num_key_value_heads\" is 2, which is not read, as in transformers"], ModelConfig.Read(checkpoint.Folder).Notes);
    }

    [Fact]
    public void The_head_has_either_name()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-gpt-neox");
        var expected = Logits(checkpoint.Write());
        checkpoint.Rename(name => name == Head ? OtherHead : name);
        Assert.Equal(expected, Logits(checkpoint.Write()));
        Assert.Empty(Unused(checkpoint).Names);
        checkpoint.Tensors[Head] = checkpoint.Tensors[OtherHead];
        Assert.Contains("\"embed_out.weight\" and \"lm_head.weight\" both hold \"embed_out.weight\"",
            Assert.Throws<InputException>(() => Unused(checkpoint)).Message);
        Assert.True(checkpoint.Tensors.Remove(Head) && checkpoint.Tensors.Remove(OtherHead));
        Assert.Contains("embed_out.weight", Assert.Throws<InputException>(() => Unused(checkpoint)).Message);
    }

    [Theory, InlineData(Head), InlineData(OtherHead)]
    public void A_tied_head_is_the_embedding_by_either_name(string head)
    {
        using var checkpoint = new ChangedCheckpoint("tiny-gpt-neox-nobias");
        var expected = Logits(checkpoint.Write());
        checkpoint.Tensors[head] = checkpoint.Tensors[Embedding];
        Assert.Empty(Unused(checkpoint).Names);
        Assert.Equal(expected, Logits(checkpoint.Folder));
        Assert.True(checkpoint.Tensors.Remove(Embedding));
        Assert.Equal(expected, Logits(checkpoint.Write()));
        checkpoint.Tensors[Embedding] = checkpoint.Tensors[head];
        checkpoint.Tensors[head] = checkpoint.Tensors[head] with { Bytes = new byte[checkpoint.Tensors[head].Bytes.Length] };
        Assert.Contains("differs from the embedding", Assert.Single(Unused(checkpoint).Notes));
    }

    /// <summary>As Pythia's files hold: the causal mask, what it is filled with, and the rotary frequencies.</summary>
    [Fact]
    public void Buffers_of_older_files_are_neither_used_nor_named()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-gpt-neox");
        var expected = Logits(checkpoint.Write());
        for (var layer = 0; layer < 4; layer++)
        {
            var attention = $"gpt_neox.layers.{layer}.attention.";
            checkpoint.Tensors[attention + "bias"] = new("BOOL", [1, 1, 8, 8], new byte[64]);
            checkpoint.Tensors[attention + "masked_bias"] = new("F16", [], [0, 0]);
            checkpoint.Tensors[attention + "rotary_emb.inv_freq"] = new("F32", [2], new byte[8]);
        }
        var unused = Unused(checkpoint);
        Assert.Empty(unused.Names);
        Assert.Empty(unused.Notes);
        Assert.Equal(expected, Logits(checkpoint.Folder));
        // Of the same ending, and no buffer.
        checkpoint.Tensors["gpt_neox.layers.0.attention.other.bias"] = new("F16", [1], [0, 0]);
        Assert.Equal(["gpt_neox.layers.0.attention.other.bias"], Unused(checkpoint).Names);
    }
}
