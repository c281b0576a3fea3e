using System.Text.Json;
using Cognito.Eval.Files;
using Microsoft.Extensions.Logging;

namespace Cognito.Eval.Hub;

/// <summary>A checkpoint on the hub: which files it is, and how they come into the cache.</summary>
public static class HubCheckpoint
{
    private const string Config = "config.json", Single = CheckpointFiles.Single, Index = CheckpointFiles.Index;
    private const string Generation = "generation_config.json";

    /// <summary>An adapter beside the weights is named, not applied. Its smaller file tells whether there is one.</summary>
    private const string Adapter = CheckpointFiles.Adapter, AdapterConfig = CheckpointFiles.AdapterConfig;

    /// <summary>Besides the weights. Only the first must be there, and a tokenizer.</summary>
    private static readonly string[] Texts =
    [
        Config, Generation, "tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", AdapterConfig,
    ];

    /// <summary>The folder of a checkpoint in the cache, fetched where it is not there.</summary>
    /// <param name="weights">Whether the weights are needed, or only what planning needs.</param>
    /// <exception cref="InputException">It is not to be had, or not to be used.</exception>
    /// <exception cref="HubException">The hub cannot be reached, and the cache lacks it.</exception>
    public static async Task<string> Fetch(HubFetch hub, HubRepo repo, bool weights, CancellationToken cancel)
    {
        var (cache, known) = (hub.Cache, hub.Cache.Commit(repo));
        var lacks = known is null ? cache.RefFault(repo) : Lacks(cache, repo, known, weights, hub.Settings.IsOffline);
        if (known is not null && lacks is null && (HubRepo.IsCommit(repo.Revision) || hub.Settings.IsOffline))
            return Known(hub, repo, known);
        if (hub.Settings.IsOffline)
            throw new InputException($"{repo}: the cache {cache.Folder} has not all of it ({lacks}), and nothing may "
                + $"be fetched (--offline, HF_HUB_OFFLINE); with a network once: cognito-eval data fetch --model {repo}");
        HubListing listing;
        try
        {
            listing = await hub.List(repo, hasFallback: known is not null && lacks is null, cancel);
        }
        catch (HubException e) when (known is not null && lacks is null)
        {
            hub.Say($"{repo}: using what the cache has, commit {known[..7]}, since the hub does not answer ({e.Message.Split(';')[0]})");
            return Known(hub, repo, known);
        }
        Check(repo, listing.Files, hub.Settings);
        HubFile File(string path) => new(repo, listing.Commit, path);
        foreach (var absent in Texts.Append(Index).Append(Adapter).Except(listing.Files).Where(path => !cache.IsAbsent(File(path))))
            cache.SetAbsent(File(absent));
        var chosen = CheckpointFiles.Choose($"{repo}", listing.Files)!;
        string[] paths = [.. Texts.Intersect(listing.Files)];
        if (weights)
            paths = [.. paths, .. chosen.IsIndexed ? [Index] : chosen.Files,
                .. listing.Files.Where(path => path == Adapter && !listing.Files.Contains(AdapterConfig))];
        hub.Logger.LogDebug("hub: {Repo}, commit {Commit}: the cache {Cache} has {Known} of {All} files", $"{repo}", listing.Commit, cache.Folder,
            paths.Count(path => cache.Has(File(path))), paths.Length);
        await hub.Fetch([.. paths.Select(File).Where(file => !cache.Has(file))], cancel);
        if (weights && chosen.IsIndexed)
        {
            var shards = Shards(cache.At(File(Index)));
            await hub.Fetch([.. shards.Select(File).Where(file => !cache.Has(file))], cancel);
            paths = [.. paths, .. shards];
        }
        await HubRecord.Add(hub, repo, listing.Commit, paths, cancel);
        return cache.Snapshot(repo, listing.Commit);
    }

    /// <summary>
    /// All files of a checkpoint that the cache has, or should have, in the snapshot of one commit. Links to nothing, files
    /// that were fetched once and shards that the index names are among them.
    /// </summary>
    /// <exception cref="InputException">It is not known which commit is meant.</exception>
    public static IReadOnlyList<string> Cached(HubFetch hub, HubRepo repo)
    {
        var commit = hub.Cache.Commit(repo) ?? throw new InputException(
            $"{repo}: {hub.Cache.RefFault(repo)} in {hub.Cache.Folder}/{repo.Folder}; cognito-eval data fetch --model {repo}");
        var snapshot = hub.Cache.Snapshot(repo, commit);
        string At(string path) => hub.Cache.At(new(repo, commit, path));
        IEnumerable<string> found = Directory.Exists(snapshot) ? RegularFile.Under(snapshot) : [];
        var recorded = HubRecord.Read(hub.Settings).Of(repo) is { } it && it.Revision == commit ? it.Files.Keys.Select(At) : [];
        var isSharded = HubCache.Fault(At(Index)) is null && HubCache.Fault(At(Single)) is not null;
        var shards = isSharded ? Named(At(Index)).Select(At) : [];
        return [.. found.Concat(recorded).Concat(shards).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The shards of an index; none where it is damaged, which its own hash tells.</summary>
    private static string[] Named(string index)
    {
        try
        {
            return Shards(index);
        }
        catch (InputException)
        {
            return [];
        }
    }

    private static string Known(HubFetch hub, HubRepo repo, string commit)
    {
        var generation = new HubFile(repo, commit, Generation);
        if (!hub.Cache.Has(generation) && !hub.Cache.IsAbsent(generation))
            hub.Say($"{repo}: the cache has no {Generation} and does not know whether the repository has; what ends an answer "
                + $"is taken from {Config}");
        hub.Logger.LogDebug("hub: {Repo}, commit {Commit}: the cache {Cache} has all of it", $"{repo}", commit, hub.Cache.Folder);
        return hub.Cache.Snapshot(repo, commit);
    }

    /// <summary>The first file that the cache lacks, and why; null if it lacks none.</summary>
    private static string? Lacks(HubCache cache, HubRepo repo, string commit, bool weights, bool offline)
    {
        HubFile File(string path) => new(repo, commit, path);
        string? Lack(string path) => cache.Lack(File(path));
        bool Has(string path) => cache.Has(File(path));
        // What is there and is no file, such as a link to nothing, says more than that one of two is missing.
        bool IsNamed(string path) => HubCache.IsNamed(cache.At(File(path)));
        string? LackOfBoth(string one, string other) => Has(one) || Has(other) ? null
            : IsNamed(one) ? Lack(one) : IsNamed(other) ? Lack(other) : $"{one} or {other} is missing";
        if (!Directory.Exists(cache.Snapshot(repo, commit)))
            return $"snapshots/{commit} is missing";
        if ((Lack(Config) ?? LackOfBoth("tokenizer.model", "tokenizer.json")) is { } needed)
            return needed;
        if (Texts.Concat(weights && !Has(AdapterConfig) ? [Adapter] : []).FirstOrDefault(path => !Has(path)
            && (IsNamed(path) || !offline && !cache.IsAbsent(File(path)))) is { } unknown)
            return Lack(unknown);
        if (!weights || Has(Single))
            return null;
        if (IsNamed(Single) || IsNamed(Index) && !Has(Index))
            return Lack(IsNamed(Single) ? Single : Index);
        if (Has(Index))
            return Shards(cache.At(File(Index))).Select(Lack).FirstOrDefault(lack => lack is not null);
        var names = Directory.EnumerateFileSystemEntries(cache.Snapshot(repo, commit)).Select(Path.GetFileName).OfType<string>();
        return CheckpointFiles.HasAllShards(names.Where(Has)) && (offline || cache.IsAbsent(File(Index))) ? null
            : LackOfBoth(Single, Index);
    }

    private static void Check(HubRepo repo, IReadOnlyList<string> files, HubSettings settings)
    {
        var page = $"{settings.Endpoint}/{repo.Address}/tree/{repo.Revision}";
        var chosen = CheckpointFiles.Choose($"{repo}", files);
        if (chosen is null && CheckpointFiles.Instead(files) is { } instead)
            throw new InputException($"{repo}: {instead}; see {page}");
        if (!files.Contains(Config))
            throw new InputException($"{repo}: no {Config}, so no checkpoint that transformers could load; see {page}");
        if (chosen is not null)
            return;
        throw new InputException(CheckpointFiles.Pickle(files) is { } pickled
            ? $"{repo}: its weights are pickled ({pickled}), and loading a pickle runs whatever code is in it; use a revision "
                + $"that has {Single}, such as refs/pr/N of the hub's conversion bot, or convert it; see {page}"
            : $"{repo}: no {Single} and no {Index}; this program reads unquantised safetensors only; see {page}");
    }

    /// <summary>The shards that an index names, each a plain name.</summary>
    /// <exception cref="InputException">It is no index, or names what is no plain name.</exception>
    internal static string[] Shards(string index)
    {
        try
        {
            using var json = JsonDocument.Parse(RegularFile.Read(index, FileKind.WeightIndex));
            string[] shards = [.. json.RootElement.GetProperty("weight_map").EnumerateObject()
                .Select(tensor => tensor.Value.GetString() ?? "").Distinct().Order(StringComparer.Ordinal)];
            return shards.FirstOrDefault(shard => !HubFile.IsInside(shard) || shard.Contains('/')
                || !shard.EndsWith(".safetensors", StringComparison.Ordinal)) is { } odd
                ? throw new InputException($"{index}: \"{odd}\" is not the plain name of a .safetensors file beside it; "
                    + "see the repository's page")
                : shards;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InputException($"{index}: not an index of shards (a \"weight_map\" of file names); remove it, and it "
                + "is fetched again", e);
        }
    }
}
