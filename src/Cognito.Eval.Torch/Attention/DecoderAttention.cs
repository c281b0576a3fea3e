using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Attention;

/// <summary>A shared prefix's keys and values in one layer, as the attention at hand wants them.</summary>
internal readonly record struct LayerKeyValues(Tensor Keys, Tensor Values);

/// <summary>Attention of one batch, layer by layer.</summary>
/// <remarks>Letters: N tokens, R rows asked for, H query heads, K key-value heads, d head size.</remarks>
internal abstract class DecoderAttention
{
    /// <summary>What every token, or every one of <paramref name="rows"/>, gathers: [N, H d] or [R, H d].</summary>
    /// <param name="spec">Of the layer.</param>
    /// <param name="queries">[N, H, d]</param>
    /// <param name="keys">[N, K, d]; values likewise.</param>
    /// <param name="sharedPrefix">a shared prefix's kept keys and values in this layer.</param>
    /// <param name="rows">The batch's rows on the device, where only these matter: after the last layer's attention.</param>
    public abstract Tensor Over(
        AttentionSpec spec, Tensor queries, Tensor keys, Tensor values, Func<SharedPrefix, LayerKeyValues> sharedPrefix,
        Tensor? rows);

    /// <summary>Numbers on the device; for CUDA from pinned memory, so that the host need not wait for the card.</summary>
    public static Tensor OnDevice(long[] numbers, Device device)
    {
        if (device.type != DeviceType.CUDA)
            return tensor(numbers, device: device);
        using var pageable = tensor(numbers);
        using var pinned = pageable.pin_memory();
        return pinned.to(ScalarType.Int64, device, non_blocking: true);
    }
}
