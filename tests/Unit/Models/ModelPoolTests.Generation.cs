using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

/// <summary>Generated rows.</summary>
public sealed partial class ModelPoolTests
{
    private static GenerationBatch[] Prompts(int count, Func<IReadOnlyList<int>, bool> isDone) =>
        [.. Enumerable.Range(0, count).Select(b => new GenerationBatch([new([b], 9) { Stop = new StopWhen(isDone) }]))];

    [Fact]
    public void Generated_rows_come_in_order_though_a_device_fails()
    {
        var (pool, lost) = Pool(Sound(), FailsAfter(0), Sound());
        var rows = pool.Generate(Prompts(30, ids => ids.Count == 1 + ids[0] % 3)).Select(batch => batch.Single().Tokens).ToList();
        Assert.Equal(Enumerable.Range(0, 30).Select(b => Enumerable.Repeat(b, 1 + b % 3).ToArray()), rows);
        Assert.InRange(lost.Count, 0, 1);
    }

    [Fact]
    public void Cancelling_a_generation_ends_it_and_loses_no_device()
    {
        using var cancel = new CancellationTokenSource();
        var (pool, lost) = Pool(Sound(), Sound());
        cancel.CancelAfter(50);
        Assert.Throws<OperationCanceledException>(() => pool.Generate(Prompts(8, _ => false), cancel.Token).Count());
        Assert.Empty(lost);
    }

    [Fact]
    public void What_is_taken_after_cancelling_is_cancelled_too()
    {
        var model = new PooledModel("late", Sound());
        var queue = new BatchQueue<int>(3, [model]);
        var before = queue.Take(model);
        Assert.False(before.Unwanted.IsCancellationRequested);
        queue.Cancel();
        Assert.True(before.Unwanted.IsCancellationRequested);
        Assert.True(queue.Take(model).Unwanted.IsCancellationRequested);
    }

    [Fact]
    public void A_generation_that_nobody_waits_for_is_left_between_two_tokens()
    {
        var (pool, _) = Pool(Sound(), Sound());
        // All rows but the first would go on for ever.
        Assert.Equal([0], pool.Generate(Prompts(8, ids => ids[0] == 0)).First().Single().Tokens);
    }
}
