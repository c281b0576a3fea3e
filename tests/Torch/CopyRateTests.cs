using Cognito.Eval.Torch.Weights;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class CopyRateTests
{
    [Fact]
    public void Memory_is_copied_no_faster_than_a_cache_could() =>
        Assert.InRange(CopyRate.ToDevice(CPU), 1, 1e13);

    [Fact]
    public void Files_are_read_whole_by_any_number_of_threads()
    {
        using var weights = new TestWeights();
        string[] paths = [weights.Write("a", new byte[(9 << 20) + 1]), weights.Write("b", ""), weights.Write("c", "x")];
        foreach (var threads in (int[])[1, 3])
            Assert.InRange(CopyRate.FromFiles(paths, threads), 1, 1e12);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        using var weights = new TestWeights();
        var missing = Path.Combine(weights.Folder, "missing");
        Assert.Contains("no such file", TestWeights.Line(missing, () => CopyRate.FromFiles([missing], 2)));
    }
}
