using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>
/// The decoder that a <see cref="DecoderSpec"/> asks for, with the numerics of transformers' own: norms and rotary angles in
/// float32 and then cast, the router's softmax in float32, attention by scaled_dot_product_attention.
/// </summary>
/// <remarks>Letters: N tokens, D hidden size, V vocabulary, R chosen rows.</remarks>
public sealed class Decoder : IDisposable
{
    private readonly DecoderWeights _weights;
    private readonly Tensor _embedding, _head;
    private readonly Tensor? _embeddingScale;
    private readonly Norm _norm;
    private readonly DecoderLayer[] _layers;
    private readonly Rope[] _ropes;
    private readonly BandMask[] _bands;
    private readonly CappedFlash? _capped;
    private long _tokens;

    private Decoder(ModelConfig config, WeightSource source, Device device, ScalarType dtype)
    {
        (Config, Device, Dtype) = (config, device, dtype);
        var spec = config.Spec;
        _capped = CappedFlash.TryCreate(spec, device, dtype);
        IsFlash = FlashAttention.Suits(spec, _capped, device, dtype);
        Elementwise = Elementwise.For(spec, device, dtype);
        _ropes = [.. spec.Layers.Select(layer => layer.Attention.Rope).Distinct().Select(rope => new Rope(rope, device, dtype))];
        // Smaller blocks compute less in vain, larger ones are fewer launches.
        var (rows, together) = device.type == DeviceType.CPU ? (256, 64) : (512, 512);
        _bands = [.. spec.Visibilities.Select(sight =>
            new BandMask(new(sight.Window, rows, together) { IsCapped = sight.IsCapped }, device, dtype))];
        _weights = new(config, source, device, dtype, Elementwise);
        try
        {
            using var mode = inference_mode();
            (_embedding, _norm) = (_weights.Embedding(), _weights.Norm());
            _head = _weights.Head(_embedding);
            _layers = [.. Enumerable.Range(0, config.Layers).Select(_weights.Layer)];
            source.Finish();
            _weights.Arrange();
            if (spec.EmbeddingScale is { } scale)
                _embeddingScale = tensor(scale, dtype, device);
        }
        catch
        {
            _weights.Dispose();
            throw;
        }
    }

    /// <summary>Reads a checkpoint's folder. libtorch must be loaded (<see cref="NativeTorch.Load"/>).</summary>
    public static Decoder Load(string folder, Device device, ScalarType dtype) =>
        Load(folder, device, dtype, device.type == DeviceType.CUDA ? Staging.ForCuda : null);

    /// <param name="staging">What weights pass through; null copies them from mapped files.</param>
    internal static Decoder Load(string folder, Device device, ScalarType dtype, Staging? staging)
    {
        var config = ModelConfig.Read(folder);
        using var files = WeightFiles.Open(folder);
        var places = new TensorPlaces(files, config);
        using WeightSource source = staging is null
            ? new MappedWeights(places) : new StagedWeights(places, device, staging);
        return new(config, source, device, dtype);
    }

    /// <summary>Of this shape with random weights, made on the device: for measuring without files.</summary>
    public static Decoder Random(ModelConfig config, Device device, ScalarType dtype, long seed)
    {
        using var source = new RandomWeights(seed);
        return new(config, source, device, dtype);
    }

    public ModelConfig Config { get; }
    public Device Device { get; }
    public ScalarType Dtype { get; }

    internal Elementwise Elementwise { get; }

    /// <summary>What caps scores of many sequences in one launch; null where no layer does, or nothing can.</summary>
    internal CappedFlash? Capped => _capped;

    /// <summary>Whether all sequences of a batch go through attention in one launch.</summary>
    internal bool IsFlash { get; }

    /// <summary>How many tokens went through the layers so far.</summary>
    public long Tokens => Interlocked.Read(ref _tokens);

    /// <summary>Sees each layer's router logits, [tokens, experts], in the order of the layers.</summary>
    public Action<int, Tensor>? OnRouting { get; set; }

    /// <summary>Sees the tokens' hidden states after each layer, [N, D], and before the first as after layer -1.</summary>
    internal Action<int, Tensor>? OnHidden { get; set; }

    /// <summary>A shared prefix's keys and values in every layer, which the caller disposes.</summary>
    internal IReadOnlyList<LayerKeyValues> Layers(SharedPrefix sharedPrefix)
    {
        using var mode = inference_mode();
        var layers = new LayerKeyValues[Config.Layers];
        Tensor Kept(Tensor x) => (IsFlash ? x.clone() : BlockAttention.ByHead(x)).DetachFromDisposeScope();
        try
        {
            var batch = PackedBatch.Pack([new(null, sharedPrefix.Tokens, [])]);
            Hidden(batch, null, (layer, keys, values) => layers[layer] = new(Kept(keys), Kept(values))).Dispose();
            return layers;
        }
        catch
        {
            foreach (var (keys, values) in layers)
            {
                keys?.Dispose();
                values?.Dispose();
            }
            throw;
        }
    }

    /// <summary>The last layer's output at the batch's rows, [R, D].</summary>
    /// <param name="sharedPrefixes">The kept keys and values of the shared prefixes that the batch names, layer by layer.</param>
    /// <param name="keep">Sees each layer's keys and values, [N, K, d].</param>
    /// <param name="routing">Takes each layer's router logits at the batch's rows, [R, E], which the caller disposes.</param>
    internal Tensor Hidden(
        PackedBatch batch, Func<SharedPrefix, IReadOnlyList<LayerKeyValues>>? sharedPrefixes = null, Action<int, Tensor, Tensor>? keep = null,
        List<Tensor>? routing = null)
    {
        using var scope = NewDisposeScope();
        DecoderAttention attention = IsFlash ? new FlashAttention(batch, _capped, Device)
            : new BlockAttention(batch, _bands, Elementwise, Device, Dtype);
        var rows = DecoderAttention.OnDevice([.. batch.Rows], Device);
        var isLong = batch.IsLong(Config.LongFrom) is { } flags ? DecoderAttention.OnDevice(flags, Device) : null;
        return Run(DecoderAttention.OnDevice(batch.Ids, Device),
            new(DecoderAttention.OnDevice(batch.Positions, Device), isLong, batch.LongestPath), (layer, queries, keys, values) =>
            {
                keep?.Invoke(layer, keys, values);
                // After the last attention only the rows asked for matter.
                return attention.Over(_layers[layer].Spec.Attention,
                    queries, keys, values, o => sharedPrefixes!(o)[layer], layer == _layers.Length - 1 ? rows : null);
            }, rows, routing).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens through all layers: [N, D], or [R, D] where the last layer's attention gives only rows.</summary>
    /// <param name="attend">From a layer, its queries, keys and values to what the tokens gather, [N, H d].</param>
    internal Tensor Run(
        Tensor ids, TokenPositions positions, Func<int, Tensor, Tensor, Tensor, Tensor> attend, Tensor? rows = null,
        List<Tensor>? routing = null)
    {
        using var scope = NewDisposeScope();
        Interlocked.Add(ref _tokens, ids.shape[0]);
        var x = _embedding.index_select(0, ids);
        if (_embeddingScale is not null)
            x.mul_(_embeddingScale);
        OnHidden?.Invoke(-1, x);
        var tables = _ropes.ToDictionary(rope => rope.Config, rope => rope.At(positions.Of, positions.Longest, positions.IsLong));
        for (var l = 0; l < _layers.Length; l++)
        {
            using var layer = NewDisposeScope();
            var spec = _layers[l].Spec.Attention;
            var (queries, keys, values) = _layers[l].Project(x, tables[spec.Rope]);
            var attended = attend(l, queries, keys, values);
            var stream = l == _layers.Length - 1 && rows is not null ? x.index_select(0, rows) : x;
            var next = _layers[l].Finish(stream, attended, Routing(l, rows, routing));
            if (!ReferenceEquals(next, x))
            {
                x.Dispose();
                x = next.MoveToOuterDisposeScope();
            }
            OnHidden?.Invoke(l, x);
        }
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>The vocabulary's logits of hidden states: [R, D] to [R, V], in the model's type.</summary>
    internal Tensor Project(Tensor hidden)
    {
        using var normed = _norm.Apply(hidden.contiguous());
        var logits = nn.functional.linear(normed, _head);
        if (Config.Spec.LogitCap is not { } cap)
            return logits;
        using Scalar most = cap.ToScalar();
        return logits.div_(most).tanh_().mul_(most);
    }

    /// <summary>The logits after each of a sequence's tokens: [N, V], in the model's type.</summary>
    public Tensor Logits(ReadOnlySpan<int> ids)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        // Every token of the sequence counts as the predictor of some target.
        var batch = PackedBatch.Pack([new(null, ids.ToArray(), [new([], new int[ids.Length])])]);
        return Project(Hidden(batch)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Elementwise.Dispose();
        _capped?.Dispose();
        Array.ForEach(_ropes, rope => rope.Dispose());
        Array.ForEach(_bands, band => band.Dispose());
        _embeddingScale?.Dispose();
        _weights.Dispose();
    }

    /// <summary>Who sees a layer's router logits; null if nobody does. The last layer's are of the rows alone.</summary>
    private Action<Tensor>? Routing(int layer, Tensor? rows, List<Tensor>? routing) => OnRouting is null && routing is null ? null : logits =>
    {
        OnRouting?.Invoke(layer, logits);
        routing?.Add((layer == _layers.Length - 1 ? logits.clone() : logits.index_select(0, rows!)).DetachFromDisposeScope());
    };
}

/// <summary>Where tokens stand in their sequences.</summary>
/// <param name="Of">[N]</param>
/// <param name="IsLong">[N], 1 where the sequence is long (<see cref="RopeConfig.LongFrom"/>), else 0; null where length has no say.</param>
/// <param name="Longest">One more than the largest position.</param>
internal readonly record struct TokenPositions(Tensor Of, Tensor? IsLong, int Longest);
