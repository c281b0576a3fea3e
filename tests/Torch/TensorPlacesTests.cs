using Cognito.Eval.Files;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>Layouts of one and the same checkpoint; DecoderTests has what transformers computes of the packed one.</summary>
[Collection("torch")]
public sealed class TensorPlacesTests
{
    private const int Layers = 4;

    private static byte[] Logits(string folder, Staging? staging = null)
    {
        using var decoder = Decoder.Load(folder, CPU, ScalarType.Float32, staging);
        using var logits = decoder.Logits([1, 2, 3, 4, 5]);
        return logits.bytes.ToArray();
    }

    private static string Refusal(ChangedCheckpoint checkpoint)
    {
        var message = Assert.Throws<InputException>(() => Unused(checkpoint)).Message;
        Assert.StartsWith(checkpoint.Folder, message);
        Assert.Single(message.Split('\n'));
        return message;
    }

    private static UnusedTensors Unused(ChangedCheckpoint checkpoint)
    {
        using var files = WeightFiles.Open(checkpoint.Write());
        return UnusedTensors.Find(ModelConfig.Read(checkpoint.Folder), files);
    }

    [Fact]
    public void Packed_experts_answer_to_the_bit_as_experts_one_by_one()
    {
        var packed = Fixture.Path("checkpoints", "tiny-mixtral-packed");
        var expected = Logits(packed);
        Assert.Equal(expected, Logits(packed, new Staging(4, 4096, 3, Pinned: false)));
        using var apart = new ChangedCheckpoint("tiny-mixtral-packed");
        for (var layer = 0; layer < Layers; layer++)
            apart.Unpack(layer);
        Assert.Equal(expected, Logits(apart.Write()));
        Assert.Equal(expected, Logits(apart.Folder, new Staging(4, 4096, 3, Pinned: false)));
        // Either layout may have either name of the block, as in transformers.
        apart.Rename(name => name.Replace("block_sparse_moe", "mlp"));
        Assert.Equal(expected, Logits(apart.Write()));
        using var other = new ChangedCheckpoint("tiny-mixtral-packed");
        other.Rename(name => name.Replace(".mlp.", ".block_sparse_moe."));
        Assert.Equal(expected, Logits(other.Write()));
    }

    [Fact]
    public void Half_one_layout_and_half_the_other_is_refused()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-mixtral-packed");
        checkpoint.Unpack(1);
        Assert.EndsWith("\"model.layers.0.mlp.experts.gate_up_proj\" is of one layout (experts packed into one tensor) and "
            + "\"model.layers.1.block_sparse_moe.experts.0.w1.weight\" of another (a tensor for each expert's matrix); save the "
            + "checkpoint in one", Refusal(checkpoint));
    }

    [Fact]
    public void Both_layouts_of_one_layer_are_refused()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-mixtral-packed");
        var packed = checkpoint.Tensors.ToList();
        checkpoint.Unpack(0);
        packed.ForEach(tensor => checkpoint.Tensors[tensor.Key] = tensor.Value);
        Assert.Contains("\"model.layers.0.block_sparse_moe.gate.weight\" and \"model.layers.0.mlp.gate.weight\" both hold ", Refusal(checkpoint));
    }

    [Fact]
    public void A_packed_tensor_has_as_many_experts_as_the_config()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-mixtral-packed");
        checkpoint.Config["num_local_experts"] = 3;
        checkpoint.Config["num_experts_per_tok"] = 2;
        Assert.Contains("is [4, 64], and by config.json it is [3, 64]", Refusal(checkpoint));
    }

    [Fact]
    public void Names_without_the_models_own_prefix_are_read_as_transformers_reads_them()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        var expected = Logits(checkpoint.Write());
        checkpoint.Rename(name => name["model.".Length..]);
        Assert.Equal(expected, Logits(checkpoint.Write()));
        Assert.Empty(Unused(checkpoint).Names);
    }

    [Fact]
    public void A_text_beside_pictures_is_read_under_each_of_its_names()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-gemma3-hub");
        var expected = Logits(checkpoint.Write());
        string Bare(string name) => name.Replace("language_model.model.", "").Replace("model.language_model.", "");
        checkpoint.Rename(Bare);
        var head = checkpoint.Tensors["embed_tokens.weight"];
        checkpoint.Config["tie_word_embeddings"] = false;
        foreach (var (prefix, before) in ((string, string)[])
            [("model.language_model.", ""), ("language_model.model.", "language_model."), ("language_model.", "language_model.")])
        {
            var bare = checkpoint.Tensors.ToList();
            checkpoint.Rename(name => IsText(name) ? prefix + name : name);
            checkpoint.Tensors[before + "lm_head.weight"] = head;
            Assert.Equal(expected, Logits(checkpoint.Write()));
            Assert.All(Unused(checkpoint).Names, name => Assert.Matches("vision|projector", name));
            checkpoint.Tensors.Clear();
            bare.ForEach(tensor => checkpoint.Tensors[tensor.Key] = tensor.Value);
        }
        static bool IsText(string name) => name.Split('.')[0] is "layers" or "norm" or "embed_tokens";
    }

    [Fact]
    public void A_claim_of_a_million_experts_costs_no_more_than_its_first_layer()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-mixtral-packed");
        (checkpoint.Config["num_local_experts"], checkpoint.Config["num_hidden_layers"]) = (1024, 1024);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refusal(checkpoint);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Fact]
    public void Of_a_tied_pair_either_may_be_there()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        var expected = Logits(checkpoint.Write());
        checkpoint.Rename(name => name.Replace("model.embed_tokens", "lm_head"));
        Assert.Equal(expected, Logits(checkpoint.Write()));
        Assert.Empty(Unused(checkpoint).Names);
    }

    [Theory]
    [InlineData("base_model.model.", "PEFT's wrapper", "merge the adapter")]
    [InlineData("_orig_mod.", "torch.compile's wrapper", "save the model that was compiled")]
    [InlineData("module.", "a wrapper for training on several devices", "save the model within it")]
    [InlineData("module._orig_mod.", "a wrapper for training on several devices", "save the model within it")]
    [InlineData("language_model.", "a model that holds this one", "save the language model by itself")]
    public void Weights_under_a_wrappers_prefix_are_refused_with_it(string prefix, string origin, string fix)
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        checkpoint.Rename(name => prefix + name);
        var message = Refusal(checkpoint);
        Assert.Contains($"its tensors' names hold \"{prefix}\" ({origin}), as in \"{prefix}model.embed_tokens.weight\"; {fix}", message);
    }

    [Fact]
    public void A_wrapper_around_each_layer_is_named_too()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        checkpoint.Rename(name => name.Replace(".self_attn.", "._orig_mod.self_attn."));
        Assert.Contains("hold \"_orig_mod.\" (torch.compile's wrapper), as in \"model.layers.0._orig_mod.self_attn.q_proj.weight\"", Refusal(checkpoint));
    }

    [Fact]
    public void Quantized_weights_are_refused_as_that()
    {
        using var packed = new ChangedCheckpoint("tiny-llama");
        packed.Rename(name => name.Replace("q_proj.weight", "q_proj.qweight"));
        Assert.Contains("\"model.layers.0.self_attn.q_proj.qweight\" holds quantized numbers; use ", Refusal(packed));
        using var eight = new ChangedCheckpoint("tiny-llama");
        var norm = eight.Tensors["model.norm.weight"];
        eight.Tensors["model.norm.weight"] = new("F8_E4M3", norm.Shape, norm.Bytes[..(norm.Bytes.Length / 2)]);
        Assert.Contains("tensor \"model.norm.weight\" holds F8_E4M3, quantized numbers; use ", Refusal(eight));
    }

    [Fact]
    public void Nothing_is_unused_in_any_sound_checkpoint()
    {
        foreach (var name in DecoderTests.Checkpoints.Select(row => row.Data))
        {
            using var checkpoint = new ChangedCheckpoint(name);
            checkpoint.Tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = new("F32", [1], new byte[4]);
            var unused = Unused(checkpoint);
            // The parts that see pictures are named in one note.
            var others = ModelConfig.Read(checkpoint.Folder).OtherParts;
            Assert.DoesNotContain(unused.Names, name => !others.Any(part => name.Replace("model.", "").StartsWith(part, StringComparison.Ordinal)));
            Assert.Equal(unused.Names.Count == 0 ? [] : [$"{unused.Names.Count} tensors of other parts than the text's decoder"],
                unused.Notes.Select(note => note.Split(" left unused")[0]));
        }
    }

    [Fact]
    public void What_nobody_uses_is_named_by_its_kind()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-mixtral-packed");
        checkpoint.Config["num_hidden_layers"] = 2;
        ChangedCheckpoint.Stored one = new("F32", [1], new byte[4]), eight = new("F8_E4M3", [4], new byte[4]);
        foreach (var name in (string[])["model.layers.0.self_attn.q_proj.bias", "model.layers.1.self_attn.q_proj.bias",
            "_orig_mod.x", "base_model.model.y", "model.layers.0.self_attn.q_proj.lora_A.weight", "score.weight"])
            checkpoint.Tensors[name] = one;
        checkpoint.Tensors["vision.scale"] = eight;
        var unused = Unused(checkpoint);
        Assert.Equal(
        [
            "18 tensors beyond config.json's 2 layers left unused: model.layers.2.input_layernorm.weight ... model.layers.3.self_attn.v_proj.weight",
            "1 tensor named by PEFT's wrapper (base_model.model.) left unused: base_model.model.y; merge the adapter (merge_and_unload) and save the model itself",
            "1 tensor named by torch.compile's wrapper (_orig_mod.) left unused: _orig_mod.x; save the model that was compiled (its _orig_mod)",
            "1 tensor of an adapter left unused: model.layers.0.self_attn.q_proj.lora_A.weight; merge it into the weights and save them",
            "2 tensors of biases, which MixtralForCausalLM does not have, left unused: model.layers.0.self_attn.q_proj.bias, model.layers.1.self_attn.q_proj.bias",
            "2 tensors that MixtralForCausalLM does not have left unused: score.weight, vision.scale",
        ], unused.Notes);
        Assert.Equal(25, unused.Names.Count);
        Assert.Equal(unused.Names.Order(StringComparer.Ordinal), unused.Names);
    }

    [Fact]
    public void A_head_beside_a_tie_is_named_if_it_is_not_the_embedding()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        var head = checkpoint.Tensors["model.embed_tokens.weight"];
        checkpoint.Tensors["lm_head.weight"] = head;
        Assert.Empty(Unused(checkpoint).Names);
        checkpoint.Tensors["lm_head.weight"] = head with { Bytes = [.. head.Bytes[..^1], (byte)(head.Bytes[^1] ^ 1)] };
        var unused = Unused(checkpoint);
        Assert.Equal(["lm_head.weight"], unused.Names);
        Assert.StartsWith("1 tensor that differs from the embedding, to which config.json ties the head, left unused: lm_head.weight; ",
            unused.Notes.Single());
    }

    [Fact]
    public void Files_of_weights_beside_those_that_are_read_are_named()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-llama");
        File.WriteAllText(Path.Combine(checkpoint.Folder, "model-00001-of-00002.safetensors"), "");
        File.WriteAllText(Path.Combine(checkpoint.Folder, "adapter_config.json"), "{}");
        Assert.Collection(Unused(checkpoint).Notes,
            note => Assert.StartsWith("model-00001-of-00002.safetensors left unread, as transformers leaves them: ", note),
            note => Assert.StartsWith("adapter_config.json left unread: an adapter beside the weights is not applied", note));
    }
}
