using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

public sealed partial class ModelPoolTests
{
    private static readonly ScoreBatch[] Batches = [.. Enumerable.Range(0, 100).Select(Batch)];

    private static ScoreBatch Batch(int b) => new([new(null, [b, 1, 2], [new([3], [4]), new([5, b], [6])])]);

    private static IReadOnlyList<TokenScore>[] Expected => [.. new Toys.HashModel(100).Score(Batches)];

    private static (ModelPool Pool, List<LostModel> Lost) Pool(params Device[] devices)
    {
        var pool = new ModelPool([.. devices.Select((device, i) => new PooledModel($"cuda:{i}", device))]);
        List<LostModel> lost = [];
        pool.Lost += lost.Add;
        return (pool, lost);
    }

    private static IEnumerable<int> Answered(params Device[] devices) =>
        devices.SelectMany(device => device.Answered).Order();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Answers_come_in_order_and_each_batch_is_answered_once(int count)
    {
        Device[] devices = [.. Enumerable.Range(0, count).Select(_ => Sound())];
        var (pool, lost) = Pool(devices);
        Assert.Equal(Expected, pool.Score(Batches).ToList());
        Assert.Equal(Enumerable.Range(0, 100), Answered(devices));
        Assert.Empty(lost);
        Assert.Equal((100, 101), (pool.MaxLength, pool.VocabularySize));
        pool.Dispose();
        Assert.All(devices, device => Assert.True(device.IsDisposed));
    }

    [Fact]
    public void Every_device_takes_part_in_runs_that_get_shorter()
    {
        using var both = new CountdownEvent(2);
        var (one, other) = (Meets(), Meets());
        var (pool, _) = Pool(one, other);
        Assert.Equal(Expected, pool.Score(Batches).ToList());
        Assert.NotEmpty(one.Answered);
        Assert.NotEmpty(other.Answered);
        int[] runs = [.. one.Runs, .. other.Runs];
        Assert.Equal((1, 16), (runs.Min(), runs.Max()));

        // Neither answers before the other has been asked.
        Device Meets()
        {
            var isFirst = true;
            return new(_ => null)
            {
                BeforeBatch = () =>
                {
                    if (isFirst)
                        both.Signal();
                    isFirst = false;
                    Assert.True(both.Wait(HangGuard.Long));
                },
            };
        }
    }

    [Fact]
    public void A_copy_with_two_runs_at_once_answers_them_side_by_side_and_is_lost_once()
    {
        // Each run waits until the copy has another, and the other copy until this one has failed: it would take everything.
        using var both = new Barrier(2);
        using var failed = new ManualResetEventSlim();
        var runs = 0;
        var bad = new Device(asked =>
        {
            if (asked < 6)
                return null;
            failed.Set();
            return new InvalidOperationException("gone");
        })
        {
            BeforeBatch = () =>
            {
                if (Interlocked.Increment(ref runs) <= 2)
                    Assert.True(both.SignalAndWait(HangGuard.Long));
            },
        };
        var sound = new Device(_ => null) { BeforeBatch = () => failed.Wait(HangGuard.Long) };
        using var pool = new ModelPool([new("a", bad) { RunsAtOnce = 2 }, new("b", sound) { RunsAtOnce = 2 }]);
        List<LostModel> lost = [];
        pool.Lost += lost.Add;
        Assert.Equal(Expected, pool.Score(Batches).ToList());
        Assert.Equal(Expected, pool.Score(Batches).ToList());
        Assert.True(runs >= 2);
        var one = Assert.Single(lost);
        Assert.Equal(("a", "gone", 1), (one.Device, one.Error.Message, one.Left));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(20)]
    public void What_a_failed_device_left_is_done_by_the_others(int batches)
    {
        using var failed = new ManualResetEventSlim();
        // The others do not take everything before the one has failed.
        Device Waits() => new(_ => null) { BeforeBatch = () => failed.Wait(HangGuard.Long) };
        var bad = new Device(asked =>
        {
            if (asked < batches)
                return null;
            failed.Set();
            return new InvalidOperationException("unspecified launch failure");
        });
        var (one, other) = (Waits(), Waits());
        var (pool, lost) = Pool(one, bad, other);
        Assert.Equal(Expected, pool.Score(Batches).ToList());
        Assert.Equal(Enumerable.Range(0, 100), Answered(one, bad, other));
        Assert.Equal(batches, bad.Answered.Count);
        var report = Assert.Single(lost);
        Assert.Equal(("cuda:1", "unspecified launch failure", 2), (report.Device, report.Error.Message, report.Left));
        // Nothing is asked of it any more, and it is not reported again.
        Assert.Equal(Expected, pool.Score(Batches).ToList());
        Assert.Equal(batches, bad.Answered.Count);
        Assert.Single(lost);
    }

    [Fact]
    public void A_device_that_fails_on_its_last_batch_leaves_it_to_one_that_had_nothing_left()
    {
        using var begun = new ManualResetEventSlim();
        // Of two batches each device takes one; the bad one fails when the other has nothing left to take.
        var good = new Device(_ => null) { BeforeBatch = () => begun.Wait(HangGuard.Long) };
        var bad = new Device(_ => new InvalidOperationException("lost"))
        {
            BeforeBatch = () =>
            {
                begun.Set();
                SpinWait.SpinUntil(() => !good.Answered.IsEmpty, HangGuard.Long);
            },
        };
        var (pool, lost) = Pool(good, bad);
        Assert.Equal(Expected[..2], pool.Score(Batches[..2]).ToList());
        Assert.Equal([0, 1], Answered(good));
        Assert.Single(lost);
    }

    [Fact]
    public void When_the_last_device_fails_its_error_is_thrown_after_what_was_answered()
    {
        var (pool, lost) = Pool(FailsAfter(3, "first"), FailsAfter(5, "second"));
        List<IReadOnlyList<TokenScore>> read = [];
        var error = Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (var scores in pool.Score(Batches))
                read.Add(scores);
        });
        Assert.Equal(Expected[..read.Count], read);
        Assert.Equal([1, 0], lost.Select(l => l.Left));
        Assert.Equal(lost[^1].Error, error);
        Assert.Equal(["first", "second"], lost.Select(l => l.Error.Message).Order());
        Assert.Same(error, Assert.Throws<InvalidOperationException>(() => pool.Score(Batches).First()));
        Assert.Equal(2, lost.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(99)]
    public void A_batch_too_large_is_thrown_at_its_place_and_halved_without_losing_a_device(int place)
    {
        var pool = new ModelPool([.. ((string[])["a", "b", "c"]).Select(name => new PooledModel(name, new Cramped(place)))]);
        pool.Lost += lost => Assert.Fail(lost.Device);
        List<IReadOnlyList<TokenScore>> read = [];
        Assert.Throws<InsufficientMemoryException>(() =>
        {
            foreach (var scores in pool.Score(Batches))
                read.Add(scores);
        });
        Assert.Equal(Expected[..place], read);
        var halvings = 0;
        Assert.Equal(Expected, OutOfMemoryRetry.Score(pool, Batches, () => halvings++).ToList());
        Assert.Equal(1, halvings);
    }

    [Fact]
    public void A_batch_that_no_device_can_answer_costs_no_device()
    {
        Device Picky() => new(asked => asked == 5 ? new InputException("Token 7000 is not known") : null);
        var (pool, lost) = Pool(Picky(), Picky());
        Assert.Throws<InputException>(() => pool.Score(Batches).Count());
        Assert.Empty(lost);
    }

    [Fact]
    public void Leaving_early_ends_what_has_begun_and_begins_no_more()
    {
        using var left = new ManualResetEventSlim();
        using var stopped = new CountdownEvent(2);
        var (one, other) = (Stops(), Stops());
        var (pool, lost) = Pool(one, other);
        var answers = pool.Score(Batches).GetEnumerator();
        foreach (var expected in Expected[..3])
        {
            Assert.True(answers.MoveNext());
            Assert.Equal(expected, answers.Current);
        }
        Assert.True(stopped.Wait(HangGuard.Long, TestContext.Current.CancellationToken));
        var leaves = new Thread(answers.Dispose);
        leaves.Start();
        // It waits for the two batches that have begun, and for nothing else.
        for (var looks = 0; looks < 20; looks = leaves.ThreadState.HasFlag(ThreadState.WaitSleepJoin) ? looks + 1 : 0)
            Thread.Sleep(5);
        left.Set();
        Assert.True(leaves.Join(HangGuard.Long));
        var answered = one.Answered.Count + other.Answered.Count;
        Assert.Equal(22, answered);
        Assert.Empty(lost);
        Assert.Equal(Expected, pool.Score(Batches).ToList());
        Assert.Equal(answered + 100, one.Answered.Count + other.Answered.Count);

        // Stops before its eleventh batch until the answers have been left.
        Device Stops()
        {
            var begun = 0;
            return new(_ => null)
            {
                BeforeBatch = () =>
                {
                    if (++begun == 11)
                    {
                        stopped.Signal();
                        left.Wait(HangGuard.Long);
                    }
                },
            };
        }
    }
}
