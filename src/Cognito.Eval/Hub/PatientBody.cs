namespace Cognito.Eval.Hub;

/// <summary>
/// Reads a body for as long as enough of it comes: at least <see cref="LeastRate"/> for each second of the patience. So
/// neither silence nor a byte now and then holds a fetch.
/// </summary>
internal sealed class PatientBody(Stream body, TimeSpan patience, TimeProvider clock)
{
    /// <summary>In bytes a second; slower is no network.</summary>
    public const int LeastRate = 1024;

    private TimeSpan waited;
    private long came;

    /// <returns>How many bytes came; 0 at the end.</returns>
    /// <exception cref="SlowBodyException">Too few came in time.</exception>
    /// <exception cref="IOException">The connection broke off.</exception>
    public async ValueTask<int> Read(Memory<byte> bytes, CancellationToken cancel)
    {
        // What is done with the bytes between two reads is no time of the hub's.
        var start = clock.GetTimestamp();
        using var late = new CancellationTokenSource(patience - waited, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        int read;
        try
        {
            read = await body.ReadAsync(bytes, either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new SlowBodyException(came == 0
                ? $"no byte came in {patience.TotalSeconds:0.#} s"
                : $"only {came} bytes came in {patience.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new IOException(HubFailure.Reason(e), e);
        }
        waited += clock.GetElapsedTime(start);
        came += read;
        if (came >= LeastRate * patience.TotalSeconds)
            (waited, came) = (TimeSpan.Zero, 0);
        else if (waited >= patience && read > 0)
            throw new SlowBodyException($"only {came} bytes came in {patience.TotalSeconds:0.#} s");
        return read;
    }

    /// <summary>All of it.</summary>
    /// <exception cref="TooLongException">There is more than so much.</exception>
    public async Task<byte[]> ReadAll(int most, CancellationToken cancel)
    {
        using var whole = new MemoryStream();
        var part = new byte[1 << 16];
        for (int read; (read = await Read(part, cancel)) > 0; whole.Write(part, 0, read))
            if (whole.Length + read > most)
                throw new TooLongException();
        return whole.ToArray();
    }
}

/// <summary>Too few bytes came in time. It may help to ask again once, but not to ask often.</summary>
internal sealed class SlowBodyException(string fact) : IOException(fact);

/// <summary>A body has no end, or none in sight.</summary>
internal sealed class TooLongException : Exception;
