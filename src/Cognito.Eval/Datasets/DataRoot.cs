using System.Text.RegularExpressions;
using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;

namespace Cognito.Eval.Datasets;

/// <summary>A folder that datasets lie in, under the folders that <see cref="Dataset"/> names.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="IsSamples">Whether these are made-up samples, and no score from them means anything.</param>
public sealed partial record DataRoot(string Folder, bool IsSamples = false)
{
    /// <summary>Its presence says that a folder holds samples.</summary>
    private const string SamplesMark = "SAMPLES";

    private static readonly string[] Endings = [".parquet", ".jsonl", ".jsonl.gz", ".csv"];

    /// <summary>Where folders lie that are not below <see cref="Folder"/>, by the path that they would have there.</summary>
    public IReadOnlyDictionary<string, string> Elsewhere { get; init; } = new Dictionary<string, string>();

    /// <summary>Splits by dataset, with paths under the root, where the hub's repository itself says which files these are.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, RecordedSplit>> Laid { get; init; } =
        new Dictionary<string, IReadOnlyDictionary<string, RecordedSplit>>();

    /// <summary>The folder as it may be named again, from anywhere; null where it needs no name.</summary>
    public string? Given { get; init; }

    /// <summary>What paths that a dataset itself names are seen from.</summary>
    public string WorkingFolder { get; init; } = ".";

    /// <summary>How much a split, and a task's documents, may hold.</summary>
    public RowBounds Bounds { get; init; } = RowBounds.Usual;

    /// <summary>Where the rows lie, for people.</summary>
    public string Shown => Elsewhere.Count == 0 ? Folder : string.Join(", ", Elsewhere.Values);

    /// <exception cref="InputException">There is no such folder.</exception>
    public static DataRoot Open(string path) =>
        Directory.Exists(path)
            ? new DataRoot(path, IsSamples: RegularFile.Exists(Path.Combine(path, SamplesMark))) { Given = Path.GetFullPath(path) }
            : throw new InputException($"{path}: no such folder; {NearNames.PathHint(path)}give --data the folder that holds the datasets");

    /// <summary>Whether any of the dataset's folders or original files is here.</summary>
    public bool Has(Dataset dataset) => dataset.Files is not null || dataset.WorkingFolder is not null ||
        dataset.Folders.Any(folder => Directory.Exists(At(folder))) ||
        dataset.Originals.Any(original => RegularFile.Exists(At(original.Path)));

    /// <summary>Reads a whole split into memory, from wherever it lies.</summary>
    /// <exception cref="InputException">It is not here, is here twice, its files are damaged, or it is beyond the bounds.</exception>
    public DatasetSplit Read(Dataset dataset, string split)
    {
        var place = PlaceOf(dataset, split);
        var (rows, characters) = (new List<Row>(), 0L);
        foreach (var file in place.Files)
        {
            var before = rows.Count;
            rows.AddRange(place.Read(At(file)));
            Bounds.RequireRows(At(file), rows.Count);
            characters = Bounds.RequireCharacters(At(file), rows.Skip(before), characters);
        }
        if (dataset.Columns.Count == 0)
            rows = WholeRows.SameColumns(rows);
        if (place.Published is { } published && published != rows.Count)
            throw new InputException($"{At(place.Files[0])}: {dataset.Name} {split} has {rows.Count} rows, and the dataset's README.md says {published}; "
                + "fetch it again, or give the rows with --data DIR");
        return rows.Count > 0
            ? new DatasetSplit(rows, place.Files, dataset.Columns.Count == 0 ? DatasetSplit.DigestAll(rows) : DatasetSplit.Digest(rows, dataset.Columns))
            : throw new InputException($"{At(place.Files[0])}: {dataset.Name} {split} has no rows; fetch it again");
    }

    private Place PlaceOf(Dataset dataset, string split)
    {
        if (Laid.TryGetValue(dataset.Name, out var splits))
            return splits.TryGetValue(split, out var laid)
                ? new(laid.Files, file => WholeRows.Typed(ReadFile(dataset, file), file.EndsWith(".parquet", StringComparison.Ordinal) ? null : laid.Types))
                {
                    Published = laid.Rows,
                }
                : throw new InputException($"{dataset.Name}: it has no split {Printable.Line(split)}, only {Printable.Line(string.Join(", ", splits.Keys.Order(StringComparer.Ordinal)))}; "
                    + "name one of these");
        // A split of the hub may have a slash in its name, which no file has.
        if (dataset is { Columns.Count: 0, Files: null })
            split = split.Replace('/', '_');
        Place[] places = dataset.Files is not null ? [Named(dataset, split)] : [.. dataset.Folders.Select(folder => InFolder(dataset, folder, split)).OfType<Place>(),
            .. dataset.Originals.Where(original => original.Split == split && RegularFile.Exists(At(original.Path)))
                .Select(original => new Place([original.Path], file => ReadOriginal(dataset, original, file, Bounds)))];
        if (dataset.Columns.Count == 0 && places.Length > 1)
            places = [places[0]];
        if (places.Length == 0 && dataset.WorkingFolder is { } here
            && (this with { Folder = Path.GetFullPath(WorkingFolder), Elsewhere = new Dictionary<string, string>() }).InFolder(dataset, here, split) is { } seen)
            places = [seen with { Files = [.. seen.Files.Select(Here)] }];
        return places switch
        {
            [var place] => place,
            [var one, var other, ..] => throw new InputException(
                $"{Folder}: {dataset.Name} {split} is both in {one.Files[0]} and in {other.Files[0]}; remove one"),
            _ => throw Missing(dataset, split),
        };
    }

    /// <summary>Requires that a split is here, whatever it holds.</summary>
    /// <exception cref="InputException">It is not, or is here twice.</exception>
    internal void Require(Dataset dataset, string split) => PlaceOf(dataset, split);

    private sealed record Place(IReadOnlyList<string> Files, Func<string, IEnumerable<Row>> Read)
    {
        /// <summary>How many rows the dataset's card says there are.</summary>
        public int? Published { get; init; }
    }

    private string At(string path)
    {
        foreach (var (under, folder) in Elsewhere)
            if (path == under || path.StartsWith(under + "/", StringComparison.Ordinal))
                return Path.Join(folder, path[under.Length..]);
        return Path.Combine(Folder, path);
    }

    /// <summary>The files that a dataset itself names, as seen from the working folder.</summary>
    private Place Named(Dataset dataset, string split)
    {
        if (!dataset.Files!.TryGetValue(split, out var files))
            throw new InputException($"{dataset.Name}: data_files name no split {split}, only {string.Join(", ", dataset.Files.Keys)}; add it there");
        if (files.FirstOrDefault(file => !RegularFile.Exists(Here(file))) is { } missing)
            throw new InputException($"{missing}: no such file, and {dataset.Name}'s data_files name it for {split}; they are seen from the working folder, {Path.GetFullPath(WorkingFolder)}");
        return new([.. files.Select(Here)], file => ReadFile(dataset, file));
    }

    private string Here(string path) => Path.GetFullPath(path, Path.GetFullPath(WorkingFolder));

    private InputException Missing(Dataset dataset, string split) =>
        new($"{Folder}: no {dataset.Name} {split} in {string.Join(", ", dataset.Folders)} " +
            $"(as {split}-00000-of-00001.parquet, {string.Join(", ", Endings.Select(ending => split + ending))})" +
            string.Concat(dataset.Originals.Where(original => original.Split == split)
                .Select(original => $" or as {original.Path}")) +
            "; fetch it there, or give --data the folder that has it");

    private Place? InFolder(Dataset dataset, string folder, string split)
    {
        if (!Directory.Exists(At(folder)))
            return null;
        var shards = Shards(folder, split);
        var whole = Endings.Select(ending => $"{folder}/{split}{ending}").Where(file => RegularFile.Exists(At(file)));
        string[][] found = [shards, .. whole.Select(file => new[] { file })];
        return found.Where(files => files.Length > 0).ToArray() switch
        {
            [] => null,
            [var files] => new Place(files, file => ReadFile(dataset, file)),
            [var one, var other, ..] => throw new InputException(
                $"{Folder}: {dataset.Name} {split} is both in {one[0]} and in {other[0]}; remove one"),
        };
    }

    [GeneratedRegex(@"^(?<split>.+)-(?<index>\d{1,6})-of-(?<count>\d{1,6})(-[0-9a-f]+)?\.parquet$")]
    private static partial Regex ShardName { get; }

    /// <summary>The files of a split in several, in order and complete; none where it is not in several.</summary>
    private string[] Shards(string folder, string split)
    {
        var shards = Directory.EnumerateFileSystemEntries(At(folder), $"{split}-*.parquet")
            .Select(file => ShardName.Match(Path.GetFileName(file)))
            .Where(name => name.Success && name.Groups["split"].Value == split)
            .Where(name => RegularFile.Exists(Path.Combine(At(folder), name.Value)))
            .Select(name => (Name: name.Value, Index: int.Parse(name.Groups["index"].Value),
                Count: int.Parse(name.Groups["count"].Value)))
            .OrderBy(shard => shard.Index).ThenBy(shard => shard.Name, StringComparer.Ordinal).ToArray();
        for (var i = 0; i < shards.Length; i++)
        {
            var (name, index, count) = shards[i];
            if (count != shards[0].Count || i > 0 && index == shards[i - 1].Index)
                throw new InputException($"{At(folder)}: {shards[i - 1].Name} and {name} are not of one set " +
                    "of files; remove those that do not belong");
            if (index != i || i == shards.Length - 1 && count != shards.Length)
                throw new InputException($"{At(folder)}: {split} is not complete, " +
                    $"{split}-{(index != i ? i : i + 1):D5}-of-{count:D5}.parquet is missing; fetch it");
        }
        return [.. shards.Select(shard => $"{folder}/{shard.Name}")];
    }

    private IEnumerable<Row> ReadFile(Dataset dataset, string file) => Path.GetExtension(file) switch
    {
        ".parquet" => ParquetRows.Read(file, dataset.AllColumns.Count > 0 || dataset.Columns.Count == 0 ? null : dataset.Columns, Bounds),
        ".csv" when dataset.Columns.Count == 0 => WholeRows.FromCsv(file, CsvRows.Read(file, null, Bounds)),
        ".csv" => CsvRows.Read(file, dataset.CsvColumns, Bounds).Select(dataset.FromCsv),
        _ => JsonRows.Read(file, Bounds, isAnyForm: dataset.Columns.Count == 0),
    };

    internal static IEnumerable<Row> ReadOriginal(Dataset dataset, OriginalFile original, string file, RowBounds? bounds = null) =>
        (Path.GetExtension(file) == ".csv" ? CsvRows.Read(file, dataset.CsvColumns, bounds) : JsonRows.Read(file, bounds))
        .Select(original.ToRow);
}
