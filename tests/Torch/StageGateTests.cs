using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

/// <summary>Who is let into a stage, and what becomes of work that nobody wants any more.</summary>
public sealed class StageGateTests
{
    [Fact]
    public async Task Batches_enter_in_the_order_in_which_they_came_and_so_many_at_a_time()
    {
        var gate = new StageGate(2);
        gate.Enter(default);
        gate.Enter(default);
        List<int> entered = [];
        List<Task> waiting = [];
        for (var i = 0; i < 4; i++)
        {
            var mine = i;
            var before = waiting.Count;
            var thread = new Thread(() =>
            {
                gate.Enter(default);
                lock (entered)
                    entered.Add(mine);
            });
            thread.Start();
            await HangGuard.Until(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "a thread at the gate");
            waiting.Add(Task.Run(() => Assert.True(thread.Join(HangGuard.Long))));
        }
        Assert.Empty(entered);
        for (var i = 0; i < 4; i++)
        {
            gate.Leave();
            await HangGuard.Until(() => { lock (entered) return entered.Count == i + 1; }, "the next one");
        }
        Assert.Equal([0, 1, 2, 3], entered);
        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task One_that_is_cancelled_while_it_waits_holds_up_nobody()
    {
        var gate = new StageGate(1);
        gate.Enter(default);
        using var cancel = new CancellationTokenSource();
        var cancelled = Task.Run(() => gate.Enter(cancel.Token), TestContext.Current.CancellationToken);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        gate.Leave();
        await Task.Run(() => gate.Enter(default), TestContext.Current.CancellationToken).WaitAsync(HangGuard.Long, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Work_after_an_error_is_told_that_it_is_unwanted_and_work_before_it_is_not()
    {
        using var last = new ManualResetEventSlim();
        var (wasWanted, wasUnwanted) = (false, false);
        int Work(int item, CancellationToken unwanted)
        {
            if (item == 1)
            {
                Assert.True(last.Wait(HangGuard.Long));
                throw new InvalidOperationException("broken");
            }
            if (item == 2)
            {
                last.Set();
                wasUnwanted = unwanted.WaitHandle.WaitOne(HangGuard.Long);
                unwanted.ThrowIfCancellationRequested();
            }
            if (item == 0)
            {
                Assert.True(last.Wait(HangGuard.Long));
                // Long enough for the error beside it.
                wasWanted = !unwanted.WaitHandle.WaitOne(50);
            }
            return item;
        }
        var read = new List<int>();
        Assert.Equal("broken", Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (var item in InOrder.Map([0, 1, 2], 3, Work, CancellationToken.None))
                read.Add(item);
        }).Message);
        Assert.Equal([0], read);
        Assert.Equal((true, true), (wasWanted, wasUnwanted));
    }

    [Fact]
    public void Leaving_early_tells_what_has_begun()
    {
        using var begun = new ManualResetEventSlim();
        var ended = false;
        foreach (var _ in InOrder.Map([0, 1], 2, (item, unwanted) =>
        {
            if (item == 1)
            {
                begun.Set();
                ended = unwanted.WaitHandle.WaitOne(HangGuard.Long);
            }
            else
                begun.Wait(HangGuard.Long);
            return item;
        }))
            break;
        Assert.True(ended);
    }
}
