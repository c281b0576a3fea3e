using Cognito.Eval.Files;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cognito.Eval.Hub;

/// <summary>The Hugging Face hub, by way of its cache on disk: what is there is not asked for again.</summary>
public sealed class HubFetch(HubSettings settings) : IDisposable
{
    private const int AtATime = 8;
    private HubClient? client;

    public HubSettings Settings { get; } = settings;

    public HubCache Cache { get; } = new(settings);

    /// <summary>Told what the cache had, at the level Debug.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Something a user waits for: a pause, a lock, a file fetched again.</summary>
    public event Action<string>? Said;

    /// <summary>Files are about to be fetched; each tells how far it is.</summary>
    public event Action<IReadOnlyList<Transfer>>? Planned;

    /// <summary>The commit that a revision means now, and the files there.</summary>
    /// <param name="hasFallback">Whether the cache would do, so that an unreachable hub is not waited for.</param>
    /// <exception cref="InputException">There is no such repository, or no access to it.</exception>
    /// <exception cref="HubException">The hub cannot be reached.</exception>
    internal async Task<HubListing> List(HubRepo repo, bool hasFallback, CancellationToken cancel)
    {
        try
        {
            var listing = await Client.List(repo, tries: hasFallback ? 1 : HubClient.Tries, cancel);
            Cache.SetCommit(repo, listing.Commit);
            return listing;
        }
        catch (OperationCanceledException e) when (cancel.IsCancellationRequested)
        {
            throw new HubInterruptedException(e);
        }
    }

    /// <summary>Fetches those of the files that the cache lacks, several at once, each checked by its hash.</summary>
    /// <exception cref="InputException">A file is not there, the disk is too small, or other bytes came.</exception>
    /// <exception cref="HubException">The hub cannot be reached.</exception>
    internal async Task Fetch(IReadOnlyList<HubFile> files, CancellationToken cancel)
    {
        try
        {
            var remotes = new RemoteFile[files.Count];
            await Each(files.Count, async (i, token) => remotes[i] = await Client.Describe(files[i], token)
                ?? throw new InputException($"{files[i].Repo}: no file {files[i].Path} there; see "
                    + $"{Settings.Endpoint}/{files[i].Repo.Address}/tree/{files[i].Commit}"), cancel);
            RemoteFile[] missing = [.. remotes.Where(remote => !Cache.Holds(remote))];
            if (missing.Length == 0)
                return;
            CheckSpace(missing);
            Transfer[] transfers = [.. missing.Select(remote => new Transfer(remote))];
            Planned?.Invoke(transfers);
            await Each(transfers.Length, async (i, token) =>
                await transfers[i].Run(Client, Cache, Settings, Say, token), cancel);
        }
        catch (OperationCanceledException e) when (cancel.IsCancellationRequested)
        {
            throw new HubInterruptedException(e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new InputException($"{Cache.Folder}: cannot be written ({Fact.Of(e)}; of {string.Join(", ", files.Take(3))}); see that the "
                + "disk has room, or set HF_HOME to a folder of your own", e);
        }
    }

    internal void Say(string line) => Said?.Invoke(line);

    private HubClient Client => Settings.IsOffline
        ? throw new InvalidOperationException("a request without a network")
        : client ??= new(Settings, Say);

    private void CheckSpace(IEnumerable<RemoteFile> missing)
    {
        Directory.CreateDirectory(Cache.Folder);
        var needed = missing.DistinctBy(Cache.Blob).Sum(remote => (decimal)remote.Size - PartLength(remote));
        var free = new DriveInfo(Cache.Folder).AvailableFreeSpace;
        if (needed > free)
            throw new InputException($"{Cache.Folder}: {Sizes.Show(needed)} are to be fetched and {Sizes.Show(free)} are free; "
                + "make room, or set HF_HOME to a folder on a larger disk");
    }

    private long PartLength(RemoteFile remote) =>
        Math.Min(RegularFile.Length(Cache.Blob(remote) + ".incomplete"), remote.Size);

    private static Task Each(int count, Func<int, CancellationToken, Task> work, CancellationToken cancel) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancel },
            async (i, token) => await work(i, token));

    public void Dispose() => client?.Dispose();
}
