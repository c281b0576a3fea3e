using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>Every layer's keys and values of rows that grow by one token a step, each row from its place 0 on.</summary>
/// <remarks>
/// Letters: B rows, C places a row, K key-value heads, G query heads to one of them, d head size, S places in use.
/// </remarks>
internal sealed class KeyValueCache : IDisposable
{
    private readonly Decoder _decoder;
    private readonly long _places;
    private readonly (Tensor Keys, Tensor Values)[] _layers; // [B, C, K, d]

    public KeyValueCache(Decoder decoder, int rows, int places)
    {
        var config = decoder.Config;
        (_decoder, _places) = (decoder, (places + 15) / 16 * 16);
        _layers = new (Tensor, Tensor)[config.Layers];
        try
        {
            // Zeros, because what is masked is multiplied by 0, and memory as it comes may hold a NaN.
            Tensor Room() => zeros([rows, _places, config.KeyValueHeads, config.HeadDim], decoder.Dtype, decoder.Device);
            for (var l = 0; l < _layers.Length; l++)
                _layers[l] = (Room(), Room());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Puts <paramref name="count"/> tokens of keys and values, [N, K, d], at the start of a row.</summary>
    public void Write(int layer, int row, Tensor keys, Tensor values, int from, int count)
    {
        using var scope = NewDisposeScope();
        _layers[layer].Keys.select(0, row).narrow(0, 0, count).copy_(keys.narrow(0, from, count));
        _layers[layer].Values.select(0, row).narrow(0, 0, count).copy_(values.narrow(0, from, count));
    }

    /// <summary>Drops all other rows.</summary>
    public void Keep(IReadOnlyList<int> rows)
    {
        using var kept = tensor(rows.Select(r => (long)r).ToArray(), device: _decoder.Device);
        for (var l = 0; l < _layers.Length; l++)
        {
            var (keys, values) = _layers[l];
            using (keys)
                _layers[l].Keys = keys.index_select(0, kept);
            using (values)
                _layers[l].Values = values.index_select(0, kept);
        }
    }

    /// <summary>One more token a row, at its position: the last layer's output, [B, D].</summary>
    public Tensor Step(long[] ids, long[] positions)
    {
        using var scope = NewDisposeScope();
        var (config, device) = (_decoder.Config, _decoder.Device);
        var used = (positions.Max() + 16) / 16 * 16;
        var at = tensor(positions, device: device);
        var place = arange(ids.Length, ScalarType.Int64, device).mul_(_places).add_(at);
        var mask = Mask(at, used);
        return _decoder.Run(tensor(ids, device: device), at, (int)positions.Max() + 1, (layer, queries, keys, values) =>
        {
            var (allKeys, allValues) = _layers[layer];
            Flat(allKeys).index_copy_(0, place, keys.contiguous());
            Flat(allValues).index_copy_(0, place, values.contiguous());
            // The queries that share a key-value head are the rows of one small product.
            var q = queries.view(-1, config.KeyValueHeads, config.Heads / config.KeyValueHeads, config.HeadDim);
            return nn.functional.scaled_dot_product_attention(q, InUse(allKeys, used), InUse(allValues, used), mask)
                .reshape(-1, (long)config.Heads * config.HeadDim);
        }).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var (keys, values) in _layers)
        {
            keys?.Dispose();
            values?.Dispose();
        }
    }

    private static Tensor Flat(Tensor all) => all.view(-1, all.shape[2], all.shape[3]); // [B C, K, d]

    private static Tensor InUse(Tensor all, long used) => all.narrow(1, 0, used).permute(0, 2, 1, 3); // [B, K, S, d]

    /// <summary>[B, 1, 1, S]: up to the row's own position, the window's width back.</summary>
    private Tensor Mask(Tensor positions, long used)
    {
        var back = positions.unsqueeze(1).sub(arange(used, ScalarType.Int64, _decoder.Device)); // [B, S]
        var visible = back.ge(0);
        if (_decoder.Config.SlidingWindow is { } window)
            visible = visible.logical_and(back.lt(window));
        return BandMask.Additive(visible, _decoder.Dtype).unsqueeze(1).unsqueeze(1);
    }
}
