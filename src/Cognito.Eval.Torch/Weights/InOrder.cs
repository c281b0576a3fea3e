namespace Cognito.Eval.Torch.Weights;

/// <summary>Work on some threads, its results in the order of the items.</summary>
internal static class InOrder
{
    /// <summary>
    /// Each item is worked on by one of so many threads, the next free one; if one fails, its error is thrown where its
    /// result would be. Leaving early begins no more, and what has begun is told that it is unwanted, as what comes after an error is.
    /// </summary>
    /// <param name="work">From an item to its result; its token is cancelled once nobody wants that.</param>
    public static IEnumerable<TResult> Map<T, TResult>(
        IReadOnlyList<T> items, int threads, Func<T, CancellationToken, TResult> work, CancellationToken cancel = default)
    {
        if (threads <= 1 || items.Count <= 1)
        {
            foreach (var item in items)
                yield return work(item, cancel);
            yield break;
        }
        var results = items.Select(_ => new TaskCompletionSource<TResult>()).ToArray();
        var last = -1;
        var (begun, unwantedFrom) = (new Dictionary<int, CancellationTokenSource>(), items.Count);
        Task[] workers = [.. Enumerable.Range(0, Math.Min(threads, items.Count))
            .Select(_ => Task.Factory.StartNew(Work, TaskCreationOptions.LongRunning))];
        try
        {
            foreach (var result in results)
                yield return result.Task.GetAwaiter().GetResult();
        }
        finally
        {
            EndFrom(0);
            Task.WaitAll(workers);
        }

        void Work()
        {
            for (int i; (i = Interlocked.Increment(ref last)) < items.Count;)
                try
                {
                    using var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                    lock (begun)
                    {
                        if (i >= unwantedFrom)
                            wanted.Cancel();
                        begun[i] = wanted;
                    }
                    try
                    {
                        results[i].SetResult(work(items[i], wanted.Token));
                    }
                    finally
                    {
                        lock (begun)
                            begun.Remove(i);
                    }
                }
                catch (Exception e)
                {
                    results[i].SetException(e);
                    EndFrom(i + 1);
                }
        }

        void EndFrom(int item)
        {
            Interlocked.Exchange(ref last, items.Count);
            lock (begun)
            {
                unwantedFrom = Math.Min(unwantedFrom, item);
                foreach (var (i, wanted) in begun)
                    if (i >= unwantedFrom)
                        wanted.Cancel();
            }
        }
    }
}
