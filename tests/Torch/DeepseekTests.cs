using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>
/// DeepSeek's first mixture against Qwen's second, of which DecoderTests has what transformers computes. Where biases and gates are
/// 0, Qwen's shared expert counts by half, and a DeepSeek with half its matrix has the same numbers.
/// </summary>
[Collection("torch")]
public sealed class DeepseekTests
{
    private static byte[] Logits(string folder)
    {
        using var decoder = Decoder.Load(folder, CPU, ScalarType.Float32);
        using var logits = decoder.Logits([.. Enumerable.Range(3, 60)]);
        return logits.bytes.ToArray();
    }

    /// <summary>One of Qwen's with biases and gates of 0, no window, and a shared expert of so many experts' width.</summary>
    private static ChangedCheckpoint Qwen(string tiny, int shared)
    {
        var qwen = new ChangedCheckpoint(tiny);
        var width = shared * (int)qwen.Config["moe_intermediate_size"]!;
        foreach (var (name, tensor) in qwen.Tensors.ToList())
            if (name.EndsWith("_proj.bias") || name.EndsWith("shared_expert_gate.weight"))
                qwen.Tensors[name] = tensor with { Bytes = new byte[tensor.Bytes.Length] };
            else if (name.Contains("shared_expert."))
                qwen.Tensors[name] = Cut(tensor, name.Contains("down_proj") ? 1 : 0, width);
        (qwen.Config["shared_expert_intermediate_size"], qwen.Config["use_sliding_window"]) = (width, false);
        return qwen;
    }

    /// <summary>The same as DeepSeek's.</summary>
    /// <param name="keys">What says which layers have experts.</param>
    private static ChangedCheckpoint Twin(string tiny, int shared, params (string Key, JsonNode Value)[] keys)
    {
        var twin = Qwen(tiny, shared);
        foreach (var (name, tensor) in twin.Tensors.ToList())
            if (name.EndsWith("_proj.bias") || name.EndsWith("shared_expert_gate.weight"))
                twin.Tensors.Remove(name);
            else if (name.EndsWith("shared_expert.down_proj.weight"))
                twin.Tensors[name] = Halved(tensor);
        twin.Rename(name => name.Replace("shared_expert.", "shared_experts."));
        var config = twin.Config;
        (config["architectures"], config["model_type"]) = (new JsonArray("DeepseekForCausalLM"), "deepseek");
        (config["n_routed_experts"], config["n_shared_experts"]) = ((int)config["num_experts"]!, shared);
        foreach (var key in (string[])["num_experts", "mlp_only_layers", "decoder_sparse_step", "shared_expert_intermediate_size", "qkv_bias"])
            config.Remove(key);
        foreach (var (key, value) in keys)
            config[key] = value;
        return twin;
    }

    /// <summary>The first rows of a matrix in bfloat16, or the first columns.</summary>
    private static ChangedCheckpoint.Stored Cut(ChangedCheckpoint.Stored matrix, int dimension, int size)
    {
        Assert.Equal("BF16", matrix.DType);
        var (rows, columns) = ((int)matrix.Shape[0], 2 * (int)matrix.Shape[1]);
        return dimension == 0 ? matrix with { Shape = [size, matrix.Shape[1]], Bytes = matrix.Bytes[..(size * columns)] }
            : matrix with
            {
                Shape = [rows, size],
                Bytes = [.. Enumerable.Range(0, rows).SelectMany(row => matrix.Bytes[(row * columns)..(row * columns + 2 * size)])],
            };
    }

    /// <summary>To the bit, in bfloat16: its exponent is one less.</summary>
    private static ChangedCheckpoint.Stored Halved(ChangedCheckpoint.Stored tensor)
    {
        var bytes = (byte[])tensor.Bytes.Clone();
        foreach (ref var value in MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan()))
            value = (ushort)(BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle((uint)value << 16) / 2) >> 16);
        return tensor with { Bytes = bytes };
    }

    /// <summary>Experts one by one and packed, their shares scaled and not, one shared expert and two.</summary>
    [Theory]
    [InlineData("tiny-qwen2-moe", 2, false)]
    [InlineData("tiny-qwen2-moe", 1, true)]
    [InlineData("tiny-qwen2-moe-packed", 1, false)]
    [InlineData("tiny-qwen2-moe-packed", 1, true)]
    public void Experts_and_shared_ones_compute_as_Qwens_do_without_gates(string tiny, int shared, bool renormalises)
    {
        using var qwen = Qwen(tiny, shared);
        using var twin = Twin(tiny, shared, ("norm_topk_prob", renormalises));
        qwen.Config["norm_topk_prob"] = renormalises;
        var found = Logits(twin.Write());
        Assert.Equal(Logits(qwen.Write()), found);
        using var files = WeightFiles.Open(twin.Folder);
        Assert.Empty(UnusedTensors.Find(ModelConfig.Read(twin.Folder), files).Names);
        twin.Config["norm_topk_prob"] = !renormalises;
        Assert.NotEqual(found, Logits(twin.Write()));
    }

    /// <summary>The last of four layers has experts: the fourth, as Qwen counts, and layer 3, as DeepSeek does.</summary>
    [Theory]
    [InlineData(3, 1)]
    [InlineData(1, 3)]
    [InlineData(2, 3)]
    public void Dense_layers_compute_as_Qwens_do(int firstDense, int every)
    {
        const string Tiny = "tiny-qwen2-moe-sparse";
        using var qwen = Qwen(Tiny, 1);
        using var twin = Twin(Tiny, 1, ("first_k_dense_replace", firstDense), ("moe_layer_freq", every));
        Assert.Equal(Logits(qwen.Write()), Logits(twin.Write()));
    }

    [Theory]
    [InlineData(0, 1, new[] { 0, 1, 2, 3 })]
    [InlineData(1, 1, new[] { 1, 2, 3 })]
    [InlineData(0, 2, new[] { 0, 2 })]
    [InlineData(1, 2, new[] { 2 })]
    [InlineData(4, 1, new int[0])]
    public void Layers_from_the_first_on_whose_number_the_step_divides_have_experts(int firstDense, int every, int[] routed)
    {
        using var twin = Twin("tiny-qwen2-moe", 1, ("first_k_dense_replace", firstDense), ("moe_layer_freq", every));
        var config = ModelConfig.Read(twin.Write());
        Assert.Equal(routed, config.Spec.Layers.Index().Where(layer => layer.Item.FeedForward.Mixture is not null).Select(layer => layer.Index));
        Assert.Equal(routed.Length > 0, config.HasRouter);
    }
}
