using Cognito.Eval.Files;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Tests;

public sealed class ReadAheadTests
{
    private static Next<int> Of(int pieces)
    {
        var claimed = -1;
        return (out int piece) => (piece = Interlocked.Increment(ref claimed)) < pieces;
    }

    [Theory]
    [InlineData(0, 4, 2)]
    [InlineData(1, 1, 1)]
    [InlineData(100, 1, 3)]
    [InlineData(100, 2, 1)]
    [InlineData(1000, 5, 4)]
    [InlineData(3, 16, 8)]
    public void Every_piece_goes_through_a_buffer_that_nobody_else_uses_meanwhile(int pieces, int buffers, int threads)
    {
        var content = new int[buffers];
        Queue<(int Piece, int Buffer)> underWay = [];
        List<int> arrived = [];
        ReadAhead.Run(Of(pieces), buffers, threads,
            fill: (piece, buffer) => Assert.Equal(0, Interlocked.CompareExchange(ref content[buffer], piece + 1, 0)),
            send: (piece, buffer) => underWay.Enqueue((piece, buffer)),
            settle: buffer =>
            {
                // A copy may read its buffer as late as this.
                var (piece, its) = underWay.Dequeue();
                Assert.Equal(its, buffer);
                Assert.Equal(piece + 1, Interlocked.Exchange(ref content[buffer], 0));
                arrived.Add(piece);
            });
        arrived.AddRange(underWay.Select(sent => sent.Piece));
        Assert.Equal(Enumerable.Range(0, pieces), arrived.Order());
    }

    [Fact]
    public void Half_of_the_ring_is_filled_while_the_other_half_leaves()
    {
        using var others = new CountdownEvent(4);
        var (most, underWay) = (0, 0);
        ReadAhead.Run(Of(8), 8, 4,
            fill: (piece, _) =>
            {
                if (piece >= 4)
                    others.Signal();
            },
            send: (_, _) => most = Math.Max(most, ++underWay),
            settle: _ =>
            {
                Assert.NotEqual(0, underWay--);
                Assert.True(others.Wait(HangGuard.Long, TestContext.Current.CancellationToken));
            });
        Assert.InRange(most, 1, 5);
    }

    [Fact]
    public void Pieces_are_filled_and_sent_on_the_threads_they_belong_to()
    {
        var mine = Environment.CurrentManagedThreadId;
        ReadAhead.Run(Of(20), 4, 2,
            fill: (_, _) => Assert.NotEqual(mine, Environment.CurrentManagedThreadId),
            send: (_, _) => Assert.Equal(mine, Environment.CurrentManagedThreadId),
            settle: _ => Assert.Equal(mine, Environment.CurrentManagedThreadId));
    }

    [Fact]
    public void Pieces_that_come_one_after_the_other_are_sent_as_they_come()
    {
        using var sent = new SemaphoreSlim(0);
        var given = 0;
        ReadAhead.Run((out int piece) =>
            {
                lock (sent)
                {
                    piece = given;
                    // The next one comes when the last one has left.
                    return given++ < 5 && (piece == 0 || sent.Wait(HangGuard.Long));
                }
            }, 4, 2, (_, _) => { }, (_, _) => sent.Release(), _ => { });
        Assert.True(given > 5);
    }

    [Fact]
    public void What_goes_wrong_on_any_thread_leaves_as_it_is_and_ends_the_others()
    {
        void Run(Action next, Action fill, Action send, Action settle)
        {
            var (filling, all) = (0, Of(500));
            try
            {
                ReadAhead.Run((out int piece) =>
                    {
                        next();
                        return all(out piece);
                    }, 4, 3,
                    (piece, _) =>
                    {
                        Interlocked.Increment(ref filling);
                        try
                        {
                            if (piece >= 40)
                                fill();
                        }
                        finally
                        {
                            Interlocked.Decrement(ref filling);
                        }
                    },
                    (_, _) => send(), _ => settle());
            }
            finally
            {
                Assert.Equal(0, filling);
            }
        }

        void Nothing() { }
        void Fail() => throw new InputException("a: b; c");
        Assert.Equal("a: b; c", Assert.Throws<InputException>(() => Run(Nothing, Fail, Nothing, Nothing)).Message);
        Assert.Throws<InputException>(() => Run(Fail, Nothing, Nothing, Nothing));
        Assert.Throws<InputException>(() => Run(Nothing, Nothing, Fail, Nothing));
        Assert.Throws<InputException>(() => Run(Nothing, Nothing, Nothing, Fail));
    }
}
