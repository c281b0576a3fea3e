using System.Text.RegularExpressions;

namespace Cognito.Eval.Hub;

/// <summary>What a repository of the hub holds.</summary>
public enum HubKind
{
    Model,
    Dataset,
}

/// <summary>A repository of the hub at a revision: a branch, a tag or a commit.</summary>
/// <param name="Id">"org/name".</param>
public sealed partial record HubRepo(HubKind Kind, string Id, string Revision = HubRepo.Main)
{
    public const string Main = "main";

    /// <summary>What "org/name" or "org/name@revision" means; null where a text is neither.</summary>
    public static HubRepo? Model(string text) => text.Split('@') switch
    {
        [var id] when IsId(id) => new(HubKind.Model, id),
        [var id, var revision] when IsId(id) && IsRevision(revision) => new(HubKind.Model, id, revision),
        _ => null,
    };

    public static bool IsId(string text) => IdForm.IsMatch(text) && !text.Contains("..", StringComparison.Ordinal);

    public static bool IsRevision(string text) => RevisionForm.IsMatch(text) && !text.Contains("..", StringComparison.Ordinal);

    public static bool IsCommit(string text) => CommitForm.IsMatch(text);

    /// <summary>The name without its organisation.</summary>
    public string Name => Id[(Id.IndexOf('/') + 1)..];

    /// <summary>The folder in the cache.</summary>
    public string Folder => $"{(Kind == HubKind.Model ? "models" : "datasets")}--{Id.Replace("/", "--", StringComparison.Ordinal)}";

    /// <summary>The path of its page and its files.</summary>
    public string Address => Kind == HubKind.Model ? Id : $"datasets/{Id}";

    /// <summary>The path of the API's answer on this revision.</summary>
    public string Api =>
        $"api/{(Kind == HubKind.Model ? "models" : "datasets")}/{Id}/revision/{Uri.EscapeDataString(Revision)}";

    /// <summary>Where a file's bytes are asked for.</summary>
    public string FileAddress(string commit, string path) =>
        $"{Address}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}";

    public override string ToString() => Revision == Main ? Id : $"{Id}@{Revision}";

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}\z")]
    private static partial Regex IdForm { get; }

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\z")]
    private static partial Regex RevisionForm { get; }

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex CommitForm { get; }
}

/// <summary>A file of a repository at a commit.</summary>
/// <param name="Path">In the repository, with forward slashes.</param>
public sealed record HubFile(HubRepo Repo, string Commit, string Path)
{
    /// <summary>Whether a path stays inside its repository, on every system.</summary>
    public static bool IsInside(string path) =>
        path.Length is > 0 and < 1024 && path.Split('/').All(part => part.Length > 0 && part is not ("." or ".."))
        && path.All(c => c is >= ' ' and not ('\\' or ':' or '\x7f'));

    public override string ToString() => $"{Repo.Id}/{Path}";
}

/// <summary>What the hub says of a file before its bytes are asked for.</summary>
/// <param name="Etag">The sha256 of a large file, git's sha1 of a small one.</param>
internal sealed record RemoteFile(HubFile File, string Etag, long Size);
