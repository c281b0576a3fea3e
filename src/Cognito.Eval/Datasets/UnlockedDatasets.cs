using System.Text.RegularExpressions;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;

namespace Cognito.Eval.Datasets;

/// <summary>
/// Datasets that the lock does not name: their first folder says which repository of the hub has them, and where in it. What
/// comes at the first fetch is trusted, and held to ever after.
/// </summary>
internal static partial class UnlockedDatasets
{
    /// <summary>The lock with these datasets in it, as they were first fetched or as the hub lists them now.</summary>
    /// <exception cref="InputException">The hub has none of that name, or no file of rows in it.</exception>
    public static async Task<DatasetLock> Add(
        HubFetch hub, DatasetLock locked, IEnumerable<Dataset> datasets, CancellationToken cancel)
    {
        var unlocked = datasets.Where(dataset => locked.Of(dataset) is null).GroupBy(RepositoryOf).ToList();
        var more = new List<LockedRepository>();
        foreach (var group in unlocked)
        {
            var repo = new HubRepo(HubKind.Dataset, group.Key);
            var files = HubRecord.Read(hub.Settings).Of(repo)?.Files.Keys.ToList();
            var recorded = group.All(dataset => files is not null && SplitsOf(dataset, group.Key, files).Count > 0);
            if (!recorded)
            {
                if (hub.Settings.IsOffline)
                    throw new InputException($"{repo}: never fetched, and nothing may be fetched (--offline, HF_HUB_OFFLINE); with a "
                        + $"network once: cognito-eval data fetch --tasks NAME, or give --data DIR, a folder that has the datasets");
                files = [.. (await hub.List(repo, hasFallback: false, cancel)).Files];
            }
            more.Add(new(group.Key, null, "", group.ToDictionary(dataset => dataset.Name, dataset =>
                SplitsOf(dataset, group.Key, files!) is { Count: > 0 } splits ? splits : throw new InputException(
                    $"{repo}: no file of rows in its folder {FolderIn(dataset, group.Key)}; see that the first folder of "
                    + $"{dataset.Name} names repository and folder, or give --data DIR"))));
        }
        return new([.. locked.Repositories, .. more]);
    }

    private static string RepositoryOf(Dataset dataset) =>
        dataset.Folders[0].Split('/') is [var owner, var name, ..] && HubRepo.IsId($"{owner}/{name}") ? $"{owner}/{name}"
            : throw new InputException($"{dataset.Name}: its first folder {dataset.Folders[0]} names no repository of the hub "
                + "(org/name/...); give --data DIR");

    private static string FolderIn(Dataset dataset, string repository) => dataset.Folders[0][repository.Length..].TrimStart('/');

    /// <summary>Of a dataset that is read whole, nobody has said where in the repository its files lie: the first place that has some.</summary>
    private static IEnumerable<string> FoldersIn(Dataset dataset, string repository) => dataset.Columns.Count > 0 ? [FolderIn(dataset, repository)]
        : dataset.Folders.Where(folder => folder == repository || folder.StartsWith(repository + "/", StringComparison.Ordinal))
            .Select(folder => folder[repository.Length..].TrimStart('/'));

    private static IReadOnlyDictionary<string, LockedSplit> SplitsOf(Dataset dataset, string repository, IReadOnlyCollection<string> files) =>
        FoldersIn(dataset, repository).Select(folder => SplitsIn(dataset, folder, files)).FirstOrDefault(splits => splits.Count > 0)
            ?? new Dictionary<string, LockedSplit>();

    private static Dictionary<string, LockedSplit> SplitsIn(Dataset dataset, string folder, IEnumerable<string> files)
    {
        return files.Where(file => folder.Length == 0 ? !file.Contains('/') : file.StartsWith(folder + "/", StringComparison.Ordinal))
            .Select(file => (file, Name: RowFile.Match(file[(folder.Length == 0 ? 0 : folder.Length + 1)..])))
            .Where(it => it.Name.Success).GroupBy(it => it.Name.Groups["split"].Value)
            .ToDictionary(split => split.Key, split => new LockedSplit(
                dataset.PublishedRows.GetValueOrDefault(split.Key), null, split.ToDictionary(it => it.file, _ => (string?)null)));
    }

    [GeneratedRegex(@"^(?<split>[^/]+?)(-\d{1,6}-of-\d{1,6}(-[0-9a-f]+)?\.parquet|\.parquet|\.jsonl|\.jsonl\.gz|\.csv)\z")]
    private static partial Regex RowFile { get; }
}
