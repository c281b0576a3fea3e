using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>Attention of one batch, layer by layer: each block's queries over its keys.</summary>
/// <remarks>
/// Letters: N tokens, H query heads, K key-value heads, G = H / K, d head size, R a block's queries, S its keys.
/// </remarks>
internal sealed class Attention
{
    private readonly PackedBatch _batch;
    private readonly ModelConfig _config;
    private readonly Tensor?[] _masks;

    public Attention(PackedBatch batch, ModelConfig config, BandMask band, Device device, ScalarType dtype)
    {
        (_batch, _config) = (batch, config);
        using var scope = NewDisposeScope();
        var visible = batch.Visible.Length == 0 ? null : tensor(batch.Visible, device: device);
        var drawn = visible is null ? null : BandMask.Additive(visible, dtype);
        _masks = [.. batch.Blocks.Select(b => b.IsCausal ? null
            : Aligned(b.IsPath ? band.Slice(b.Rows, b.Keys)
                : drawn!.narrow(0, b.MaskAt, (long)b.Rows * b.Keys).view(b.Rows, b.Keys)).MoveToOuterDisposeScope())];
    }

    /// <summary>What every token, or every one of <paramref name="rows"/>, gathers: [N, H d] or [rows, H d].</summary>
    public Tensor Over(
        Tensor queries, Tensor keys, Tensor values, Func<Opening, (Tensor Keys, Tensor Values)> opening,
        Func<Block, Tensor?>? rows)
    {
        var (k, v) = (ByHead(keys), ByHead(values)); // [K, N, d]
        var parts = new List<Tensor>(_batch.Blocks.Count);
        for (var b = 0; b < _batch.Blocks.Count; b++)
        {
            var block = _batch.Blocks[b];
            using var scope = NewDisposeScope();
            var chosen = rows?.Invoke(block);
            if (rows is not null && chosen is null)
                continue;
            var kept = block.OpeningKeys > 0 ? opening(block.Opening!) : default;
            var part = One(block, queries, Keys(block, k, kept.Keys), Keys(block, v, kept.Values), _masks[b]);
            parts.Add((chosen is null ? part : part.index_select(0, chosen)).MoveToOuterDisposeScope());
        }
        return parts.Count switch
        {
            0 => empty([0, (long)_config.Heads * _config.HeadDim], queries.dtype, queries.device),
            1 => parts[0],
            _ => cat(parts, 0),
        };
    }

    private Tensor One(Block block, Tensor queries, Tensor keys, Tensor values, Tensor? mask)
    {
        var (h, k, d) = (_config.Heads, _config.KeyValueHeads, _config.HeadDim);
        var q = queries.narrow(0, block.Start, block.Rows).view(block.Rows, k, h / k, d).permute(1, 2, 0, 3);
        // Keys and values are not repeated for the queries that share them: a stride of 0 does. But CUDA's
        // memory-efficient kernel (libtorch 2.11) takes heads of stride 0 for queries wherever its last tile has one
        // row, and answers that row wrongly; flash attention, which plain causal blocks of 16 bits get, does not.
        var repeats = queries.device_type == DeviceType.CUDA && (mask is not null || queries.dtype == ScalarType.Float32);
        var shared = (Tensor x) => x.unsqueeze(1).expand(k, h / k, -1, d) is var all && repeats ? all.contiguous() : all;
        return nn.functional.scaled_dot_product_attention(
                q, shared(keys), shared(values), mask, 0, is_casual: block.IsCausal) // [K, G, R, d]
            .permute(2, 0, 1, 3).reshape(block.Rows, (long)h * d);
    }

    /// <summary>The block's keys, or values, one after the other: [K, S, d].</summary>
    private static Tensor Keys(Block block, Tensor own, Tensor? opening)
    {
        var pieces = new List<Tensor>(3);
        if (block.OpeningKeys > 0)
            pieces.Add(opening!.narrow(1, block.OpeningFrom, block.OpeningKeys));
        if (block.PrefixLength > 0)
            pieces.Add(own.narrow(1, block.PrefixStart, block.PrefixLength));
        pieces.Add(own.narrow(1, block.KeyStart, block.End - block.KeyStart));
        return pieces.Count == 1 ? pieces[0] : cat(pieces, 1);
    }

    /// <summary>CUDA's kernels take rows that begin at multiples of 16 elements, or copy the mask in every layer.</summary>
    private static Tensor Aligned(Tensor mask)
    {
        if (mask.device.type != DeviceType.CUDA)
            return mask;
        var width = (mask.shape[1] + 15) / 16 * 16;
        return empty([mask.shape[0], width], mask.dtype, mask.device).narrow(1, 0, mask.shape[1]).copy_(mask);
    }

    /// <summary>[N, K, d] as [K, N, d], each head's in one piece: many queries read them.</summary>
    public static Tensor ByHead(Tensor x) => x.permute(1, 0, 2).contiguous();
}

/// <summary>
/// The mask of queries that are the last of their keys: row i sees up to its own key, the window's width back. One
/// matrix holds the masks of all sizes.
/// </summary>
internal sealed class BandMask(BlockSizes sizes, Device device, ScalarType dtype) : IDisposable
{
    private Tensor? _band; // [rows, keys], its last key the last row's own

    public Tensor Slice(int rows, int keys)
    {
        if (_band is null || _band.shape[1] < keys + sizes.Rows)
            Grow((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(keys + sizes.Rows)));
        return _band!.narrow(0, 0, rows).narrow(1, _band.shape[1] - sizes.Rows - (keys - rows), keys);
    }

    public static Tensor Additive(Tensor visible, ScalarType dtype) =>
        zeros(visible.shape, dtype, visible.device).masked_fill_(visible.logical_not(), float.NegativeInfinity);

    public void Dispose() => _band?.Dispose();

    private void Grow(int keys)
    {
        using var scope = NewDisposeScope();
        _band?.Dispose();
        var back = arange(sizes.Rows, ScalarType.Int32, device).unsqueeze(1)
            .sub(arange(keys, ScalarType.Int32, device).sub(keys - sizes.Rows)); // how far back the key lies
        var visible = back.ge(0);
        if (sizes.Window is { } window)
            visible = visible.logical_and(back.lt(window));
        _band = Additive(visible, dtype).DetachFromDisposeScope();
    }
}
