using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>The embedded checkpoint on the samples: one sequence at a time, and shared.</summary>
[Collection("torch")]
public sealed class ExactTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano");

    private static IReadOnlyList<Questions> Asked { get; } = [.. new[] { ArcChallenge.Task, Winogrande.Task, TruthfulQa.Task }
        .Select(task => Questions.Ask(
            task, DataRoot.Open(Fixture.Samples), LeaderboardV1.Rules, limit: new Limit(3)))];

    private static async Task<(IReadOnlyList<GradedTask> Graded, Rounding Rounding)> Answer(Budget budget, int workers)
    {
        var tokenizer = CheckpointTokenizer.Open(Folder);
        using var model = Planned.Model(
            TorchModel.Load(Folder, CPU, ScalarType.Float32, workers: workers), tokenizer.Tokenizer, budget, new(2, [2], tokenizer.EndText));
        var asked = new AskedTasks(TaskSet.Leaderboard, Asked, [], new() { Data = DataRoot.Open(Fixture.Samples) });
        var graded = await Evaluator.GradeAsync(model, asked, new(), default);
        return (graded, (await Evaluator.MeasureRoundingAsync(model, asked, graded, new(), default))!);
    }

    private static IEnumerable<Reply> Replies(IReadOnlyList<GradedTask> graded) =>
        graded.SelectMany(task => task.Docs).SelectMany(doc => doc.Replies);

    [Fact]
    public async Task One_sequence_at_a_time_gives_the_same_bits_on_any_number_of_workers()
    {
        var (one, rounding) = await Answer(Budget.Exact, 1);
        Assert.Equal(Replies(one), Replies((await Answer(Budget.Exact, 3)).Graded));
        Assert.Equal(0, rounding.LargestDifference);
    }

    [Fact]
    public async Task Shared_batches_give_the_same_bits_on_any_number_of_workers()
    {
        var (one, rounding) = await Answer(2048, 1);
        Assert.Equal(Replies(one), Replies((await Answer(2048, 3)).Graded));
        Assert.InRange(rounding.LargestDifference, double.Epsilon, 1e-3);
        Assert.Equal(1, rounding.Documents);
    }
}
