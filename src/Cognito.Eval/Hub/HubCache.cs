namespace Cognito.Eval;

/// <summary>
/// huggingface_hub's cache on disk: blobs named by their hash, snapshots of links to them by commit, refs from
/// revisions to commits. What other tools fetched is found here, and they find what is fetched here.
/// </summary>
public sealed class HubCache(HubSettings settings)
{
    public string Folder => settings.CacheFolder;

    public string Snapshot(HubRepo repo, string commit) => Path.Combine(Folder, repo.Folder, "snapshots", commit);

    /// <summary>Where a file lies, or would.</summary>
    public string At(HubFile file) => Path.Combine([Snapshot(file.Repo, file.Commit), .. file.Path.Split('/')]);

    public bool Has(HubFile file) => File.Exists(At(file));

    /// <summary>The commit that a revision meant when it was last asked for; null if it never was.</summary>
    public string? Commit(HubRepo repo)
    {
        if (HubRepo.IsCommit(repo.Revision))
            return repo.Revision;
        var reference = Ref(repo);
        return File.Exists(reference) && File.ReadAllText(reference).Trim() is var commit && HubRepo.IsCommit(commit)
            ? commit : null;
    }

    /// <summary>Remembers the commit that a revision means.</summary>
    internal void SetCommit(HubRepo repo, string commit)
    {
        if (repo.Revision == commit || Commit(repo) == commit)
            return;
        var reference = Ref(repo);
        Directory.CreateDirectory(Path.GetDirectoryName(reference)!);
        WholeFile.Write(reference, System.Text.Encoding.ASCII.GetBytes(commit));
    }

    /// <summary>Whether the repository is known to lack a file at a commit.</summary>
    internal bool IsAbsent(HubFile file) => File.Exists(Absence(file));

    internal void SetAbsent(HubFile file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Absence(file))!);
        File.WriteAllBytes(Absence(file), []);
    }

    internal string Blob(RemoteFile remote) => Path.Combine(Folder, remote.File.Repo.Folder, "blobs", remote.Etag);

    internal string Lock(RemoteFile remote) =>
        Path.Combine(Folder, ".locks", remote.File.Repo.Folder, remote.Etag + ".lock");

    /// <summary>The blob's hash that a snapshot's file is a link to; null where it is a copy.</summary>
    public static string? BlobName(string path) =>
        File.ResolveLinkTarget(path, returnFinalTarget: true) is { } blob && BlobHash.IsKnown(blob.Name) ? blob.Name : null;

    /// <summary>Whether a file's bytes have a sha256, or a git blob's sha1.</summary>
    public static bool IsBlob(string path, string name) => BlobHash.IsBlob(path, name);

    /// <summary>Whether the snapshot has the file at its full length; a shorter or longer one is removed.</summary>
    internal bool Holds(RemoteFile remote)
    {
        var path = At(remote.File);
        if (!File.Exists(path))
            return false;
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        if (new FileInfo(target).Length == remote.Size)
            return true;
        File.Delete(path);
        if (Path.GetFileName(target) == remote.Etag)
            File.Delete(target);
        return false;
    }

    /// <summary>Puts a whole blob into its snapshot: a relative link, or where there are no links the file itself.</summary>
    internal void Link(RemoteFile remote, bool isNew)
    {
        var (path, blob) = (At(remote.File), Blob(remote));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path); // a link to nothing, or nothing
        if (!settings.CopiesFiles)
            try
            {
                File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, blob));
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
            {
                // Windows without the right to link, or a file system that has no links.
            }
        if (isNew)
            File.Move(blob, path, overwrite: true);
        else
            File.Copy(blob, path, overwrite: true);
    }

    private string Ref(HubRepo repo) => Path.Combine([Folder, repo.Folder, "refs", .. repo.Revision.Split('/')]);

    private string Absence(HubFile file) =>
        Path.Combine([Folder, file.Repo.Folder, ".no_exist", file.Commit, .. file.Path.Split('/')]);
}
