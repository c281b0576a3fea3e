using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
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
                : read.Repositories.Values.All(it => it?.IsWhole == true) ? read
                : throw new JsonException("it holds null, or a split's file that it has no hash of, or that is none of a repository");
        }
        catch (JsonException e)
        {
            throw new InputException($"{path}: not the record of what was fetched ({Fact.Of(e)}); "
                + "remove it, and the next fetch writes a new one", e);
        }
    }

    public RecordedRepository? Of(HubRepo repo) => Repositories.GetValueOrDefault(repo.Address);

    /// <summary>Adds files of a repository's commit to the record.</summary>
    /// <param name="datasets">Splits of datasets in it, by name.</param>
    /// <exception cref="InputException">A file is another than at the first fetch.</exception>
    internal static async Task Add(
        HubFetch hub, HubRepo repo, string commit, IReadOnlyList<string> paths, CancellationToken cancel,
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, RecordedSplit>>? datasets = null)
    {
        if (Read(hub.Settings).Of(repo) is { } known && known.Revision == commit && paths.All(known.Files.ContainsKey)
            && (datasets ?? NoDatasets).Keys.All(name => known.Datasets?.ContainsKey(name) == true))
            return;
        using var alone = await FileLock.Take(At(hub.Settings) + ".lock", hub.Say, cancel);
        var record = Read(hub.Settings);
        var before = record.Of(repo) is { } same && same.Revision == commit ? same : null;
        var files = new SortedDictionary<string, string>(before?.Files.ToDictionary() ?? [], StringComparer.Ordinal);
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
            [repo.Address] = new(commit, files) { Datasets = Joined(before?.Datasets, datasets) },
        };
        WholeFile.Write(At(hub.Settings), [.. JsonSerializer.SerializeToUtf8Bytes(new HubRecord(all), Json), (byte)'\n']);
    }

    private static readonly Dictionary<string, IReadOnlyDictionary<string, RecordedSplit>> NoDatasets = [];

    /// <summary>What was recorded first stays; null where nothing is.</summary>
    private static SortedDictionary<string, IReadOnlyDictionary<string, RecordedSplit>>? Joined(
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, RecordedSplit>>? before,
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, RecordedSplit>>? more)
    {
        var all = (before ?? NoDatasets).Concat(more ?? NoDatasets).DistinctBy(dataset => dataset.Key).ToDictionary();
        return all.Count == 0 ? null : new(all, StringComparer.Ordinal);
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
public sealed record RecordedRepository(string Revision, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>Splits of the datasets in it, by the dataset's name, where the repository itself says which files these are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, RecordedSplit>>? Datasets { get; init; }

    internal bool IsWhole => Datasets is null || Datasets.Values.All(splits => splits is not null && splits.Values.All(split =>
        split is not null && split.Files.All(file => file is not null && HubFile.IsInside(file) && Files.ContainsKey(file))));
}

/// <summary>A split of a dataset on the hub.</summary>
/// <param name="Files">In the order of their rows.</param>
/// <param name="Rows">How many the dataset's card counts; null where it does not.</param>
public sealed record RecordedSplit(IReadOnlyList<string> Files, int? Rows)
{
    /// <summary>By column, the types that the card gives; null where it gives none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Types { get; init; }
}
