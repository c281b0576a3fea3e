using System.Net;
using System.Net.Http.Headers;

namespace Cognito.Eval;

/// <summary>One file on its way from the hub into the cache.</summary>
public sealed class Transfer
{
    private readonly RemoteFile remote;
    private long done;
    private long received;

    /// <summary>Of the answer that the bytes so far came with; null where an earlier process fetched them.</summary>
    private EntityTagHeaderValue? tag;

    internal Transfer(RemoteFile remote) => this.remote = remote;

    public string Name => remote.File.ToString();

    /// <summary>Bytes of the whole file.</summary>
    public long Size => remote.Size;

    /// <summary>Bytes that are there.</summary>
    public long Done => Interlocked.Read(ref done);

    /// <summary>Fetches what is missing, checks the whole, and puts it into its snapshot.</summary>
    /// <exception cref="InputException">The hub sends other bytes than it announced; none are kept.</exception>
    /// <exception cref="HubException">The transfer broke off again and again; what came is kept.</exception>
    internal async Task Run(HubClient client, HubCache cache, HubSettings settings, Action<string> say, CancellationToken cancel)
    {
        var blob = cache.Blob(remote);
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        using var alone = await FileLock.Take(cache.Lock(remote), say, cancel);
        var isThere = File.Exists(blob) && new FileInfo(blob).Length == remote.Size;
        if (!isThere && !cache.Holds(remote))
        {
            await Fetch(client, blob + ".incomplete", settings.Patience, say, cancel);
            File.Move(blob + ".incomplete", blob, overwrite: true);
        }
        if (!cache.Has(remote.File))
            cache.Link(remote, isNew: !isThere);
        Interlocked.Exchange(ref done, Size);
    }

    private async Task Fetch(
        HubClient client, string path, TimeSpan patience, Action<string> say, CancellationToken cancel)
    {
        using var part = await PartFile.Open(path, remote, cancel);
        var wrong = 0;
        try
        {
            await HubRetries.OfTransfers(() => received).ExecuteAsync(async attempt =>
            {
                try
                {
                    if (!part.IsWhole)
                        await Receive(client, part, patience, attempt);
                    part.Check();
                }
                catch (WrongBytesException e)
                {
                    part.Restart();
                    if (++wrong > 1)
                        throw new InputException($"{Name}: the hub sends other bytes than it announced ({e.Message}); nothing "
                            + "was kept; try again, or check HF_ENDPOINT and the proxy", e);
                    // Once more from the start: what an earlier fetch left may be what is wrong.
                    say($"{Name}: {e.Message}; fetching it again");
                    throw;
                }
            }, cancel);
        }
        catch (InputException) when (wrong > 1)
        {
            part.Dispose();
            File.Delete(path);
            throw;
        }
        catch (IOException e)
        {
            throw new HubException($"{Name}: the transfer breaks off again and again at {part.Length} of {Size} bytes "
                + $"({Fact.Of(e)}); try again, it goes on from there", e);
        }
    }

    private async Task Receive(HubClient client, PartFile part, TimeSpan patience, CancellationToken cancel)
    {
        using var answer = await client.Get(remote.File, part.Length, tag, cancel);
        switch (answer.StatusCode)
        {
            case HttpStatusCode.PartialContent:
                var range = answer.Content.Headers.ContentRange;
                if (range?.From != part.Length || range.Length is { } whole && whole != Size)
                    throw new WrongBytesException("they are of another range or another file");
                break;
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                part.Restart();
                throw new IOException("the hub has no such range");
            default:
                part.Restart(); // the whole file comes
                break;
        }
        tag = answer.Headers.ETag;
        await using var body = await answer.Content.ReadAsStreamAsync(cancel);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var bytes = new byte[1 << 16];
        while (true)
        {
            silence.CancelAfter(patience);
            var read = await Read(body, bytes, silence.Token, cancel);
            if (read == 0)
                break;
            await part.Append(bytes.AsMemory(0, read), cancel);
            received += read;
            Interlocked.Exchange(ref done, part.Length);
        }
        if (!part.IsWhole)
            throw new IOException($"it ends at {part.Length} of {Size} bytes");
    }

    private static async ValueTask<int> Read(Stream body, Memory<byte> bytes, CancellationToken silence, CancellationToken cancel)
    {
        try
        {
            return await body.ReadAsync(bytes, silence);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new IOException("no byte came in time");
        }
        catch (HttpRequestException e)
        {
            throw new IOException(Fact.Of(e), e);
        }
    }
}
