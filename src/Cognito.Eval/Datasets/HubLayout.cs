using System.Text.RegularExpressions;
using Cognito.Eval.Files;

namespace Cognito.Eval.Datasets;

/// <summary>Which files of a repository hold which split, as Hugging Face's datasets library finds them (protocol 11.7).</summary>
internal static partial class HubLayout
{
    private static readonly string[] Ignored =
        ["README.md", "config.json", "dataset_info.json", "dataset_infos.json", "dummy_data.zip", "dataset_dict.json"];

    private static readonly (string Split, string[] Words)[] Keywords =
    [
        ("train", ["train", "training"]), ("validation", ["validation", "valid", "dev", "val"]), ("test", ["test", "testing", "eval", "evaluation"]),
    ];

    /// <summary>Endings that the library reads rows of text from and this program does not.</summary>
    private static readonly string[] Unread =
        ["tsv", "txt", "arrow", "xml", "tar", "zip", "hdf5", "h5", "geoparquet", "gpq", "lance", "eval", "bz2", "xz", "zst", "lz4"];

    private static readonly string[] Read = ["parquet", "jsonl", "ndjson", "json", "csv"];

    /// <summary>A split's files, in the order of their rows.</summary>
    public sealed record Split(string Name, IReadOnlyList<string> Files);

    /// <summary>The splits of a configuration.</summary>
    /// <param name="where">The card's name.</param>
    /// <exception cref="InputException">It names a file that is not there, or files that are not read here.</exception>
    public static IReadOnlyList<Split> Of(DatasetConfig config, IReadOnlyCollection<string> files, string where) => Checked(
        config.Patterns is { } patterns ? [.. patterns.Select(its => Named(its.Split, its.Paths, config.Folder, files, where))]
            : Usual(files, config.Folder, where), where);

    /// <summary>The splits of a repository that does not say which they are: by the names of its files and folders.</summary>
    public static IReadOnlyList<Split> Usual(IReadOnlyCollection<string> files, string where) => Checked(Usual(files, folder: "", where), where);

    /// <summary>
    /// Splits of the Parquet files that the hub itself makes of a repository, <c>configuration/split/0000.parquet</c>; null where these
    /// are other files.
    /// </summary>
    /// <exception cref="InputException">There is no such configuration, or no name and several.</exception>
    public static IReadOnlyList<Split>? Exported(string? name, IReadOnlyCollection<string> files, string where)
    {
        var found = files.Where(file => !file.StartsWith('.')).Select(file => ExportedFile.Match(file)).ToList();
        if (found.Count == 0 || !found.TrueForAll(file => file.Success))
            return null;
        var configs = found.Select(file => file.Groups["config"].Value).Distinct().Order(StringComparer.Ordinal)
            .Select(config => new DatasetConfig(config, false, config, null, null)).ToList();
        var chosen = new DatasetCard(where, configs).Choose(name).Name;
        return [.. found.Where(file => file.Groups["config"].Value == chosen).GroupBy(file => file.Groups["split"].Value)
            .Select(split => new Split(split.Key, [.. split.Select(file => file.Value).Order(StringComparer.Ordinal)]))];
    }

    private static Split Named(string split, IReadOnlyList<string> paths, string folder, IReadOnlyCollection<string> files, string where)
    {
        var found = paths.SelectMany(path =>
        {
            var (glob, own) = (new PathGlob(folder.Length == 0 ? path : $"{folder}/{path}", where), path[(path.LastIndexOf('/') + 1)..]);
            string[] its = [.. Rows(glob, files, own)];
            return its.Length > 0 || glob.HasMarks ? its : throw new InputException(
                $"{where}: {Printable.Line(path)} of the split {Printable.Line(split)} is no file of rows in the repository; give the rows with --data DIR");
        }).ToList();
        return found.Distinct().Count() == found.Count ? new(split, found) : throw new InputException(
            $"{where}: a file of the split {Printable.Line(split)} is named twice, so that its rows would be there twice; give the rows with --data DIR");
    }

    /// <summary>Files by their names: shards in <c>data</c>, else folders named for a split, else files, else all are of train.</summary>
    private static IReadOnlyList<Split> Usual(IReadOnlyCollection<string> files, string folder, string where)
    {
        var start = folder.Length == 0 ? "" : $"{folder}/";
        string[] seen = [.. files.Where(file => !Ignored.Contains(file[(file.LastIndexOf('/') + 1)..]))];
        bool Any(string pattern) => new PathGlob(start + pattern, where).Of(seen).Any();
        const string Shard = "-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]*.*";
        string[] sharded = [.. new PathGlob($"{start}data/*{Shard}", where).Of(seen).Select(file => ShardName.Match(file).Groups["split"].Value).Distinct()];
        if (sharded.Length > 0)
            return [.. sharded.Order(StringComparer.Ordinal).Select(split => Named(split, [$"data/{split}{Shard}"], folder, files, where))];
        string[][] forms =
        [
            ["**/{0}/**", "**/{0}[-._ 0-9]*/**", "**/*[-._ 0-9]{0}/**", "**/*[-._ 0-9]{0}[-._ 0-9]*/**"], ["**/{0}[-._ 0-9]*", "**/*[-._ 0-9]{0}[-._ 0-9]*"],
        ];
        foreach (var form in forms)
        {
            var splits = Keywords.Select(its => (its.Split, Paths: its.Words.SelectMany(word => form.Select(path =>
                path.Replace("{0}", word, StringComparison.Ordinal))).ToArray())).Where(its => its.Paths.Any(Any)).ToList();
            if (splits.Count > 0)
                return [.. splits.Select(its => Named(its.Split, its.Paths, folder, files, where))];
        }
        return [Named("train", ["**"], folder, files, where)];
    }

    /// <summary>Of a pattern's files those that hold rows by their names, in the order of their paths.</summary>
    /// <param name="own">The last part of the pattern: a file that is otherwise passed over may be named by it.</param>
    private static IEnumerable<string> Rows(PathGlob glob, IReadOnlyCollection<string> files, string own) => glob.Of(files)
        .Where(file => file[(file.LastIndexOf('/') + 1)..] is var name && (!Ignored.Contains(name) || name == own)
            && name.Split('.')[1..].Any(ending => Read.Contains(ending) || Unread.Contains(ending)))
        .Order(StringComparer.Ordinal);

    /// <summary>Without the splits that have no file.</summary>
    private static IReadOnlyList<Split> Checked(IReadOnlyList<Split> splits, string where)
    {
        Split[] found = [.. splits.Where(split => split.Files.Count > 0)];
        string[] files = [.. found.SelectMany(split => split.Files)];
        if (files.FirstOrDefault(file => Form(file) is null) is { } strange)
            throw new InputException($"{where}: its rows lie in {Printable.Line(strange)}, and .parquet, .jsonl, .jsonl.gz, .json and .csv are read; give them so, with --data DIR");
        if (files.FirstOrDefault(file => Form(file) != Form(files[0])) is { } other)
            throw new InputException($"{where}: its rows lie in {Printable.Line(files[0])} and in {Printable.Line(other)}, files of two forms; give the rows with --data DIR");
        return found;
    }

    /// <summary>Who reads a file; null where nobody here does.</summary>
    private static string? Form(string file) => file.EndsWith(".parquet", StringComparison.Ordinal) ? "parquet"
        : file.EndsWith(".csv", StringComparison.Ordinal) ? "csv" : JsonFile.IsMatch(file) ? "json" : null;

    [GeneratedRegex(@"\.(jsonl|ndjson|json)(\.gz)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex JsonFile { get; }

    [GeneratedRegex(@"/(?<split>[^/]+)-[0-9]{5}-of-[0-9]{5}[^/]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ShardName { get; }

    [GeneratedRegex(@"\A(?<config>[^/]+)/(?<split>[^/]+)/[0-9]{4}\.parquet\z", RegexOptions.CultureInvariant)]
    private static partial Regex ExportedFile { get; }
}
