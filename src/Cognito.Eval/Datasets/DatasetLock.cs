using System.Text.Json;
using System.Text.Json.Serialization;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;

namespace Cognito.Eval.Datasets;

/// <summary>Which rows tasks are meant to read: where the hub has them, how many, and their digests.</summary>
public sealed record DatasetLock(IReadOnlyList<LockedRepository> Repositories)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <exception cref="InputException">The file is not a lock.</exception>
    public static DatasetLock Read(string path)
    {
        try
        {
            var read = JsonSerializer.Deserialize<DatasetLock>(RegularFile.Read(path, FileKind.Record), Json)
                ?? throw new JsonException("it holds null");
            return Fault(read) is { } fault ? throw new JsonException(fault) : read;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: not a lock of datasets ({Fact.Of(e)}); "
                + "install the program again", e);
        }
    }

    /// <summary>What a lock cannot hold, such as a name that would lead elsewhere; null if all is well.</summary>
    private static string? Fault(DatasetLock read)
    {
        if (read.Repositories.Any(repository => repository is null
            || repository.Datasets.Values.Any(splits => splits is null || splits.Values.Any(split => split is null))))
            return "null where a repository, a dataset or a split belongs";
        if (read.Repositories.FirstOrDefault(repository => !HubRepo.IsId(repository.Id)) is { } strange)
            return $"\"{strange.Id}\" is no repository";
        if (read.Repositories.FirstOrDefault(repository => repository.Revision is { } commit && !HubRepo.IsCommit(commit)) is { } moving)
            return $"\"{moving.Revision}\" is no commit";
        return read.Repositories.SelectMany(repository => repository.AllFiles).FirstOrDefault(file => !HubFile.IsInside(file)) is { } odd
            ? $"\"{odd}\" is no path in a repository" : null;
    }

    /// <summary>The repository that holds a dataset; null where the lock knows none.</summary>
    public LockedRepository? Of(Dataset dataset) =>
        Repositories.FirstOrDefault(repository => repository.Datasets.ContainsKey(dataset.Name));

    /// <summary>What is known of a split; null where the lock does not name it.</summary>
    public LockedSplit? Of(Dataset dataset, string split) =>
        Of(dataset)?.Datasets[dataset.Name].GetValueOrDefault(split);
}

/// <summary>A repository of the hub, and the datasets that tasks read from it.</summary>
/// <param name="Id">"org/name".</param>
/// <param name="Revision">A commit; null where none is known yet: the first fetch's is then recorded and kept to.</param>
/// <param name="Licence">Its SPDX identifier where it has one.</param>
/// <param name="Datasets">By name, splits by name.</param>
public sealed record LockedRepository(
    string Id, string? Revision, string Licence,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, LockedSplit>> Datasets)
{
    [JsonIgnore]
    public IEnumerable<string> AllFiles =>
        Datasets.Values.SelectMany(splits => splits.Values).SelectMany(split => split.Files.Keys);
}

/// <summary>A split's rows.</summary>
/// <param name="Rows">How many were published.</param>
/// <param name="RowsSha256">As <see cref="DatasetSplit.Sha256"/>; null where it is not known.</param>
/// <param name="Files">sha256 by path in the repository; null where it is not known.</param>
public sealed record LockedSplit(int Rows, string? RowsSha256, IReadOnlyDictionary<string, string?> Files);
