using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Attention;

/// <summary>
/// The mask of queries that are the last of their keys: row i sees up to its own key, the window's width back. One
/// matrix holds the masks of all sizes.
/// </summary>
internal sealed class BandMask(BlockSizes sizes, Device device, ScalarType dtype) : IDisposable
{
    private readonly Lock _growing = new();

    public BlockSizes Sizes => sizes;

    /// <summary>[rows, keys] each, its last key the last row's own; the last is in use, others may still be read.</summary>
    private readonly List<Tensor> _bands = [];

    public Tensor Slice(int rows, int keys)
    {
        var band = Band(keys);
        return band.narrow(0, 0, rows).narrow(1, band.shape[1] - sizes.Rows - (keys - rows), keys);
    }

    public static Tensor Additive(Tensor visible, ScalarType dtype) =>
        zeros(visible.shape, dtype, visible.device).masked_fill_(visible.logical_not(), Scalars.MinusInfinity);

    public void Dispose()
    {
        _bands.ForEach(band => band.Dispose());
        _bands.Clear();
    }

    private Tensor Band(int keys)
    {
        lock (_growing)
        {
            if (_bands.Count == 0 || _bands[^1].shape[1] < keys + sizes.Rows)
                _bands.Add(OfKeys((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(keys + sizes.Rows))));
            return _bands[^1];
        }
    }

    private Tensor OfKeys(int keys)
    {
        using var scope = NewDisposeScope();
        var back = Scalars.Range(0, sizes.Rows, ScalarType.Int32, device).unsqueeze(1)
            .sub(Scalars.Range(sizes.Rows - keys, sizes.Rows, ScalarType.Int32, device)); // how far back the key lies
        var visible = back.ge(Scalars.Zero);
        if (sizes.Window is { } window)
            visible = visible.logical_and(Scalars.With(window, back.lt));
        return Additive(visible, dtype).DetachFromDisposeScope();
    }
}
