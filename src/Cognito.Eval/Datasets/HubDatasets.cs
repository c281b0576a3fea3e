using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Microsoft.Extensions.Logging;

namespace Cognito.Eval.Datasets;

/// <summary>Datasets on the hub: which files they are, and how they come into the cache.</summary>
public static class HubDatasets
{
    /// <summary>Where `data import` puts rows unless told otherwise; what lies there is not fetched.</summary>
    public static string Imports(HubSettings settings) => Path.Combine(HubRecord.Folder(settings), "data");

    /// <summary>A data root of what was imported and what the cache has, fetched where it is not there.</summary>
    /// <exception cref="InputException">A file is not to be had, or is another than the lock's or the first fetch's.</exception>
    /// <exception cref="HubException">The hub cannot be reached, and the cache lacks it.</exception>
    public static async Task<DataRoot> Fetch(
        HubFetch hub, DatasetLock locked, IEnumerable<Dataset> datasets, CancellationToken cancel)
    {
        var imported = new DataRoot(Imports(hub.Settings));
        var lacking = datasets.Where(dataset => !imported.Has(dataset)).DistinctBy(dataset => dataset.Name).ToList();
        var added = await UnlockedDatasets.Add(hub, locked, lacking, cancel);
        locked = added.Lock;
        var wanted = lacking.GroupBy(dataset => locked.Of(dataset)!);
        var chosen = new List<(HubRepo Repo, string Commit, string[] Paths)>();
        foreach (var group in wanted)
        {
            var repo = Repo(group.Key);
            string[] paths = [.. group.SelectMany(dataset => group.Key.Datasets[dataset.Name].Values)
                .SelectMany(split => split.Files.Keys)];
            chosen.Add((repo, await Choose(hub, group.Key, repo, paths, cancel), paths));
        }
        foreach (var (repo, commit, paths) in chosen)
            hub.Logger.LogDebug("hub: {Repo}, commit {Commit}: the cache {Cache} has {Known} of {All} files", $"{repo}", commit, hub.Cache.Folder,
                paths.Length - Missing(hub, repo, commit, paths).Count(), paths.Length);
        await hub.Fetch([.. chosen.SelectMany(it => Missing(hub, it.Repo, it.Commit, it.Paths))], cancel);
        foreach (var (repo, commit, paths) in chosen)
        {
            var repository = locked.Repositories.First(it => it.Id == repo.Id);
            await HubRecord.Add(hub, repo, commit, paths, cancel, added.Laid.Where(dataset => repository.Datasets.ContainsKey(dataset.Key)).ToDictionary());
            CheckLock(hub, repository, repo, paths);
        }
        return imported with
        {
            Elsewhere = chosen.ToDictionary(it => it.Repo.Id, it => hub.Cache.Snapshot(it.Repo, it.Commit)),
            Laid = added.Laid.ToDictionary(dataset => dataset.Key, dataset => UnderRoot(locked, dataset.Key, dataset.Value)),
        };
    }

    private static IReadOnlyDictionary<string, RecordedSplit> UnderRoot(
        DatasetLock locked, string dataset, IReadOnlyDictionary<string, RecordedSplit> splits)
    {
        var repository = locked.Repositories.First(it => it.Datasets.ContainsKey(dataset)).Id;
        return splits.ToDictionary(split => split.Key, split => split.Value with { Files = [.. split.Value.Files.Select(file => $"{repository}/{file}")] });
    }

    public static HubRepo Repo(LockedRepository repository) => new(HubKind.Dataset, repository.Id);

    /// <summary>The commit that is kept to: the lock's, the first fetch's, or what another tool left; null if none is.</summary>
    public static string? Commit(HubFetch hub, LockedRepository locked) => locked.Revision
        ?? HubRecord.Read(hub.Settings).Of(Repo(locked))?.Revision ?? hub.Cache.Commit(Repo(locked));

    /// <summary>Hashes known of a file: the lock's, else the first fetch's.</summary>
    public static string? Sha256(LockedRepository locked, RecordedRepository? recorded, string path) => locked.Datasets.Values
        .SelectMany(splits => splits.Values).Select(split => split.Files.GetValueOrDefault(path)).FirstOrDefault(hash => hash is not null)
        ?? recorded?.Files.GetValueOrDefault(path);

    private static async Task<string> Choose(
        HubFetch hub, LockedRepository locked, HubRepo repo, string[] paths, CancellationToken cancel)
    {
        var pinned = locked.Revision ?? HubRecord.Read(hub.Settings).Of(repo)?.Revision;
        var commit = pinned ?? hub.Cache.Commit(repo);
        var missing = commit is null ? paths : [.. Missing(hub, repo, commit, paths).Select(file => file.Path)];
        if (missing.Length == 0)
            return commit!;
        if (hub.Settings.IsOffline)
            throw new InputException($"{repo}: the cache {hub.Cache.Folder} has not all of it "
                + $"({Lack(hub, repo, commit, missing[0])}), and nothing may be fetched (--offline, HF_HUB_OFFLINE); with a network once: "
                + "cognito-eval data fetch, or give --data DIR, a folder that has the datasets");
        return pinned ?? (await hub.List(repo, hasFallback: false, cancel)).Commit;
    }

    private static string Lack(HubFetch hub, HubRepo repo, string? commit, string path) => commit is null
        ? $"{hub.Cache.RefFault(repo)}, {path} is missing" : hub.Cache.Lack(new(repo, commit, path)) ?? $"{path} is missing";

    private static HubFile[] Missing(HubFetch hub, HubRepo repo, string commit, string[] paths) =>
        [.. paths.Select(path => new HubFile(repo, commit, path)).Where(file => !hub.Cache.Has(file))];

    private static void CheckLock(HubFetch hub, LockedRepository locked, HubRepo repo, string[] paths)
    {
        var recorded = HubRecord.Read(hub.Settings).Of(repo)!;
        foreach (var path in paths)
            if (Sha256(locked, recorded, path) is { } right && recorded.Files[path] != right)
                throw new InputException($"{hub.Cache.At(new(repo, recorded.Revision, path))}: its sha256 is "
                    + $"{recorded.Files[path]}, datasets.lock.json says {right}; remove it and fetch it again");
    }
}
