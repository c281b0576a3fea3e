using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Cognito.Eval.Torch;

/// <summary>Fills a ring of buffers on threads of its own, while the caller's thread sends on what is full.</summary>
internal static class ReadAhead
{
    /// <summary>Every piece goes through one of the buffers, about in order. Returns when all have arrived.</summary>
    /// <param name="prepare">Makes a buffer, one after the other on a thread of its own; those made are used meanwhile.</param>
    /// <param name="fill">From a piece and a buffer, on some thread; what it throws leaves here, as it is.</param>
    /// <param name="send">From a piece and its buffer, on this thread; the bytes may leave later.</param>
    /// <param name="settle">Returns when all that was sent has left its buffers; on this thread.</param>
    public static void Run(
        int pieces, int buffers, int threads, Action<int> prepare, Action<int, int> fill, Action<int, int> send, Action settle)
    {
        using var free = new BlockingCollection<int>();
        using var full = new BlockingCollection<(int Piece, int Buffer)>();
        using var stop = new CancellationTokenSource();
        var claimed = -1;
        Exception? failure = null;
        void Prepare()
        {
            for (var buffer = 0; buffer < Math.Min(buffers, pieces) && !stop.IsCancellationRequested; buffer++)
            {
                prepare(buffer);
                free.Add(buffer);
            }
        }

        void Fill()
        {
            // A piece first, then a buffer: a thread that waits for a buffer has work for it.
            while (Interlocked.Increment(ref claimed) is var piece && piece < pieces)
            {
                var buffer = free.Take(stop.Token);
                fill(piece, buffer);
                full.Add((piece, buffer));
            }
        }

        void Guard(Action work)
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, e, null);
                stop.Cancel();
            }
        }

        var others = Enumerable.Range(0, Math.Min(threads, pieces)).Select(_ => new Thread(() => Guard(Fill)))
            .Prepend(new Thread(() => Guard(Prepare))).ToList();
        others.ForEach(thread => thread.Start());
        Guard(() => Send(pieces, buffers, free, full, send, settle, stop.Token));
        others.ForEach(thread => thread.Join());
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    private static void Send(int pieces, int buffers, BlockingCollection<int> free,
        BlockingCollection<(int Piece, int Buffer)> full, Action<int, int> send, Action settle, CancellationToken stop)
    {
        List<int> sent = [];
        void Settle()
        {
            if (sent.Count == 0)
                return;
            settle();
            sent.ForEach(free.Add);
            sent.Clear();
        }

        for (var done = 0; done < pieces; done++)
        {
            if (!full.TryTake(out var next))
            {
                // Nothing to send: time to wait for what is under way, so that its buffers are filled anew.
                Settle();
                next = full.Take(stop);
            }
            send(next.Piece, next.Buffer);
            sent.Add(next.Buffer);
            // One half of the ring is filled while the other half leaves.
            if (sent.Count >= Math.Max(buffers / 2, 1))
                Settle();
        }
        Settle();
    }
}
