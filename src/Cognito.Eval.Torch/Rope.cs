using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>Rotary positions: cosines and sines, computed in float32 and kept in the model's type.</summary>
/// <remarks>
/// Letters: N tokens, d a head's size. The sine's first half is negated: turning is then x cos + swap(x) sin.
/// </remarks>
internal sealed class Rope(RopeConfig config, int headDim, Device device, ScalarType dtype) : IDisposable
{
    private Tensor? _cos, _sin;

    /// <summary>The turns of each position, both [N, 1, d].</summary>
    public (Tensor Cos, Tensor Sin) At(Tensor positions, int longest)
    {
        if (_cos is null || _cos.shape[0] < longest)
            Grow((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(longest, 64)));
        return (_cos!.index_select(0, positions).unsqueeze_(1), _sin!.index_select(0, positions).unsqueeze_(1));
    }

    /// <summary>Turns heads [N, heads, d] by the two halves of each.</summary>
    public static Tensor Turn(Tensor heads, (Tensor Cos, Tensor Sin) turns) =>
        heads.mul(turns.Cos).add_(heads.roll(heads.shape[^1] / 2, -1).mul_(turns.Sin));

    public void Dispose()
    {
        _cos?.Dispose();
        _sin?.Dispose();
    }

    private void Grow(int length)
    {
        using var scope = NewDisposeScope();
        using var frequencies = Frequencies(config, headDim).to(device);
        var angles = arange(length, ScalarType.Float32, device).unsqueeze(1).mul(frequencies); // [length, d/2]
        var (cos, sin) = (angles.cos().to_type(dtype), angles.sin().to_type(dtype));
        Dispose();
        _cos = cat([cos, cos], 1).DetachFromDisposeScope();
        _sin = cat([sin.neg(), sin], 1).DetachFromDisposeScope();
    }

    /// <summary>How far one position turns each pair, float32, on the CPU.</summary>
    internal static Tensor Frequencies(RopeConfig config, int headDim)
    {
        var powers = arange(0, headDim, 2, ScalarType.Int64).to_type(ScalarType.Float32).div_(headDim);
        var inverse = tensor((float)config.Theta).pow(powers).reciprocal();
        return config.Kind switch
        {
            "linear" => inverse.div_(config.Factor),
            "llama3" => Llama3(inverse, config),
            _ => inverse,
        };
    }

    /// <summary>
    /// Long waves are slowed by the factor, short ones left alone, and those between the two limits mixed.
    /// </summary>
    private static Tensor Llama3(Tensor inverse, RopeConfig config)
    {
        var (longWave, shortWave) = (config.OriginalMaxLength / config.LowFrequencyFactor,
            config.OriginalMaxLength / config.HighFrequencyFactor);
        var waves = inverse.reciprocal().mul_(2 * Math.PI);
        var slowed = inverse / config.Factor;
        var share = (waves.reciprocal() * config.OriginalMaxLength - config.LowFrequencyFactor)
            / (config.HighFrequencyFactor - config.LowFrequencyFactor);
        var mixed = (1 - share) * slowed + share * inverse;
        return where(waves > longWave, slowed, where(waves < shortWave, inverse, mixed));
    }
}
