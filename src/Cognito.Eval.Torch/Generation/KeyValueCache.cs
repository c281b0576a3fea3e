using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Generation;

/// <summary>
/// Every layer's keys and values of rows that grow by one token a step, on the layer's own device. A row has as many places as it
/// will need; where masks are drawn over all rows, each has as many as the longest.
/// </summary>
/// <remarks>
/// Letters: B rows, P places of all rows, C places a row, K key-value heads, G query heads to one of them, d head size, S places in
/// use, N tokens.
/// </remarks>
internal sealed class KeyValueCache : IDisposable
{
    private readonly Decoder _decoder;
    private readonly (Tensor Keys, Tensor Values)[] _layers; // [P, K, d]
    private readonly long _all;

    /// <summary>How many places each row has, where all have the same and lie side by side.</summary>
    private readonly long? _each;
    private long[] _starts; // [B]

    /// <param name="places">How many each row needs.</param>
    public KeyValueCache(Decoder decoder, IReadOnlyList<int> places)
    {
        var layers = decoder.Config.Spec.Layers;
        (_decoder, _layers) = (decoder, new (Tensor, Tensor)[layers.Count]);
        _each = decoder.Stages.All(stage => stage.IsFlash || IsOurs(stage)) ? null : (places.Max() + 15) / 16 * 16;
        _starts = new long[places.Count];
        for (var row = 0; row < _starts.Length; row++)
            (_starts[row], _all) = (_all, _all + (_each ?? places[row]));
        try
        {
            // Zeros, because what is masked is multiplied by 0, and memory as it comes may hold a NaN.
            Tensor Room(AttentionSpec spec, Device device) => DeviceMemory.Within(device, () =>
                zeros([_all, spec.KeyValueHeads, spec.HeadDim], decoder.Dtype, device));
            for (var l = 0; l < _layers.Length; l++)
                _layers[l] = (Room(layers[l].Attention, decoder.StageOf(l).Device), Room(layers[l].Attention, decoder.StageOf(l).Device));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private static bool IsOurs(DecoderStage stage) => stage.StepAttention is { IsThere: true };

    /// <summary>The place of a row's token among all.</summary>
    public long Place(int row, long position) => _starts[row] + position;

    /// <summary>Puts keys and values, [N, K, d], at the places [N] on the layer's device.</summary>
    public void Write(int layer, Tensor places, Tensor keys, Tensor values)
    {
        var (allKeys, allValues) = _layers[layer];
        allKeys.index_copy_(0, places, keys.contiguous());
        allValues.index_copy_(0, places, values.contiguous());
    }

    /// <summary>Empties rows: of what is masked a NaN would be left.</summary>
    public void Clear(IReadOnlyList<int> rows)
    {
        if (_each is not { } each)
            return;
        using var scope = NewDisposeScope();
        foreach (var (keys, values) in _layers)
            foreach (var row in rows)
            {
                keys.narrow(0, Place(row, 0), each).zero_();
                values.narrow(0, Place(row, 0), each).zero_();
            }
    }

    /// <summary>Drops all other rows.</summary>
    public void Keep(long[] kept)
    {
        if (_each is not { } each)
        {
            _starts = [.. kept.Select(row => _starts[row])];
            return;
        }
        using var scope = NewDisposeScope();
        foreach (var stage in _decoder.Stages)
        {
            var rows = DecoderAttention.OnDevice(kept, stage.Device);
            Tensor Kept(Tensor all) => ByRow(all).index_select(0, rows).flatten(0, 1).DetachFromDisposeScope();
            for (var l = stage.FirstLayer; l < stage.FirstLayer + stage.Specs.Count; l++)
            {
                var (keys, values) = _layers[l];
                using (keys)
                    _layers[l].Keys = Kept(keys);
                using (values)
                    _layers[l].Values = Kept(values);
            }
        }
        _starts = [.. kept.Select((_, row) => row * each)];
    }

    /// <summary>One more token a row at its position.</summary>
    /// <param name="ids">[B], on the first stage's device.</param>
    /// <param name="finish">From the last stage and the last layer's output, [B, D], to what belongs to no dispose scope.</param>
    public T Step<T>(Tensor ids, long[] positions, Func<DecoderStage, Tensor, T> finish, CancellationToken cancel)
    {
        var longest = positions.Max() + 1;
        return _decoder.Through(stage =>
        {
            Tensor There(IEnumerable<long> numbers) => DecoderAttention.OnDevice([.. numbers], stage.Device);
            var at = There(positions);
            var places = There(positions.Select((position, row) => Place(row, position)));
            var attention = IsOurs(stage) ? Ours(stage.StepAttention!, There(_starts), at, longest)
                : stage.IsFlash ? Flash(stage, There(_starts.Append(_all)), at, longest) : Masked(stage, at, longest);
            return new(stage.IsFirst ? ids : null, new(at, IsLong(positions, stage.Device), (int)longest), (layer, queries, keys, values) =>
            {
                var spec = _decoder.Config.Spec.Layers[layer].Attention;
                return attention(spec, queries, keys, values).reshape(-1, (long)spec.Heads * spec.HeadDim);
            })
            {
                Kept = layer => new(_layers[layer].Keys, _layers[layer].Values, places),
            };
        }, finish, cancel: cancel);
    }

    /// <summary>Which rows' sequences turn their positions as long ones do; null where length has no say.</summary>
    private Tensor? IsLong(long[] positions, Device device) => _decoder.Config.LongFrom is not { } from ? null
        : DecoderAttention.OnDevice([.. positions.Select(position => position + 1 >= from ? 1L : 0)], device);

    public void Dispose()
    {
        foreach (var (keys, values) in _layers)
        {
            keys?.Dispose();
            values?.Dispose();
        }
    }

    /// <summary>What a layer's queries, [B, H, d], gather from all keys and values, [P, K, d].</summary>
    private delegate Tensor Attended(AttentionSpec spec, Tensor queries, Tensor keys, Tensor values);

    private static Attended Ours(StepAttention attention, Tensor starts, Tensor positions, long longest) =>
        (spec, queries, keys, values) => attention.Over(spec, queries, keys, values, starts, positions, longest);

    /// <summary>Each row's own keys, as many as are there, and no mask.</summary>
    private static Attended Flash(DecoderStage stage, Tensor starts, Tensor positions, long longest)
    {
        var rows = Scalars.Range(0, positions.shape[0] + 1, ScalarType.Int32, stage.Device);
        var (ends, seqUsedK) = (starts.to_type(ScalarType.Int32), positions.add(Scalars.One, Scalars.One).to_type(ScalarType.Int32));
        return (spec, queries, keys, values) => spec.SoftCap is not null
            ? stage.Capped!.Over(spec, queries, keys, values, rows, ends, 1, seqUsedK)
            : AtenOps.Flash(queries, keys, values, rows, ends, 1, longest, spec.Window, spec.Scale, seqUsedK);
    }

    private Attended Masked(DecoderStage stage, Tensor positions, long longest)
    {
        var used = (longest + 15) / 16 * 16;
        var masks = stage.Specs.Select(layer => layer.Attention.Window).Distinct()
            .Select(window => (Window: window, Mask: Mask(stage, positions, used, window))).ToList();
        Tensor InUse(Tensor all) => ByRow(all).narrow(1, 0, used).permute(0, 2, 1, 3); // [B, K, S, d]
        // The queries that share a key-value head are the rows of one small product.
        return (spec, queries, keys, values) =>
        {
            var q = queries.view(-1, spec.KeyValueHeads, spec.Heads / spec.KeyValueHeads, spec.HeadDim);
            var mask = masks.First(mask => mask.Window == spec.Window).Mask;
            return spec.SoftCap is null ? AtenOps.Attention(q, InUse(keys), InUse(values), mask, causal: false, spec.Scale)
                : CappedAttention.Over(spec, stage.Elementwise, q, InUse(keys), InUse(values), mask);
        };
    }

    private Tensor ByRow(Tensor all) => all.view(-1, _each!.Value, all.shape[1], all.shape[2]); // [B, C, K, d]

    /// <summary>[B, 1, 1, S]: up to the row's own position, the window's width back.</summary>
    private static Tensor Mask(DecoderStage stage, Tensor positions, long used, int? window)
    {
        var back = positions.unsqueeze(1).sub(Scalars.Range(0, used, ScalarType.Int64, stage.Device)); // [B, S]
        var visible = back.ge(Scalars.Zero);
        if (window is { } width)
            visible = visible.logical_and(Scalars.With(width, back.lt));
        return BandMask.Additive(visible, stage.Dtype).unsqueeze(1).unsqueeze(1);
    }
}
