using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary>Hashes files on disk; the first wrong one is an error that names it.</summary>
internal static class FileCheck
{
    private sealed record Known(string Path, string? Sha256);

    /// <summary>How many files of a checkpoint were right.</summary>
    public static int Checkpoint(Hub hub, HubRepo repo, Action<string> say)
    {
        var files = HubCheckpoint.Cached(hub.Cache, repo);
        if (files.Count == 0)
            throw new InputException($"{repo}: nothing of it is in {hub.Cache.Folder}; cognito-eval data fetch --model {repo}");
        var (snapshot, recorded) = (hub.Cache.Snapshot(repo, hub.Cache.Commit(repo)!), HubRecord.Read(hub.Settings).Of(repo));
        return Right(files.Select(file => new Known(
            file, recorded?.Files.GetValueOrDefault(Path.GetRelativePath(snapshot, file).Replace('\\', '/')))), say);
    }

    /// <summary>How many files of the tasks' datasets were right.</summary>
    public static int Datasets(Hub hub, IEnumerable<EvalTask> tasks, Action<string> say)
    {
        var record = HubRecord.Read(hub.Settings);
        var known = from task in tasks
                    let locked = Fetching.Lock.Of(task.Dataset)
                    where locked is not null
                    let repo = HubDatasets.Repo(locked)
                    let commit = HubDatasets.Commit(hub, locked)
                    where commit is not null
                    from path in locked.Datasets[task.Dataset.Name].Values.SelectMany(split => split.Files.Keys)
                    let file = new HubFile(repo, commit, path)
                    where hub.Cache.Has(file)
                    select new Known(hub.Cache.At(file), HubDatasets.Sha256(locked, record.Of(repo), path));
        return Right(known.DistinctBy(file => file.Path), say);
    }

    /// <summary>How many imported files were right.</summary>
    public static int Imports(HubSettings settings, Action<string> say) =>
        Right(ImportRecord.Read(HubDatasets.Imports(settings)).Select(it => new Known(it.Path, it.Sha256)), say);

    private static int Right(IEnumerable<Known> files, Action<string> say)
    {
        var count = 0;
        foreach (var (path, sha256) in files)
        {
            var names = new[] { HubCache.BlobName(path), sha256 }.OfType<string>().Distinct().ToList();
            if (!File.Exists(path))
                throw new InputException($"{path}: is recorded and not there; fetch or import it again");
            if (names.Any(name => !HubCache.IsBlob(path, name)))
                throw new InputException($"{path}: its bytes are not the ones that were fetched (their hash is not {names[0]}); "
                    + "remove it and fetch it again");
            if (names.Count == 0)
                say($"{path}: no hash of it is known; another program copied it here");
            else
                count++;
        }
        return count;
    }
}
