namespace Cognito.Eval.Torch.Weights;

/// <summary>Work on some threads, its results in the order of the items.</summary>
internal static class InOrder
{
    /// <summary>
    /// Each item is worked on by one of so many threads, the next free one; if one fails, its error is thrown where its
    /// result would be. Leaving early lets what has begun end, and begins no more.
    /// </summary>
    public static IEnumerable<TResult> Map<T, TResult>(IReadOnlyList<T> items, int threads, Func<T, TResult> work)
    {
        if (threads <= 1 || items.Count <= 1)
        {
            foreach (var item in items)
                yield return work(item);
            yield break;
        }
        var results = items.Select(_ => new TaskCompletionSource<TResult>()).ToArray();
        var last = -1;
        Task[] workers = [.. Enumerable.Range(0, Math.Min(threads, items.Count))
            .Select(_ => Task.Factory.StartNew(Work, TaskCreationOptions.LongRunning))];
        try
        {
            foreach (var result in results)
                yield return result.Task.GetAwaiter().GetResult();
        }
        finally
        {
            Interlocked.Exchange(ref last, items.Count);
            Task.WaitAll(workers);
        }

        void Work()
        {
            for (int i; (i = Interlocked.Increment(ref last)) < items.Count;)
                try
                {
                    results[i].SetResult(work(items[i]));
                }
                catch (Exception e)
                {
                    results[i].SetException(e);
                    Interlocked.Exchange(ref last, items.Count);
                }
        }
    }
}
