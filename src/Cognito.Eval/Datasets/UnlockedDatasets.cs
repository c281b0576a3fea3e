using System.Text;
using System.Text.RegularExpressions;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;

namespace Cognito.Eval.Datasets;

/// <summary>
/// Datasets that the lock does not name: their first folder says which repository of the hub has them, and where in it, or which
/// configuration of its card they are. What comes at the first fetch is trusted, and held to ever after.
/// </summary>
internal static partial class UnlockedDatasets
{
    private const string Card = "README.md", OtherCard = ".huggingface.yaml";

    /// <summary>Where the hub keeps the Parquet files that it makes of a repository.</summary>
    private const string Export = "refs/convert/parquet";

    /// <summary>The lock with datasets in it that it does not name.</summary>
    /// <param name="Laid">Their splits by name, where the repository says which files these are.</param>
    public sealed record Added(DatasetLock Lock, IReadOnlyDictionary<string, IReadOnlyDictionary<string, RecordedSplit>> Laid);

    /// <summary>The lock with these datasets in it, as they were first fetched or as the hub lists them now.</summary>
    /// <exception cref="InputException">The hub has none of that name, or no file of rows in it.</exception>
    public static async Task<Added> Add(
        HubFetch hub, DatasetLock locked, IEnumerable<Dataset> datasets, CancellationToken cancel)
    {
        var more = new List<LockedRepository>();
        var laid = new Dictionary<string, IReadOnlyDictionary<string, RecordedSplit>>();
        foreach (var group in datasets.Where(dataset => locked.Of(dataset) is null).GroupBy(RepositoryOf))
        {
            var repo = new HubRepo(HubKind.Dataset, group.Key);
            var recorded = HubRecord.Read(hub.Settings).Of(repo);
            var isRecorded = group.All(dataset => recorded?.Datasets?.ContainsKey(dataset.Name) == true
                || recorded is not null && (recorded.Datasets is null || dataset.Columns.Count > 0) && SplitsOf(dataset, group.Key, recorded.Files.Keys).Count > 0);
            if (!isRecorded && hub.Settings.IsOffline)
                throw new InputException($"{repo}: never fetched, and nothing may be fetched (--offline, HF_HUB_OFFLINE); with a "
                    + $"network once: cognito-eval data fetch --tasks NAME, or give --data DIR, a folder that has the datasets");
            var listed = isRecorded ? null : await List(hub, repo, recorded?.Revision, group, cancel);
            var card = listed is null ? null : await ReadCard(hub, repo, listed, cancel);
            foreach (var dataset in group)
                if ((recorded?.Datasets?.GetValueOrDefault(dataset.Name) ?? (listed is null ? null : Lay(dataset, group.Key, listed, card))) is { } splits)
                    laid[dataset.Name] = splits;
            more.Add(new(group.Key, listed?.Commit, "", group.ToDictionary(
                dataset => dataset.Name, dataset => Splits(dataset, group.Key, laid, recorded, listed))));
        }
        return new(new([.. locked.Repositories, .. more]), laid);
    }

    private static IReadOnlyDictionary<string, LockedSplit> Splits(
        Dataset dataset, string repository, IReadOnlyDictionary<string, IReadOnlyDictionary<string, RecordedSplit>> laid,
        RecordedRepository? recorded, HubListing? listed) => laid.TryGetValue(dataset.Name, out var splits)
        ? splits.ToDictionary(split => split.Key, split => new LockedSplit(
            split.Value.Rows ?? 0, null, split.Value.Files.ToDictionary(file => file, _ => (string?)null)))
        : SplitsOf(dataset, repository, listed?.Files ?? [.. recorded!.Files.Keys]) is { Count: > 0 } found ? found
        : throw new InputException($"{repository}: no file of rows in its folder {FolderIn(dataset, repository)}; see that the first folder of "
            + $"{dataset.Name} names repository and folder, or give --data DIR");

    /// <summary>The repository's files; where code makes its rows, the Parquet files that the hub made with it.</summary>
    /// <param name="commit">What was fetched of it before; null if nothing was.</param>
    private static async Task<HubListing> List(HubFetch hub, HubRepo repo, string? commit, IEnumerable<Dataset> datasets, CancellationToken cancel)
    {
        var listed = await hub.List(repo with { Revision = commit ?? repo.Revision }, hasFallback: false, cancel);
        var script = $"{repo.Name}.py";
        if (!listed.Files.Contains(script) || datasets.Any(dataset => dataset.Columns.Count > 0)
            || await ReadCard(hub, repo, listed, cancel) is { Configs.Count: > 0 })
            return listed;
        try
        {
            return await hub.List(repo with { Revision = Export }, hasFallback: false, cancel);
        }
        catch (InputException e)
        {
            throw new InputException($"{repo}: its rows are made by {script}, which is not run, and the hub has no Parquet files of them ({Export}); "
                + "give the rows with --data DIR", e);
        }
    }

    private static async Task<DatasetCard?> ReadCard(HubFetch hub, HubRepo repo, HubListing listed, CancellationToken cancel)
    {
        if (listed.Files.Contains(OtherCard))
            throw new InputException($"{repo}: it has a {OtherCard}, which is not read and says more of its files; give the rows with --data DIR");
        if (!listed.Files.Contains(Card))
            return null;
        var file = new HubFile(repo, listed.Commit, Card);
        if (!hub.Cache.Has(file))
            await hub.Fetch([file], cancel);
        return DatasetCard.Parse(Encoding.UTF8.GetString(RegularFile.Read(hub.Cache.At(file), FileKind.DatasetCard)), $"{file}");
    }

    /// <summary>A dataset that is read whole, as its repository lays it out; null where it does not say so.</summary>
    private static IReadOnlyDictionary<string, RecordedSplit>? Lay(Dataset dataset, string repository, HubListing listed, DatasetCard? card)
    {
        if (dataset.Columns.Count > 0)
            return null;
        var (name, where) = (FolderIn(dataset, repository) is { Length: > 0 } folder ? folder : null, card?.Name ?? repository);
        var config = card is { Configs.Count: > 0 } ? card.Choose(name) : null;
        var splits = config is not null ? HubLayout.Of(config, listed.Files, where)
            : HubLayout.Exported(name, listed.Files, where) ?? (name is null ? HubLayout.Usual(listed.Files, where) : null);
        return splits is null ? null
            : splits.Count == 0 ? throw new InputException($"{where}: no file of rows in it; give the rows with --data DIR")
            : splits.ToDictionary(split => split.Name, split => new RecordedSplit(
                split.Files, card?.Rows.TryGetValue((config?.Name ?? "default", split.Name), out var rows) == true ? rows : null)
            {
                Types = card?.Types.GetValueOrDefault(config?.Name ?? "default") is { Count: > 0 } types ? types : null,
            });
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

    private static IReadOnlyDictionary<string, LockedSplit> SplitsOf(Dataset dataset, string repository, IEnumerable<string> files) =>
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
