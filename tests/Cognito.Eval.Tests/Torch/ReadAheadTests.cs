using Cognito.Eval.Torch;

namespace Cognito.Eval.Tests;

public sealed class ReadAheadTests
{
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
        List<(int Piece, int Buffer)> underWay = [];
        List<int> arrived = [];
        ReadAhead.Run(pieces, buffers, threads,
            prepare: _ => { },
            fill: (piece, buffer) => Assert.Equal(0, Interlocked.CompareExchange(ref content[buffer], piece + 1, 0)),
            send: (piece, buffer) => underWay.Add((piece, buffer)),
            settle: () =>
            {
                // A copy may read its buffer as late as this.
                foreach (var (piece, buffer) in underWay)
                {
                    Assert.Equal(piece + 1, Interlocked.Exchange(ref content[buffer], 0));
                    arrived.Add(piece);
                }
                underWay.Clear();
            });
        Assert.Equal(Enumerable.Range(0, pieces), arrived.Order());
    }

    [Fact]
    public void Half_of_the_ring_is_filled_while_the_other_half_leaves()
    {
        using var others = new CountdownEvent(4);
        var most = 0;
        var underWay = 0;
        ReadAhead.Run(8, 8, 4,
            prepare: _ => { },
            fill: (piece, _) =>
            {
                if (piece >= 4)
                    others.Signal();
            },
            send: (_, _) => most = Math.Max(most, ++underWay),
            settle: () =>
            {
                Assert.NotEqual(0, underWay);
                Assert.True(others.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
                underWay = 0;
            });
        Assert.InRange(most, 1, 4);
    }

    [Fact]
    public void Pieces_are_filled_and_sent_on_the_threads_they_belong_to()
    {
        var mine = Environment.CurrentManagedThreadId;
        ReadAhead.Run(20, 4, 2,
            prepare: _ => { },
            fill: (_, _) => Assert.NotEqual(mine, Environment.CurrentManagedThreadId),
            send: (_, _) => Assert.Equal(mine, Environment.CurrentManagedThreadId),
            settle: () => Assert.Equal(mine, Environment.CurrentManagedThreadId));
    }

    [Fact]
    public void What_goes_wrong_on_any_thread_leaves_as_it_is_and_ends_the_others()
    {
        void Run(Action prepare, Action fill, Action send, Action settle)
        {
            var filling = 0;
            try
            {
                ReadAhead.Run(500, 4, 3, _ => prepare(),
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
                    (piece, _) => send(), settle);
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
