using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Attention;

/// <summary>
/// Attention block by block, with masks where a block holds several sequences. On the CPU the shared prefixes' keys are
/// attended to apart, by all that follow a shared prefix at once and without a mask, and the two halves are merged.
/// </summary>
/// <remarks>
/// Letters: N tokens, M tokens after one shared prefix, O its keys, H query heads, K key-value heads, G = H / K, d head size,
/// R a block's queries, S its keys.
/// </remarks>
internal sealed class BlockAttention : DecoderAttention
{
    private readonly PackedBatch _batch;

    private readonly Elementwise _elementwise;

    /// <summary>One for each way in which layers see.</summary>
    private readonly BlockLayout[] _layouts;

    /// <param name="bands">One for each way in which layers see.</param>
    public BlockAttention(PackedBatch batch, IReadOnlyList<BandMask> bands, Elementwise elementwise, Device device, ScalarType dtype) =>
        (_batch, _elementwise, _layouts) = (batch, elementwise, [.. bands.Select(band => new BlockLayout(batch, band, device, dtype))]);

    /// <summary>[N, K, d] as [K, N, d], each head's in one piece: many queries read them.</summary>
    public static Tensor ByHead(Tensor x) => x.permute(1, 0, 2).contiguous();

    public override Tensor Over(
        AttentionSpec spec, Tensor queries, Tensor keys, Tensor values, Func<SharedPrefix, LayerKeyValues> sharedPrefix,
        Tensor? rows)
    {
        using var scope = NewDisposeScope();
        var layout = _layouts.First(layout => layout.Visibility == spec.Visibility);
        var (k, v) = (ByHead(keys), ByHead(values)); // [K, N, d]
        var (parts, sums) = (new List<Tensor>(layout.Blocks.Count), new List<Tensor>(layout.Blocks.Count));
        var size = (long)spec.Heads * spec.HeadDim;
        // Where all rows are asked for, each block's go where they belong at once.
        var all = rows is null && layout.Blocks.Count > 1 ? empty([queries.shape[0], size], queries.dtype, queries.device) : null;
        var chosen = 0;
        for (var b = 0; b < layout.Blocks.Count; b++)
        {
            var (first, block) = (chosen, layout.Blocks[b]);
            while (rows is not null && chosen < _batch.Rows.Count && _batch.Rows[chosen] < block.End)
                chosen++;
            if (rows is not null && chosen == first)
                continue;
            using var one = NewDisposeScope();
            var kept = block.SharedPrefixKeys > 0 ? sharedPrefix(block.SharedPrefix!) : default;
            var (output, logSum) = One(spec, layout, b, queries, Keys(block, k, kept.Keys), Keys(block, v, kept.Values));
            var its = rows is null ? null : rows.narrow(0, first, chosen - first).Plus(-block.Start);
            if (all is not null)
                all.narrow(0, block.Start, block.Rows).view(output.shape).copy_(output);
            else
                parts.Add((its is null ? output : output.index_select(0, its)).reshape(-1, size).MoveToOuterDisposeScope());
            if (logSum is not null)
                sums.Add((its is null ? logSum : logSum.index_select(0, its)).MoveToOuterDisposeScope());
        }
        var whole = all is not null ? all : parts.Count == 1 ? parts[0] : parts.Count > 1 ? cat(parts, 0)
            : empty([0, size], queries.dtype, queries.device);
        if (sums.Count > 0)
            AddSharedPrefixes(spec, layout, whole, sums.Count == 1 ? sums[0] : cat(sums, 0), queries, sharedPrefix, rows);
        return whole.MoveToOuterDisposeScope();
    }

    /// <summary>A block's queries over its keys: [R, H, d] or [R, K, G, d], and where halves are merged the logarithms of its sums, [R, H].</summary>
    private (Tensor Output, Tensor? LogSum) One(
        AttentionSpec spec, BlockLayout layout, int at, Tensor queries, Tensor keys, Tensor values)
    {
        var (block, mask) = (layout.Blocks[at], layout.Masks[at]);
        var (h, k, d) = (spec.Heads, spec.KeyValueHeads, spec.HeadDim);
        var q = queries.narrow(0, block.Start, block.Rows).view(block.Rows, k, h / k, d).permute(1, 2, 0, 3);
        if (spec.SoftCap is not null)
            return (CappedAttention.Over(spec, _elementwise, q.reshape(k, (long)h / k * block.Rows, d), keys, values, mask!)
                .view(k, h / k, block.Rows, d).permute(2, 0, 1, 3), null);
        // Keys and values are not repeated for the queries that share them: a stride of 0 does. But CUDA's
        // memory-efficient kernel (libtorch 2.11) takes heads of stride 0 for queries wherever its last tile has one
        // row, and answers that row wrongly; flash attention, which plain causal blocks of 16 bits get, does not.
        var repeats = queries.device_type == DeviceType.CUDA && (mask is not null || queries.dtype == ScalarType.Float32);
        var shared = (Tensor x) => x.unsqueeze(1).expand(k, h / k, -1, d) is var all && repeats ? all.contiguous() : all;
        if (layout.Apart.Count == 0)
            return (AtenOps.Attention(q, shared(keys), shared(values), mask, block.IsCausal, spec.Scale) // [K, G, R, d]
                .permute(2, 0, 1, 3), null);
        var flat = (Tensor x) => x.reshape(1, h, -1, d);
        var (output, sum) = AtenOps.FlashOnCpu(flat(q), flat(shared(keys)), flat(shared(values)), block.IsCausal, mask, spec.Scale);
        return (output.squeeze(0).permute(1, 0, 2), sum.view(h, -1).t());
    }

    /// <summary>Merges into the stream's own attention what its shared prefixes add, weighed by the sums of exponentials.</summary>
    /// <param name="own">[N, H d], or of the rows alone; changed in place.</param>
    /// <param name="ownSum">[N, H]</param>
    private void AddSharedPrefixes(
        AttentionSpec spec, BlockLayout layout, Tensor own, Tensor ownSum, Tensor queries, Func<SharedPrefix, LayerKeyValues> sharedPrefix, Tensor? rows)
    {
        var (h, k, d) = (spec.Heads, spec.KeyValueHeads, spec.HeadDim);
        var (g, at) = (h / k, 0);
        foreach (var (named, start, end) in layout.Apart)
        {
            var (first, last) = (start, end);
            if (rows is not null)
            {
                while (at < _batch.Rows.Count && _batch.Rows[at] < start)
                    at++;
                for (first = at; at < _batch.Rows.Count && _batch.Rows[at] < end;)
                    at++;
                last = at;
            }
            if (first == last)
                continue;
            using var scope = NewDisposeScope();
            var m = last - first;
            var its = rows is null ? queries.narrow(0, first, m) : queries.index_select(0, rows.narrow(0, first, m));
            // The queries that share a head's keys are the rows of one product.
            var q = its.view(m, k, g, d).permute(1, 2, 0, 3).reshape(1, k, (long)g * m, d);
            var kept = sharedPrefix(named); // [K, O, d]
            var (output, sum) = AtenOps.FlashOnCpu(q, kept.Keys.unsqueeze(0), kept.Values.unsqueeze(0), false, null, spec.Scale);
            var other = output.view(k, g, m, d).permute(2, 0, 1, 3).reshape(m, h, d);
            var share = ownSum.narrow(0, first, m).sub(sum.view(k, g, m).permute(2, 0, 1).reshape(m, h)).sigmoid_();
            own.narrow(0, first, m).view(m, h, d).sub_(other).mul_(share.unsqueeze(2)).add_(other, Scalars.One);
        }
    }

    /// <summary>The block's keys, or values, one after the other: [K, S, d].</summary>
    private static Tensor Keys(Block block, Tensor own, Tensor? sharedPrefix)
    {
        var pieces = new List<Tensor>(3);
        if (block.SharedPrefixKeys > 0)
            pieces.Add(sharedPrefix!.narrow(1, block.SharedPrefixFrom, block.SharedPrefixKeys));
        if (block.ContextLength > 0)
            pieces.Add(own.narrow(1, block.ContextStart, block.ContextLength));
        pieces.Add(own.narrow(1, block.KeyStart, block.End - block.KeyStart));
        return pieces.Count == 1 ? pieces[0] : cat(pieces, 1);
    }
}
