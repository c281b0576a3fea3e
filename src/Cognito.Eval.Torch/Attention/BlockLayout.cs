using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Attention;

/// <summary>A batch's blocks and their masks, for the layers that see alike.</summary>
internal sealed class BlockLayout
{
    private readonly List<(SharedPrefix SharedPrefix, int Start, int End)> _apart = [];

    public BlockLayout(PackedBatch batch, BandMask band, Device device, ScalarType dtype)
    {
        var trees = batch.Trees;
        Visibility = band.Sizes.Visibility;
        // A window hides some of a shared prefix's keys from some queries; a merge needs sums that a cap's path does not have.
        if (device.type == DeviceType.CPU && dtype == ScalarType.Float32 && Visibility == default)
        {
            SetApart(trees);
            trees = [.. trees.Select(tree => tree with { SharedPrefix = null })];
        }
        (Blocks, var visible) = BlockMasks.Draw(trees, BlockPlan.Create(trees, band.Sizes), batch.Positions, band.Sizes.Window);
        using var scope = NewDisposeScope();
        var drawn = visible.Length == 0 ? null : BandMask.Additive(tensor(visible, device: device), dtype);
        Masks = [.. Blocks.Select(b => b.IsCausal ? null
            : Aligned(b.IsPath ? band.Slice(b.Rows, b.Keys)
                : drawn!.narrow(0, b.MaskAt, (long)b.Rows * b.Keys).view(b.Rows, b.Keys)).MoveToOuterDisposeScope())];
    }

    public Visibility Visibility { get; }

    public IReadOnlyList<Block> Blocks { get; }

    /// <summary>Each block's, added to its scores; null where plain causal attention needs none.</summary>
    public IReadOnlyList<Tensor?> Masks { get; }

    /// <summary>Stretches of the stream that follow the same shared prefix, where shared prefixes are attended to apart.</summary>
    public IReadOnlyList<(SharedPrefix SharedPrefix, int Start, int End)> Apart => _apart;

    private void SetApart(IReadOnlyList<LaidTree> trees)
    {
        foreach (var tree in trees.Where(tree => tree.SharedPrefix is not null && tree.Length > 0))
            if (_apart.Count > 0 && _apart[^1].SharedPrefix == tree.SharedPrefix && _apart[^1].End == tree.Start)
                _apart[^1] = (_apart[^1].SharedPrefix, _apart[^1].Start, tree.End);
            else
                _apart.Add((tree.SharedPrefix!, tree.Start, tree.End));
    }

    /// <summary>CUDA's kernels take rows that begin at multiples of 16 elements, or copy the mask in every layer.</summary>
    private static Tensor Aligned(Tensor mask)
    {
        if (mask.device.type != DeviceType.CUDA)
            return mask;
        var width = (mask.shape[1] + 15) / 16 * 16;
        return empty([mask.shape[0], width], mask.dtype, mask.device).narrow(1, 0, mask.shape[1]).copy_(mask);
    }
}
