using System.Text.Encodings.Web;
using System.Text.Json;
using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;

namespace Cognito.Eval.Datasets;

/// <summary>Brings files of datasets' original releases into a data root, as JSON lines in the shape of the hub's rows.</summary>
public static class OriginalImport
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The originals among files and in folders, known by their names.</summary>
    /// <exception cref="InputException">A path is not there or holds none, or two files are the same original.</exception>
    public static IReadOnlyList<(Dataset Dataset, OriginalFile Original, string Path)> Find(
        IEnumerable<string> paths, IEnumerable<Dataset> datasets)
    {
        var known = datasets.SelectMany(dataset => dataset.Originals.Select(original => (dataset, original)))
            .DistinctBy(it => Path.GetFileName(it.original.Path)).ToDictionary(it => Path.GetFileName(it.original.Path));
        var found = new Dictionary<string, (Dataset, OriginalFile, string)>();
        foreach (var path in paths)
        {
            string[] here = [.. Files(path).Where(file => known.ContainsKey(Path.GetFileName(file)))];
            if (here.Length == 0)
                throw new InputException($"{path}: no file of an original release, such as mc_task.json, hellaswag_val.jsonl or "
                    + "anatomy_test.csv; docs/data.md lists the names");
            foreach (var file in here)
                if (!found.TryAdd(Path.GetFileName(file), (known[Path.GetFileName(file)].dataset, known[Path.GetFileName(file)].original, file)))
                    throw new InputException($"{file}: the same original as {found[Path.GetFileName(file)].Item3}; name one of them");
        }
        return [.. found.Values];
    }

    /// <summary>Writes a file's rows where a data root has that split, and returns them as read back from there.</summary>
    /// <param name="to">The data root.</param>
    /// <exception cref="InputException">The file is damaged or of another dataset.</exception>
    public static DatasetSplit Import(Dataset dataset, OriginalFile original, string path, string to)
    {
        using var lines = new MemoryStream();
        foreach (var row in DataRoot.ReadOriginal(dataset, original, path))
        {
            JsonSerializer.Serialize(lines, dataset.Columns.ToDictionary(column => column, column => row[column]), Json);
            lines.WriteByte((byte)'\n');
        }
        var place = $"{dataset.Folders[^1]}/{original.Split}.jsonl";
        var target = Path.Combine(to, place);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        WholeFile.Write(target, lines.GetBuffer().AsSpan(0, (int)lines.Length));
        ImportRecord.Add(to, place);
        return new DataRoot(to) { Bounds = RowBounds.None }.Read(dataset, original.Split);
    }

    private static IEnumerable<string> Files(string path) =>
        Directory.Exists(path) ? RegularFile.Under(path).Order(StringComparer.Ordinal)
        : RegularFile.Exists(path) ? [path]
        : throw new InputException($"{path}: no such file or folder; {NearNames.PathHint(path)}name what holds the original files");
}

/// <summary>The hashes of files that were imported into a data root, so that a changed byte is found later.</summary>
public static class ImportRecord
{
    private const string Name = "imported.json";

    /// <summary>Each file's path and sha256; none where nothing was imported.</summary>
    public static IReadOnlyList<(string Path, string Sha256)> Read(string root) =>
        [.. Hashes(root).Select(it => (Path.Combine(root, it.Key), it.Value))];

    internal static void Add(string root, string place)
    {
        var hashes = Hashes(root);
        hashes[place] = HubRecord.Sha256(Path.Combine(root, place));
        WholeFile.Write(Path.Combine(root, Name), JsonSerializer.SerializeToUtf8Bytes(hashes));
    }

    private static SortedDictionary<string, string> Hashes(string root)
    {
        var path = Path.Combine(root, Name);
        try
        {
            var hashes = RegularFile.Exists(path)
                ? JsonSerializer.Deserialize<SortedDictionary<string, string>>(RegularFile.Read(path, FileKind.Record)) : [];
            return hashes is not null && hashes.All(it => HubFile.IsInside(it.Key) && it.Value is not null) ? hashes
                : throw new JsonException("a path that leads elsewhere, or null");
        }
        catch (JsonException e)
        {
            throw new InputException($"{path}: not the record of what was imported; remove it and import again", e);
        }
    }
}
