using System.Diagnostics;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch;
using TorchSharp;

namespace Cognito.Eval.Tests;

[Collection("torch")]
public sealed class LongRunTests(ITestOutputHelper output)
{
    private const int Rounds = 100, Continuations = 180, Prompts = 20, Warm = 20;
    private const double MostGrowth = 24;

    /// <summary>Growth is measured between the rounds, after the first ones have filled pools and caches.</summary>
    [Theory]
    [InlineData("tiny-mixtral-2x")]
    [InlineData("tiny-llama")]
    public void Twenty_thousand_requests_leave_no_tensor_and_no_memory_behind(string checkpoint)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "resident memory is read as Linux has it");
        using var model = TorchModel.Load(
            Fixture.Path("checkpoints", checkpoint), torch.CPU, torch.ScalarType.Float32, LogProbDtype.Float32);
        var random = new Random(11);
        var (tensors, resident) = (0L, 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            var sharedPrefix = new SharedPrefix(Tokens(random, 60));
            PrefixTree[] trees = [.. Enumerable.Range(0, Continuations / 4).Select(_ => new PrefixTree(sharedPrefix, Tokens(random, 5),
                [.. Enumerable.Range(0, 4).Select(_ => new Continuation(Tokens(random, 4), Tokens(random, 3)))]))];
            Assert.Equal(Continuations, model.Score([.. trees.Chunk(9).Select(chunk => new ScoreBatch(chunk))]).Sum(scores => scores.Count));
            Prompt[] prompts = [.. Enumerable.Range(0, Prompts).Select(_ => new Prompt(Tokens(random, 30), 8))];
            Assert.Equal(Prompts, model.Generate(prompts, (_, _) => false).Count);
            if (round == Warm)
                (tensors, resident) = (torch.Tensor.TotalCount, Resident());
        }
        Assert.Equal(tensors, torch.Tensor.TotalCount);
        var growth = Resident() - resident;
        output.WriteLine($"grew by {growth:0.0}");
        Assert.InRange(growth, double.NegativeInfinity, MostGrowth);
    }

    private static int[] Tokens(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(3, 200))];

    /// <summary>In MiB, once what nothing refers to any more is gone.</summary>
    private static double Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 / 1048576.0;
    }
}
