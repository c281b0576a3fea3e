using System.Threading.Channels;

namespace Cognito.Eval.Served;

/// <summary>Work that is done by so many at a time, begun in order and handed on as it ends.</summary>
internal static class InFlight
{
    /// <summary>So many failures of single requests, and no more is asked: it is the server.</summary>
    private const int MostFailures = 20;

    /// <summary>What has ended and nobody has taken, for each worker, before it waits.</summary>
    private const int Waiting = 16;

    /// <param name="ask">Does the work of a place; told which worker does it.</param>
    /// <param name="confirm">
    /// Whether what has ended may be handed on now; asked when something has, and once all has. Null hands on at once.
    /// </param>
    /// <exception cref="ServedException">Some failed; what did not was handed on before. A server that is gone ends all at once.</exception>
    public static IEnumerable<(int Place, T Answer)> Run<T>(
        int count, int workers, Func<int, int, CancellationToken, Task<T>> ask, Func<bool, CancellationToken, bool>? confirm, CancellationToken cancel)
    {
        if (count == 0)
            yield break;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ended = Channel.CreateBounded<(int Place, T? Answer, ServedException? Failure)>(Waiting * workers);
        var next = -1;
        var work = Task.WhenAll(Enumerable.Range(0, Math.Min(workers, count)).Select(worker => Task.Run(async () =>
        {
            for (int place; (place = Interlocked.Increment(ref next)) < count;)
            {
                (int, T?, ServedException?) outcome;
                try
                {
                    outcome = (place, await ask(place, worker, ending.Token), null);
                }
                catch (ServedException e)
                {
                    outcome = (place, default, e);
                }
                await ended.Writer.WriteAsync(outcome, ending.Token);
            }
        }, ending.Token)));
        _ = work.ContinueWith(done => ended.Writer.TryComplete(done.Exception?.InnerException), TaskScheduler.Default);
        var (held, failures) = (new List<(int, T)>(), new List<ServedException>());
        try
        {
            while (TryTake(ended.Reader, cancel, out var outcome))
            {
                if (outcome.Failure is { } failure)
                {
                    failures.Add(failure);
                    if (failure is ServerGoneException || failures.Count >= MostFailures)
                        break;
                    continue;
                }
                held.Add((outcome.Place, outcome.Answer!));
                if (confirm is not null && !confirm(false, cancel))
                    continue;
                foreach (var one in held)
                    yield return one;
                held.Clear();
            }
            if (held.Count > 0 && (confirm is null || failures.LastOrDefault() is not ServerGoneException && confirm(true, cancel)))
                foreach (var one in held)
                    yield return one;
        }
        finally
        {
            ending.Cancel();
            // What they throw now is that they were told to end.
            work.ContinueWith(_ => { }, TaskScheduler.Default).GetAwaiter().GetResult();
        }
        if (failures.Count > 0)
            throw failures is [var only] ? only : new ServedException(
                $"{(failures.OfType<ServerGoneException>().FirstOrDefault() ?? failures[0]).Message} (and {failures.Count - 1} more requests failed)", failures[0]);
    }

    /// <summary>Waits for what ends next; false once all has.</summary>
    private static bool TryTake<T>(ChannelReader<T> reader, CancellationToken cancel, out T taken)
    {
        while (!reader.TryRead(out taken!))
            if (!reader.WaitToReadAsync(cancel).AsTask().GetAwaiter().GetResult())
                return false;
        return true;
    }
}
