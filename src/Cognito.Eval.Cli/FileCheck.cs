using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary>What came of hashing files: how many are right, and a line for each that is not.</summary>
internal sealed record FileCheck(int Right, IReadOnlyList<string> Wrong)
{
    private const string Fetch = "fetch it again", Import = "import it again";

    private sealed record Known(string Path, string? Sha256);

    /// <summary>Of a checkpoint: what lies in its snapshot, was fetched once, or is named by its index.</summary>
    public static FileCheck Checkpoint(HubFetch hub, HubRepo repo, Action<string> say)
    {
        var files = HubCheckpoint.Cached(hub, repo);
        if (files.Count == 0)
            throw new InputException($"{repo}: nothing of it is in {hub.Cache.Folder}; cognito-eval data fetch --model {repo}");
        var (snapshot, recorded) = (hub.Cache.Snapshot(repo, hub.Cache.Commit(repo)!), HubRecord.Read(hub.Settings).Of(repo));
        return Of(files.Select(file => new Known(
            file, recorded?.Files.GetValueOrDefault(Path.GetRelativePath(snapshot, file).Replace('\\', '/')))), Fetch, say);
    }

    /// <summary>Of the tasks' datasets, as far as it is known which commit is meant.</summary>
    public static FileCheck Datasets(HubFetch hub, IEnumerable<EvalTask> tasks, Action<string> say)
    {
        var (record, imported) = (HubRecord.Read(hub.Settings), new DataRoot(HubDatasets.Imports(hub.Settings)));
        var known = from task in tasks
                    let locked = Fetching.Lock.Of(task.Dataset)
                    where locked is not null && !imported.Has(task.Dataset)
                    let repo = HubDatasets.Repo(locked)
                    let commit = HubDatasets.Commit(hub, locked)
                    where commit is not null && Directory.Exists(hub.Cache.Snapshot(repo, commit))
                    from path in locked.Datasets[task.Dataset.Name].Values.SelectMany(split => split.Files.Keys)
                    select new Known(hub.Cache.At(new(repo, commit, path)), HubDatasets.Sha256(locked, record.Of(repo), path));
        return Of(known.DistinctBy(file => file.Path), Fetch, say);
    }

    /// <summary>Of what was imported.</summary>
    public static FileCheck Imports(HubSettings settings, Action<string> say) =>
        Of(ImportRecord.Read(HubDatasets.Imports(settings)).Select(it => new Known(it.Path, it.Sha256)), Import, say);

    public FileCheck And(FileCheck other) => new(Right + other.Right, [.. Wrong, .. other.Wrong]);

    /// <summary>Each wrong file is told, and that there is one is an error.</summary>
    public void Require(Action<string> tell) => Require(Wrong, Right + Wrong.Count, "files", Wrong.Count, tell);

    /// <summary>Each of what is wrong is told, and that there is something is an error.</summary>
    /// <param name="untold">How many of the first are to be told, the others were.</param>
    public static void Require(IReadOnlyList<string> wrong, int all, string what, int untold, Action<string> tell)
    {
        if (wrong.Count == 1)
            throw new InputException(wrong[0]);
        foreach (var line in wrong.Take(untold))
            tell(line);
        if (wrong.Count > 0)
            throw new InputException($"{wrong.Count} of {all} {what} are damaged or missing, as said above: remove what is "
                + "damaged, then fetch or import again");
    }

    private static FileCheck Of(IEnumerable<Known> files, string fix, Action<string> say)
    {
        var (right, wrong) = (0, new List<string>());
        foreach (var (path, sha256) in files)
            if (Fault(path, sha256, fix) is { } fault)
                wrong.Add($"{path}: {fault}");
            else if (HubCache.BlobName(path) is null && sha256 is null)
                say($"{path}: no hash of it is known; another program copied it here");
            else
                right++;
        return new(right, wrong);
    }

    /// <summary>What is wrong with a file, and what to do; null if all is well.</summary>
    private static string? Fault(string path, string? sha256, string fix)
    {
        if (HubCache.Fault(path) is { } absent)
            return RegularFile.Exists(path) ? $"{absent}; remove it and {fix}" : $"{absent}; {fix}";
        try
        {
            return new[] { HubCache.BlobName(path), sha256 }.OfType<string>().Distinct()
                .FirstOrDefault(name => !HubCache.IsBlob(path, name)) is { } other
                ? $"its bytes are not the ones that were fetched (their hash is not {other}); remove {HubCache.Blob(path)} and {fix}"
                : null;
        }
        catch (Exception e) when (e is InputException or IOException)
        {
            return $"it cannot be read to its end; remove {HubCache.Blob(path)} and {fix}";
        }
    }
}
