using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Kernels;

/// <summary>
/// The turns of each token's position, both [N, 1, t], of a head's first t values; the sine's first half is negated.
/// </summary>
internal readonly record struct RotaryTable(Tensor Cos, Tensor Sin);

/// <summary>Rotary positions: cosines and sines, computed in float32 and kept in the model's type, or as they are.</summary>
/// <remarks>
/// Letters: N tokens, t values that are turned. The sine's first half is negated: turning is then x cos + swap(x) sin.
/// </remarks>
internal sealed class Rope(RopeConfig config, Device device, ScalarType dtype) : IDisposable
{
    private readonly Lock _growing = new();

    /// <summary>What sets one rope apart from another.</summary>
    public RopeConfig Config => config;

    /// <summary>
    /// Tables of growing length, the last in use; others may still be read by other threads. Where a sequence's length has a
    /// say, the turns of long sequences follow those of the others.
    /// </summary>
    private readonly List<(RotaryTable Turns, int Length)> _tables = [];

    /// <summary>The turns of so many positions at most.</summary>
    /// <param name="isLong">[N], 1 for tokens of sequences beyond the original length, else 0; null where none is.</param>
    public RotaryTable At(Tensor positions, int longest, Tensor? isLong)
    {
        var (table, length) = Table(longest);
        using var places = isLong is null || config.LongFrom is null ? null : isLong.Times(length).add_(positions, Scalars.One);
        Tensor Of(Tensor turns) => turns.index_select(0, places ?? positions).unsqueeze_(1);
        return new(Of(table.Cos), Of(table.Sin));
    }

    public void Dispose()
    {
        foreach (var ((cos, sin), _) in _tables)
        {
            cos.Dispose();
            sin.Dispose();
        }
        _tables.Clear();
    }

    private (RotaryTable Turns, int Length) Table(int longest)
    {
        lock (_growing)
        {
            if (_tables.Count == 0 || _tables[^1].Length < longest)
            {
                var length = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(longest, 64));
                _tables.Add((OfLength(length), length));
            }
            return _tables[^1];
        }
    }

    private RotaryTable OfLength(int length)
    {
        using var scope = NewDisposeScope();
        var kept = config.IsWide ? ScalarType.Float32 : dtype;
        var angles = cat([.. Frequencies(config).Select(frequencies =>
            Scalars.Range(0, length, ScalarType.Float32, device).unsqueeze(1).mul(frequencies.to(device)))], 0); // [length, t/2]
        Tensor Kept(Tensor turns) => (config.AttentionFactor == 1 ? turns : turns.Times(config.AttentionFactor)).to_type(kept);
        var (cos, sin) = (Kept(angles.cos()), Kept(angles.sin()));
        return new(cat([cos, cos], 1).DetachFromDisposeScope(), cat([sin.neg(), sin], 1).DetachFromDisposeScope());
    }

    /// <summary>
    /// How far one position turns each pair, float32, on the CPU; of longrope, in a long sequence after that in another.
    /// </summary>
    internal static Tensor[] Frequencies(RopeConfig config)
    {
        var powers = Scalars.Range(0, config.Size / 2, ScalarType.Int64, CPU).Times(2).to_type(ScalarType.Float32).DividedBy((double)config.Size);
        var waves = tensor((float)config.Theta).pow(powers);
        var inverse = waves.reciprocal();
        return config.Kind switch
        {
            "linear" => [inverse.DividedBy(config.Factor)],
            "llama3" => [Llama3(inverse, config)],
            "yarn" => [Yarn(waves, inverse, config)],
            "longrope" => [.. new[] { config.ShortFactors, config.LongFactors }.Select(factors =>
                tensor(factors.Select(factor => (float)factor).ToArray()).mul_(waves).reciprocal_())],
            _ => [inverse],
        };
    }

    /// <summary>Fast pairs are left alone, slow ones slowed by the factor, and those of the ramp mixed.</summary>
    private static Tensor Yarn(Tensor waves, Tensor inverse, RopeConfig config)
    {
        var (low, high) = (config.Ramp.Low, config.Ramp.High == config.Ramp.Low ? config.Ramp.High + 0.001 : config.Ramp.High);
        var slowed = waves.Times(config.Factor).reciprocal();
        var alone = Scalars.Range(0, config.Size / 2, ScalarType.Float32, CPU).Plus(-low).DividedBy(high - low).clamp(Scalars.Zero, Scalars.One).Rest();
        return slowed.mul(alone.Rest()).Plus(inverse.mul(alone));
    }

    /// <summary>
    /// Long waves are slowed by the factor, short ones left alone, and those between the two limits mixed.
    /// </summary>
    private static Tensor Llama3(Tensor inverse, RopeConfig config)
    {
        var (longWave, shortWave) = (config.OriginalMaxLength / config.LowFrequencyFactor,
            config.OriginalMaxLength / config.HighFrequencyFactor);
        var waves = inverse.reciprocal().Times(2 * Math.PI);
        var slowed = inverse.DividedBy(config.Factor);
        var share = waves.reciprocal().Times(config.OriginalMaxLength).Plus(-config.LowFrequencyFactor)
            .DividedBy(config.HighFrequencyFactor - config.LowFrequencyFactor);
        var mixed = share.Rest().mul(slowed).Plus(share.mul(inverse));
        return where(Scalars.With(longWave, waves.gt), slowed, where(Scalars.With(shortWave, waves.lt), inverse, mixed));
    }
}
