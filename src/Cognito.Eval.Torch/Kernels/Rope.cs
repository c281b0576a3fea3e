using Cognito.Eval.Torch.Architectures;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>The turns of each token's position, both [N, 1, d]; the sine's first half is negated.</summary>
internal readonly record struct RotaryTable(Tensor Cos, Tensor Sin);

/// <summary>Rotary positions: cosines and sines, computed in float32 and kept in the model's type.</summary>
/// <remarks>
/// Letters: N tokens, d a head's size. The sine's first half is negated: turning is then x cos + swap(x) sin.
/// </remarks>
internal sealed class Rope(RopeConfig config, int headDim, Device device, ScalarType dtype) : IDisposable
{
    private readonly Lock _growing = new();

    /// <summary>What sets one rope apart from another.</summary>
    public (RopeConfig Config, int HeadDim) Kind => (config, headDim);

    /// <summary>Tables of growing length, the last in use; others may still be read by other threads.</summary>
    private readonly List<RotaryTable> _tables = [];

    /// <summary>The turns of so many positions at most.</summary>
    public RotaryTable At(Tensor positions, int longest)
    {
        var table = Table(longest);
        return new(table.Cos.index_select(0, positions).unsqueeze_(1), table.Sin.index_select(0, positions).unsqueeze_(1));
    }

    public void Dispose()
    {
        foreach (var (cos, sin) in _tables)
        {
            cos.Dispose();
            sin.Dispose();
        }
        _tables.Clear();
    }

    private RotaryTable Table(int longest)
    {
        lock (_growing)
        {
            if (_tables.Count == 0 || _tables[^1].Cos.shape[0] < longest)
                _tables.Add(OfLength((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(longest, 64))));
            return _tables[^1];
        }
    }

    private RotaryTable OfLength(int length)
    {
        using var scope = NewDisposeScope();
        using var frequencies = Frequencies(config, headDim).to(device);
        var angles = arange(length, ScalarType.Float32, device).unsqueeze(1).mul(frequencies); // [length, d/2]
        var (cos, sin) = (angles.cos().to_type(dtype), angles.sin().to_type(dtype));
        return new(cat([cos, cos], 1).DetachFromDisposeScope(), cat([sin.neg(), sin], 1).DetachFromDisposeScope());
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
