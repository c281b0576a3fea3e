using System.Runtime.InteropServices;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class RopeTests
{
    [Fact]
    public void Each_pair_turns_slower_than_the_one_before() =>
        Assert.Equal([1, 0.1, 0.01, 0.001], Frequencies(new("default", 1e4, 8)));

    [Fact]
    public void A_linear_factor_slows_all_pairs_alike() =>
        Assert.Equal([0.25, 0.025, 0.0025, 0.00025], Frequencies(new("linear", 1e4, 8) { Factor = 4 }));

    [Fact]
    public void Llama3_slows_long_waves_leaves_short_ones_and_mixes_between()
    {
        // Waves of 6.3, 62.8, 628 and 6283 positions; the limits lie at 400 / 8 = 50 and 400 / 0.5 = 800.
        var share = (400 / (2 * Math.PI / 0.01) - 0.5) / (8 - 0.5);
        var second = (400 / (2 * Math.PI / 0.1) - 0.5) / (8 - 0.5);
        Assert.Equal([1, (1 - second) * 0.1 / 16 + second * 0.1, (1 - share) * 0.01 / 16 + share * 0.01, 0.001 / 16],
            Frequencies(new("llama3", 1e4, 8)
            {
                Factor = 16,
                LowFrequencyFactor = 0.5,
                HighFrequencyFactor = 8,
                OriginalMaxLength = 400,
            }), (a, b) => Math.Abs(a - b) < 2e-8);
    }

    private static double[] Frequencies(RopeConfig config)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        return [.. MemoryMarshal.Cast<byte, float>(Rope.Frequencies(config)[0].bytes).ToArray()
            .Select(f => Math.Round((double)f, 8))];
    }
}
