using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

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

    private const string Missing = "is missing";

    /// <summary>Whether the file itself is there: a link whose blob is gone, or is empty, is no file.</summary>
    public bool Has(HubFile file) => Fault(At(file)) is null;

    /// <summary>
    /// What keeps a snapshot's file from being one, as in "config.json: …"; null where nothing does. Its bytes are
    /// not looked at.
    /// </summary>
    public static string? Fault(string path)
    {
        if (RegularFile.Fault(path) is { } fault)
            return RegularFile.Exists(path) ? fault
                : RegularFile.LinkTarget(path) is { } target ? $"its blob {Path.GetFileName(target)} is missing" : Missing;
        return RegularFile.Length(path) == 0 && BlobName(path) is { } name && !IsBlob(path, name)
            ? $"its blob {name} is empty" : null;
    }

    /// <summary>The same of a repository's file, with its path; null where it is there.</summary>
    internal string? Lack(HubFile file) => Fault(At(file)) is { } fault
        ? fault == Missing ? $"{file.Path} {fault}" : $"{file.Path}: {fault}" : null;

    /// <summary>Whether a snapshot has an entry of that name, be it a link to nothing.</summary>
    internal static bool IsNamed(string path) => RegularFile.Exists(path) || RegularFile.LinkTarget(path) is not null;

    /// <summary>Why no commit of a revision is known.</summary>
    internal string RefFault(HubRepo repo) => RegularFile.Fault(Ref(repo)) is { } fault
        ? $"refs/{repo.Revision} is {(RegularFile.Exists(Ref(repo)) ? fault : "missing")}"
        : $"refs/{repo.Revision} holds no commit";

    /// <summary>The commit that a revision meant when it was last asked for; null if it never was.</summary>
    public string? Commit(HubRepo repo)
    {
        if (HubRepo.IsCommit(repo.Revision))
            return repo.Revision;
        var reference = Ref(repo);
        return RegularFile.Fault(reference) is null && RegularFile.ReadText(reference, FileKind.Ref).Trim() is var commit
            && HubRepo.IsCommit(commit) ? commit : null;
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
    internal bool IsAbsent(HubFile file) => RegularFile.Fault(Absence(file)) is null;

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
        Path.GetFileName(Blob(path)) is var name && name != Path.GetFileName(path) && BlobHash.IsKnown(name) ? name : null;

    /// <summary>Where a file's bytes lie: what its link leads to, or the file itself; also where nothing is there.</summary>
    public static string Blob(string path)
    {
        const int mostLinks = 40;
        for (var (at, links) = (path, 0); links < mostLinks; links++)
        {
            if (RegularFile.LinkTarget(at) is not { } target)
                return at;
            at = Path.GetFullPath(target, Path.GetDirectoryName(Path.GetFullPath(at))!);
        }
        return path;
    }

    /// <summary>Whether a file's bytes have a sha256, or a git blob's sha1.</summary>
    public static bool IsBlob(string path, string name) => BlobHash.IsBlob(path, name);

    /// <summary>Whether the snapshot has the file at its full length; a shorter or longer one is removed.</summary>
    internal bool Holds(RemoteFile remote)
    {
        var path = At(remote.File);
        if (Fault(path) is not null)
            return false;
        if (RegularFile.Length(path) == remote.Size)
            return true;
        var target = Blob(path);
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
        if (RegularFile.LinkTarget(path) is null && Directory.Exists(path))
            throw new InputException($"{path}: a folder where a file of the repository belongs; remove it");
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
        {
            File.Move(blob, path, overwrite: true);
            return;
        }
        // A copy that a kill breaks off must not have the file's name.
        var copy = $"{blob}.{Environment.ProcessId}.copy";
        File.Copy(blob, copy, overwrite: true);
        File.Move(copy, path, overwrite: true);
    }

    private string Ref(HubRepo repo) => Path.Combine([Folder, repo.Folder, "refs", .. repo.Revision.Split('/')]);

    private string Absence(HubFile file) =>
        Path.Combine([Folder, file.Repo.Folder, ".no_exist", file.Commit, .. file.Path.Split('/')]);
}
