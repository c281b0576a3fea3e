using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>
/// A Mixtral, Mistral or Llama decoder, with the numerics of transformers' own: norms and rotary angles in float32 and
/// then cast, the router's softmax in float32, attention by scaled_dot_product_attention.
/// </summary>
/// <remarks>Letters: N tokens, D hidden size, V vocabulary, R chosen rows.</remarks>
public sealed class Decoder : IDisposable
{
    private readonly DecoderWeights _weights;
    private readonly Tensor _embedding, _norm, _head;
    private readonly DecoderLayer[] _layers;
    private readonly Scalar _epsilon;
    private readonly Rope _rope;
    private readonly BandMask _band;
    private readonly Dictionary<Opening, (Tensor Keys, Tensor Values)[]> _openings = [];

    private Decoder(ModelConfig config, WeightFiles files, Device device, ScalarType dtype)
    {
        (Config, Device, Dtype) = (config, device, dtype);
        // Smaller blocks compute less in vain, larger ones are fewer launches.
        Sizes = new(config.SlidingWindow, Rows: device.type == DeviceType.CPU ? 256 : 512);
        _epsilon = config.NormEpsilon.ToScalar();
        _rope = new(config.Rope, config.HeadDim, device, dtype);
        _band = new(Sizes, device, dtype);
        _weights = new(config, files, device, dtype);
        try
        {
            using var mode = inference_mode();
            (_embedding, _norm) = (_weights.Embedding(), _weights.Norm());
            _head = _weights.Head(_embedding);
            _layers = [.. Enumerable.Range(0, config.Layers).Select(_weights.Layer)];
        }
        catch
        {
            _weights.Dispose();
            throw;
        }
    }

    /// <summary>Reads a checkpoint's folder. libtorch must be loaded (<see cref="NativeTorch.Load"/>).</summary>
    public static Decoder Load(string folder, Device device, ScalarType dtype)
    {
        var config = ModelConfig.Read(folder);
        using var files = WeightFiles.Open(folder);
        return new(config, files, device, dtype);
    }

    public ModelConfig Config { get; }
    public Device Device { get; }
    public ScalarType Dtype { get; }
    internal BlockSizes Sizes { get; }

    /// <summary>Sees each layer's router logits, [tokens, experts], in the order of the layers.</summary>
    public Action<int, Tensor>? OnRouting { get; set; }

    /// <summary>The openings whose keys and values are kept.</summary>
    internal IReadOnlyCollection<Opening> Openings => _openings.Keys;

    /// <summary>Keeps the openings these trees name, computes those that are new and drops all others.</summary>
    internal void Keep(IReadOnlyList<Tree> trees)
    {
        var named = trees.Select(t => t.Opening).OfType<Opening>().Where(o => o.Tokens.Length > 0).ToHashSet();
        foreach (var gone in _openings.Keys.Except(named).ToList())
            Drop(gone);
        foreach (var opening in named.Where(o => !_openings.ContainsKey(o)))
        {
            var layers = new (Tensor Keys, Tensor Values)[Config.Layers];
            _openings[opening] = layers;
            var batch = PackedBatch.Of([new(null, opening.Tokens, [])], Sizes);
            Hidden(batch, (layer, keys, values) => layers[layer] = (Kept(keys), Kept(values))).Dispose();
        }
    }

    private static Tensor Kept(Tensor x) => Attention.ByHead(x).DetachFromDisposeScope();

    internal void DropOpenings() => _openings.Keys.ToList().ForEach(Drop);

    private void Drop(Opening opening)
    {
        _openings.Remove(opening, out var layers);
        foreach (var (keys, values) in layers!)
        {
            keys?.Dispose();
            values?.Dispose();
        }
    }

    /// <summary>The last layer's output at the batch's rows, [R, D]. Its openings must be kept.</summary>
    /// <param name="keep">Sees each layer's keys and values, [N, K, d].</param>
    internal Tensor Hidden(PackedBatch batch, Action<int, Tensor, Tensor>? keep = null)
    {
        using var scope = NewDisposeScope();
        var attention = new Attention(batch, Config, _band, Device, Dtype);
        var rows = tensor(batch.Rows.Select(r => (long)r).ToArray(), device: Device);
        return Run(tensor(batch.Ids, device: Device), tensor(batch.Positions, device: Device), batch.LongestPath,
            (layer, queries, keys, values) =>
            {
                keep?.Invoke(layer, keys, values);
                // After the last attention only the rows asked for matter.
                var chosen = layer == _layers.Length - 1 ? RowsOf(batch, rows) : null;
                return attention.Over(queries, keys, values, o => _openings[o][layer], chosen);
            }, rows).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens through all layers: [N, D], or [R, D] where the last layer's attention gives only rows.</summary>
    /// <param name="attend">From a layer, its queries, keys and values to what the tokens gather, [N, H d].</param>
    internal Tensor Run(
        Tensor ids, Tensor positions, int longest, Func<int, Tensor, Tensor, Tensor, Tensor> attend, Tensor? rows = null)
    {
        using var scope = NewDisposeScope();
        var x = _embedding.index_select(0, ids);
        var turns = _rope.At(positions, longest);
        for (var l = 0; l < _layers.Length; l++)
        {
            using var layer = NewDisposeScope();
            var (queries, keys, values) = _layers[l].Project(x, turns);
            var attended = attend(l, queries, keys, values);
            var stream = l == _layers.Length - 1 && rows is not null ? x.index_select(0, rows) : x;
            var before = x;
            x = _layers[l].Finish(stream, attended, Routing(l)).MoveToOuterDisposeScope();
            before.Dispose();
        }
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>The vocabulary's logits of hidden states: [R, D] to [R, V], in the model's type.</summary>
    internal Tensor Project(Tensor hidden)
    {
        using var normed = DecoderLayer.Norm(hidden, _norm, _epsilon);
        return nn.functional.linear(normed, _head);
    }

    /// <summary>The logits after each of a sequence's tokens: [N, V], in the model's type.</summary>
    public Tensor Logits(ReadOnlySpan<int> ids)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        // Every token of the sequence counts as the predictor of some target.
        var batch = PackedBatch.Of([new(null, ids.ToArray(), [new([], new int[ids.Length])])], Sizes);
        return Project(Hidden(batch)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        DropOpenings();
        _rope.Dispose();
        _band.Dispose();
        _weights.Dispose();
    }

    private Action<Tensor>? Routing(int layer) => OnRouting is { } see ? logits => see(layer, logits) : null;

    /// <summary>Which of a block's queries are among the batch's rows; none is null.</summary>
    private static Func<Block, Tensor?> RowsOf(PackedBatch batch, Tensor rows)
    {
        var at = 0;
        return block =>
        {
            var first = at;
            while (at < batch.Rows.Count && batch.Rows[at] < block.End)
                at++;
            return at == first ? null : rows.narrow(0, first, at - first) - block.Start;
        };
    }
}
