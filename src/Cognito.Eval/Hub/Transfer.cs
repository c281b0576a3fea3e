using System.Net;
using System.Net.Http.Headers;
using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>One file on its way from the hub into the cache.</summary>
public sealed class Transfer
{
    private readonly RemoteFile remote;
    private long done;

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
        if (RegularFile.Exists(blob) && RegularFile.Fault(blob) is { } fault)
            throw new InputException($"{blob}: {fault}; remove it, and it is fetched again");
        var isThere = RegularFile.Exists(blob) && RegularFile.Length(blob) == remote.Size;
        if (!isThere && !cache.Holds(remote))
        {
            await Fetch(client, blob + ".incomplete", settings, say, cancel);
            File.Move(blob + ".incomplete", blob, overwrite: true);
        }
        if (!cache.Has(remote.File))
            cache.Link(remote, isNew: !isThere);
        Interlocked.Exchange(ref done, Size);
    }

    private async Task Fetch(
        HubClient client, string path, HubSettings settings, Action<string> say, CancellationToken cancel)
    {
        using var part = await PartFile.Open(path, remote, cancel);
        var (wrong, patience) = (0, settings.Patience);
        try
        {
            await HubRetries.OfTransfers(settings, () => part.Length).ExecuteAsync(async attempt =>
            {
                try
                {
                    if (!part.IsWhole)
                        await Receive(client, part, patience, settings.Clock, attempt);
                    part.Check();
                }
                catch (SlowBodyException)
                {
                    patience = settings.Patience / 2;
                    throw;
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
            throw new HubException($"{Name}: the transfer breaks off, and does not go on, at {part.Length} of {Size} bytes "
                + $"({Fact.Of(e)}); try again, it goes on from there", e);
        }
    }

    private async Task Receive(HubClient client, PartFile part, TimeSpan patience, TimeProvider clock, CancellationToken cancel)
    {
        using var answer = await client.Get(remote.File, part.Length, tag, cancel);
        var isRest = answer.StatusCode == HttpStatusCode.PartialContent;
        var expected = isRest ? Size - part.Length : Size;
        if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            part.Restart();
            throw new IOException("the hub has no such range");
        }
        if (isRest && !(answer.Content.Headers.ContentRange is { } range && range.From == part.Length
            && (range.Length is not { } whole || whole == Size)))
            throw new WrongBytesException("they are of another range or another file");
        // What is there stays: this may be some proxy's page.
        if (answer.Content.Headers.ContentLength is { } announced && announced != expected)
            throw new IOException($"{announced} bytes are announced where {expected} are to come");
        if (!isRest)
            part.Restart(); // the whole file comes
        tag = answer.Headers.ETag;
        await using var body = await answer.Content.ReadAsStreamAsync(cancel);
        var patient = new PatientBody(body, patience, clock);
        var bytes = new byte[1 << 16];
        for (int read; (read = await patient.Read(bytes, cancel)) > 0; Interlocked.Exchange(ref done, part.Length))
            await part.Append(bytes.AsMemory(0, read), cancel);
        if (!part.IsWhole)
            throw new IOException($"it ends at {part.Length} of {Size} bytes");
    }
}
