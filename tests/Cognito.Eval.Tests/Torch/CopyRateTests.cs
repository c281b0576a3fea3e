using Cognito.Eval.Torch;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class CopyRateTests
{
    [Fact]
    public void Memory_is_copied_at_a_rate_between_a_disks_and_a_caches() =>
        Assert.InRange(CopyRate.ToDevice(CPU), 5e7, 1e13);

    [Fact]
    public void Files_are_read_whole_by_any_number_of_threads()
    {
        using var weights = new TestWeights();
        string[] paths = [weights.Write("a", new byte[(9 << 20) + 1]), weights.Write("b", ""), weights.Write("c", "x")];
        foreach (var threads in (int[])[1, 3])
            Assert.InRange(CopyRate.FromFiles(paths, threads), 1e6, 1e12);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        using var weights = new TestWeights();
        var missing = Path.Combine(weights.Folder, "missing");
        Assert.Contains("not all can be read", TestWeights.Line(missing, () => CopyRate.FromFiles([missing], 2)));
    }
}
