using System.Diagnostics;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>Where a stage computes, and how many layers it has.</summary>
internal sealed record StagePlace(Device Device, int Layers);

/// <summary>What a pass brings along on a stage's device.</summary>
/// <param name="Ids">[N], for the first stage.</param>
/// <param name="Attend">From a layer, its queries, keys and values to what the tokens gather, [N, H d].</param>
/// <param name="Rows">Which tokens matter after the last layer's attention, on the device; null is all.</param>
internal sealed record StagePass(
    Tensor? Ids, TokenPositions Positions, Func<int, Tensor, Tensor, Tensor, Tensor> Attend, Tensor? Rows = null)
{
    /// <summary>From a layer to where its keys and values are kept; what attends then gets all that are.</summary>
    public Func<int, KeptPlaces>? Kept { get; init; }
}

/// <summary>
/// Consecutive layers of a decoder on one device; the first stage has the embedding, the last the norm and the head.
/// </summary>
/// <remarks>Letters: N tokens, D hidden size, V vocabulary, R chosen rows.</remarks>
internal sealed class DecoderStage : IDisposable
{
    private readonly ModelConfig _config;
    private readonly DecoderWeights _weights;
    private readonly Range _range;
    private readonly Tensor? _embedding, _head, _embeddingScale;
    private readonly Norm? _norm;
    private readonly DecoderLayer[] _layers;
    private readonly Rope[] _ropes;
    private readonly BandMask[] _bands;

    /// <param name="range">Which of the decoder's layers.</param>
    public DecoderStage(ModelConfig config, Range range, Device device, ScalarType dtype, WeightSource source)
    {
        (_config, _range, Device, Dtype) = (config, range, device, dtype);
        var spec = config.Spec;
        Specs = [.. spec.Layers.Take(range)];
        Capped = CappedFlash.TryCreate(spec, device, dtype);
        IsFlash = FlashAttention.Suits(spec, Capped, device, dtype);
        StepAttention = StepAttention.TryCreate(Specs, device, dtype);
        Elementwise = Elementwise.For(spec, device, dtype);
        _ropes = [.. Specs.Select(layer => layer.Attention.Rope).Distinct().Select(rope => new Rope(rope, device, dtype))];
        // Smaller blocks compute less in vain, larger ones are fewer launches.
        var (rows, together) = device.type == DeviceType.CPU ? (256, 64) : (512, 512);
        _bands = [.. Specs.Select(layer => layer.Attention.Visibility).Distinct().Select(sight =>
            new BandMask(new(sight.Window, rows, together) { IsCapped = sight.IsCapped }, device, dtype))];
        _weights = new(config, source, device, dtype, Elementwise);
        _layers = [];
        try
        {
            if (IsFirst)
                _embedding = _weights.Embedding();
            if (IsLast)
                (_norm, _head) = (_weights.Norm(), _weights.Head(_embedding));
            _layers = [.. Enumerable.Range(range.Start.Value, Specs.Count).Select(_weights.Layer)];
            if (IsFirst && spec.EmbeddingScale is { } scale)
                _embeddingScale = tensor(scale, dtype, device);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Device Device { get; }
    public ScalarType Dtype { get; }

    /// <summary>Of its layers.</summary>
    public IReadOnlyList<LayerSpec> Specs { get; }

    public int FirstLayer => _range.Start.Value;
    public bool IsFirst => FirstLayer == 0;
    public bool IsLast => _range.End.Value == _config.Layers;

    public Elementwise Elementwise { get; }

    /// <summary>What caps scores of many sequences in one launch; null where no layer does, or nothing can.</summary>
    public CappedFlash? Capped { get; }

    /// <summary>What attends one token a row; null where nothing can.</summary>
    public StepAttention? StepAttention { get; }

    /// <summary>Whether all sequences of a batch go through attention in one launch.</summary>
    public bool IsFlash { get; }

    /// <summary>Once its weights are there.</summary>
    public void Arrange() => _weights.Arrange();

    /// <summary>What the batch's attention is here.</summary>
    public DecoderAttention Attention(PackedBatch batch) => IsFlash ? new FlashAttention(batch, Capped, Device)
        : new BlockAttention(batch, _bands, Elementwise, Device, Dtype);

    /// <summary>Through its layers: [N, D], or [R, D] after the last layer of all where the pass asks for rows.</summary>
    /// <param name="input">What the stage before made, [N, D], which may be changed; the first stage has the pass's ids.</param>
    /// <param name="onHidden">Sees the stream after each layer, and before the first as after layer -1.</param>
    /// <param name="onRouting">From a layer to who sees its router's logits, which may be nobody.</param>
    public Tensor Run(
        Tensor? input, StagePass pass, Action<int, Tensor>? onHidden, Func<int, Action<Tensor>?> onRouting, CancellationToken cancel = default)
    {
        using var scope = NewDisposeScope();
        var x = input is null ? Embedded(pass.Ids!) : input.alias();
        if (input is null)
            onHidden?.Invoke(-1, x);
        var (of, isLong, longest) = pass.Positions;
        var tables = _ropes.ToDictionary(rope => rope.Config, rope => rope.At(of, longest, isLong));
        for (var l = 0; l < _layers.Length; l++)
        {
            // A layer may take seconds on a busy CPU; whoever interrupts waits for no more than one.
            cancel.ThrowIfCancellationRequested();
            using var layer = NewDisposeScope();
            var index = FirstLayer + l;
            var (queries, keys, values) = _layers[l].Project(x, tables[_layers[l].Spec.Attention.Rope], pass.Kept?.Invoke(index));
            var attended = pass.Attend(index, queries, keys, values);
            var stream = index == _config.Layers - 1 && pass.Rows is { } rows ? x.index_select(0, rows) : x;
            var next = _layers[l].Finish(stream, attended, onRouting(index));
            if (!ReferenceEquals(next, x))
            {
                x.Dispose();
                x = next.MoveToOuterDisposeScope();
            }
            onHidden?.Invoke(index, x);
        }
        return x.MoveToOuterDisposeScope();
    }

    private Tensor Embedded(Tensor ids)
    {
        var x = _embedding!.index_select(0, ids);
        return _embeddingScale is null ? x : x.mul_(_embeddingScale);
    }

    /// <summary>The vocabulary's logits of hidden states: [R, D] to [R, V], in the model's type; of the last stage.</summary>
    public Tensor Project(Tensor hidden)
    {
        using var normed = _norm!.Apply(hidden.contiguous());
        var logits = nn.functional.linear(normed, _head!);
        if (_config.Spec.LogitCap is not { } cap)
            return logits;
        using Scalar most = cap.ToScalar();
        return logits.div_(most).tanh_().mul_(most);
    }

    public void Dispose()
    {
        Elementwise.Dispose();
        Capped?.Dispose();
        StepAttention?.Dispose();
        Array.ForEach(_ropes, rope => rope.Dispose());
        Array.ForEach(_bands, band => band.Dispose());
        _embeddingScale?.Dispose();
        _weights.Dispose();
    }
}
