using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>
/// A decoder's tensors by the names of the hub's layout, in the config's shapes, each filled from the source in its
/// place on the device. Matrices that share their input become one: a row of a product does not depend on other rows.
/// </summary>
internal sealed class DecoderWeights(
    ModelConfig config, WeightSource source, Device device, ScalarType dtype, Elementwise elementwise) : IDisposable
{
    private readonly List<Tensor> _tensors = [];
    private readonly long _hidden = config.HiddenSize, _inner = config.IntermediateSize;
    private readonly long _queries = (long)config.Heads * config.HeadDim;
    private readonly long _keys = (long)config.KeyValueHeads * config.HeadDim;

    public Tensor Embedding() => One("model.embed_tokens.weight", config.VocabularySize, _hidden);

    public Tensor Norm() => One("model.norm.weight", _hidden);

    public Tensor Head(Tensor embedding) =>
        config.TiesEmbeddings ? embedding : One("lm_head.weight", config.VocabularySize, _hidden);

    public DecoderLayer Layer(int index)
    {
        var layer = $"model.layers.{index}.";
        (string, long)[] qkv = [("q", _queries), ("k", _keys), ("v", _keys)];
        var bias = config.AttentionBias;
        return new(elementwise,
            One(layer + "input_layernorm.weight", _hidden),
            Stacked([.. qkv.Select(p => ($"{layer}self_attn.{p.Item1}_proj.weight", p.Item2))], _hidden),
            bias ? Stacked([.. qkv.Select(p => ($"{layer}self_attn.{p.Item1}_proj.bias", p.Item2))]) : null,
            One(layer + "self_attn.o_proj.weight", _hidden, _queries),
            bias ? One(layer + "self_attn.o_proj.bias", _hidden) : null,
            One(layer + "post_attention_layernorm.weight", _hidden),
            FeedForward(layer));
    }

    public void Dispose() => _tensors.ForEach(t => t.Dispose());

    private FeedForward FeedForward(string layer) => config.HasRouter
        ? new(elementwise, One(layer + "block_sparse_moe.gate.weight", config.Experts, _hidden),
            [.. Enumerable.Range(0, config.Experts).Select(e =>
                Expert($"{layer}block_sparse_moe.experts.{e}.", "w1", "w3", "w2"))], config.ExpertsPerToken)
        : new(elementwise, null, [Expert(layer + "mlp.", "gate_proj", "up_proj", "down_proj")], 1);

    private Expert Expert(string expert, string gate, string up, string down)
    {
        var bias = config.FeedForwardBias;
        return new(
            Stacked([($"{expert}{gate}.weight", _inner), ($"{expert}{up}.weight", _inner)], _hidden),
            bias ? Stacked([($"{expert}{gate}.bias", _inner), ($"{expert}{up}.bias", _inner)]) : null,
            One($"{expert}{down}.weight", _hidden, _inner),
            bias ? One($"{expert}{down}.bias", _hidden) : null);
    }

    private Tensor One(string name, params long[] shape) => Stacked([(name, shape[0])], shape[1..]);

    /// <summary>Tensors of so many rows each, all of one shape but for that, one below the other.</summary>
    private Tensor Stacked((string Name, long Rows)[] parts, params long[] row)
    {
        using var scope = NewDisposeScope();
        // All are looked up before there is memory for any: a config's sizes are only a claim.
        foreach (var (name, rows) in parts)
            source.Check(name, [rows, .. row]);
        var whole = empty([parts.Sum(p => p.Rows), .. row], dtype, device);
        long at = 0;
        for (var i = 0; i < parts.Length; at += parts[i++].Rows)
            source.Fill(parts[i].Name, whole.narrow(0, at, parts[i].Rows));
        _tensors.Add(whole.DetachFromDisposeScope());
        return whole;
    }
}
