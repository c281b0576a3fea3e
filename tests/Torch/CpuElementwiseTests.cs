using System.Runtime.InteropServices;
using Cognito.Eval.Torch.Kernels;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class CpuElementwiseTests
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(200, -100)]
    [InlineData(-300, -301)]
    [InlineData(70, 69)]
    [InlineData(float.NaN, 1)]
    [InlineData(float.PositiveInfinity, 1)]
    [InlineData(float.NegativeInfinity, 1)]
    public void Experts_weigh_as_with_libtorch_however_large_their_logits_are(float one, float other)
    {
        Assert.Equal(Weighed(new TensorElementwise()), Weighed(new CpuElementwise()), (a, b) => a.Equals(b) || Math.Abs(a - b) < 1e-5);

        float[] Weighed(Elementwise elementwise)
        {
            using var scope = NewDisposeScope();
            var stream = zeros(1, 4);
            elementwise.AddWeighed(stream, [ones(1, 4), ones(1, 4).mul(3)], tensor(new[] { one, other }).view(1, 2));
            return MemoryMarshal.Cast<byte, float>(stream.bytes).ToArray();
        }
    }
}
