using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Cognito.Eval.Torch.Weights;

/// <summary>The next piece of work, waited for; false when there will be none.</summary>
internal delegate bool Next<T>(out T piece);

/// <summary>Fills a ring of buffers on threads of its own, while the caller's thread sends on what is full.</summary>
internal static class ReadAhead
{
    /// <summary>Every piece goes through one of the buffers, about in order. Returns when all have arrived.</summary>
    /// <param name="next">Asked on many threads.</param>
    /// <param name="fill">From a piece and a buffer, on some thread; what it throws leaves here, as it is.</param>
    /// <param name="send">From a piece and its buffer, on this thread; the bytes may leave later.</param>
    /// <param name="settle">Returns when what was sent from a buffer has left it; on this thread, in the order of sending.</param>
    public static void Run<T>(
        Next<T> next, int buffers, int threads, Action<T, int> fill, Action<T, int> send, Action<int> settle)
    {
        using var free = new BlockingCollection<int>(new ConcurrentQueue<int>(Enumerable.Range(0, buffers)));
        using var full = new BlockingCollection<(T Piece, int Buffer)>();
        using var stop = new CancellationTokenSource();
        var (reading, failure) = (threads, (Exception?)null);

        void Fill()
        {
            // A piece first, then a buffer: a thread that waits for a buffer has work for it.
            while (!stop.IsCancellationRequested && next(out var piece))
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

        var readers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            Guard(Fill);
            if (Interlocked.Decrement(ref reading) == 0)
                full.CompleteAdding();
        })).ToList();
        readers.ForEach(thread => thread.Start());
        Guard(() => Send(buffers, free, full, send, settle, stop.Token));
        readers.ForEach(thread => thread.Join());
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>At most half of the ring is on its way, so that the other half is filled meanwhile.</summary>
    private static void Send<T>(int buffers, BlockingCollection<int> free, BlockingCollection<(T Piece, int Buffer)> full,
        Action<T, int> send, Action<int> settle, CancellationToken stop)
    {
        var sent = new Queue<int>();
        void Release()
        {
            settle(sent.Peek());
            free.Add(sent.Dequeue(), CancellationToken.None);
        }

        while (true)
        {
            (T Piece, int Buffer) next;
            while (!full.TryTake(out next))
                if (sent.Count > 0)
                    Release();
                else if (full.TryTake(out next, Timeout.Infinite, stop))
                    break;
                else
                    return;
            send(next.Piece, next.Buffer);
            sent.Enqueue(next.Buffer);
            while (sent.Count > Math.Max(buffers / 2, 1) || sent.Count == buffers)
                Release();
        }
    }
}
