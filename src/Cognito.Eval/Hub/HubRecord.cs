using System.Security.Cryptography;
using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Hub;

/// <summary>
/// What came at the first fetch, kept under HF_HOME: the commit that a dataset stays at, and each file's sha256. So a hash
/// that cannot be known beforehand is trusted once, and held to ever after.
/// </summary>
public sealed record HubRecord(IReadOnlyDictionary<string, RecordedRepository> Repositories)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The program's own folder under HF_HOME.</summary>
    public static string Folder(HubSettings settings) => Path.Combine(settings.Home, "cognito-eval");

    public static string At(HubSettings settings) => Path.Combine(Folder(settings), "fetched.json");

    /// <exception cref="InputException">The file is damaged.</exception>
    public static HubRecord Read(HubSettings settings)
    {
        var path = At(settings);
        try
        {
            var read = RegularFile.Exists(path)
                ? JsonSerializer.Deserialize<HubRecord>(RegularFile.Read(path, FileKind.Record), Json) ?? throw new JsonException("it holds null")
                : new(new Dictionary<string, RecordedRepository>());
            return read.Repositories.Values.FirstOrDefault(it => it is null || !HubRepo.IsCommit(it.Revision)) is { } odd
                ? throw new JsonException($"\"{odd.Revision}\" is no commit")
                : read.Repositories.Values.All(it => it is not null) ? read : throw new JsonException("it holds null");
        }
        catch (JsonException e)
        {
            throw new InputException($"{path}: not the record of what was fetched ({Fact.Of(e)}); "
                + "remove it, and the next fetch writes a new one", e);
        }
    }

    public RecordedRepository? Of(HubRepo repo) => Repositories.GetValueOrDefault(repo.Address);

    /// <summary>Adds files of a repository's commit to the record.</summary>
    /// <exception cref="InputException">A file is another than at the first fetch.</exception>
    internal static async Task Add(HubFetch hub, HubRepo repo, string commit, IReadOnlyList<string> paths, CancellationToken cancel)
    {
        if (Read(hub.Settings).Of(repo) is { } known && known.Revision == commit && paths.All(known.Files.ContainsKey))
            return;
        using var alone = await FileLock.Take(At(hub.Settings) + ".lock", hub.Say, cancel);
        var record = Read(hub.Settings);
        var before = record.Of(repo) is { } same && same.Revision == commit ? same.Files : new Dictionary<string, string>();
        var files = new SortedDictionary<string, string>(before.ToDictionary(), StringComparer.Ordinal);
        foreach (var path in paths)
        {
            var at = hub.Cache.At(new(repo, commit, path));
            var sha256 = HubCache.BlobName(at) is { Length: 64 } name ? name : Sha256(at);
            if (files.TryGetValue(path, out var first) && first != sha256)
                throw new InputException($"{at}: its sha256 is {sha256}, at the first fetch of the same commit it was {first}; "
                    + "remove the file and fetch it again, or check HF_ENDPOINT");
            files[path] = sha256;
        }
        var all = new SortedDictionary<string, RecordedRepository>(record.Repositories.ToDictionary(), StringComparer.Ordinal)
        {
            [repo.Address] = new(commit, files),
        };
        WholeFile.Write(At(hub.Settings), [.. JsonSerializer.SerializeToUtf8Bytes(new HubRecord(all), Json), (byte)'\n']);
    }

    internal static string Sha256(string path)
    {
        using var file = RegularFile.Open(path, FileKind.Blob);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}

/// <summary>A repository as it was first fetched.</summary>
/// <param name="Revision">The commit.</param>
/// <param name="Files">sha256 by path.</param>
public sealed record RecordedRepository(string Revision, IReadOnlyDictionary<string, string> Files);
