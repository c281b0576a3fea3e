using System.Text;
using System.Text.RegularExpressions;
using Cognito.Eval.Files;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Datasets;

/// <summary>A configuration of a dataset, as its card lists it.</summary>
/// <param name="Folder">What its files are seen from; empty for the repository itself.</param>
/// <param name="Patterns">Of its files, by split; null where they are found by their names.</param>
/// <param name="Strange">A key that nothing here follows; null where there is none.</param>
internal sealed record DatasetConfig(
    string Name, bool IsDefault, string Folder, IReadOnlyList<(string Split, IReadOnlyList<string> Paths)>? Patterns, string? Strange);

/// <summary>The card of a dataset on the hub: what the YAML at the top of its README.md says of its files (protocol 11.7).</summary>
/// <param name="Name">Of the file, for messages.</param>
internal sealed partial record DatasetCard(string Name, IReadOnlyList<DatasetConfig> Configs)
{
    private static readonly string[] Followed = ["config_name", "data_files", "data_dir", "default", "description", "version"];

    /// <summary>Rows by configuration and split, as far as the card counts them.</summary>
    public IReadOnlyDictionary<(string Config, string Split), int> Rows { get; init; } = new Dictionary<(string, string), int>();

    /// <summary>Types of columns that hold one value, by configuration, as the library names them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Types { get; init; } =
        new Dictionary<string, IReadOnlyDictionary<string, string>>();

    /// <exception cref="InputException">Its YAML is none, or says what no configuration is.</exception>
    /// <param name="name">Of the file, for messages.</param>
    public static DatasetCard Parse(string text, string name)
    {
        if (FrontMatter.Match(text) is not { Success: true } front)
            return new(name, []);
        // Line feeds for the lines before, so that lines are the file's.
        var before = new string('\n', front.Groups["before"].Value.Count(c => c == '\n'));
        var root = YamlFile.Parse(before + front.Groups["yaml"].Value.Replace("\r\n", "\n", StringComparison.Ordinal), name);
        if (root is not YamlMapping card)
            return root is YamlScalar { Value: null } ? new(name, []) : throw new InputException($"{name} line {root.Line}: its YAML has no keys; {Mend}");
        DatasetConfig[] configs = [.. Items(card.Find("configs"), name, "configs").Select(node => Config(node, name))];
        if (configs.GroupBy(config => config.Name).FirstOrDefault(same => same.Count() > 1) is { Key: var twice })
            throw new InputException($"{name}: configs has {Printable.Line(twice)} twice; {Mend}");
        YamlMapping[] infos = card.Find("dataset_info") is YamlMapping one ? [one]
            : [.. Items(card.Find("dataset_info"), name, "dataset_info").OfType<YamlMapping>()];
        return new(name, configs)
        {
            Rows = RowsOf(infos, name),
            Types = infos.DistinctBy(ConfigOf).ToDictionary(ConfigOf, info => TypesOf(info, name)),
        };
    }

    private const string Mend = "give the rows with --data DIR";

    /// <summary>The configuration that a name means; of null the one that is meant without a name.</summary>
    /// <exception cref="InputException">There is none, or it is described by what is not followed.</exception>
    public DatasetConfig Choose(string? name)
    {
        var named = string.Join(", ", Configs.Take(20).Select(config => Printable.Line(config.Name))) + (Configs.Count > 20 ? $" and {Configs.Count - 20} more" : "");
        DatasetConfig[] meant = [.. Configs.Where(config => name is not null ? config.Name == name
            : Configs.Count == 1 || config.IsDefault || config.Name == "default")];
        var chosen = meant switch
        {
            [var one] => one,
            [] when name is not null => throw new InputException($"{Name}: it has no configuration {Printable.Line(name)}, only {named}; name one of them in dataset_name"),
            [] => throw new InputException($"{Name}: it has the configurations {named}, and none is the default; name one in dataset_name"),
            _ => throw new InputException($"{Name}: of its configurations {named} several are the default; name one in dataset_name"),
        };
        return chosen.Strange is { } key
            ? throw new InputException($"{Name}: its configuration {Printable.Line(chosen.Name)} has {Printable.Line(key)}, which is not followed; {Mend}") : chosen;
    }

    private static DatasetConfig Config(YamlNode node, string name)
    {
        if (node is not YamlMapping config || Text(config.Find("config_name")) is not { } its)
            throw new InputException($"{name} line {node.Line}: one of configs has no config_name; {Mend}");
        return new(
            its, config.Find("default") is YamlScalar { Value: true }, (Text(config.Find("data_dir")) ?? "").Trim('/'),
            config.Find("data_files") is { } files and not YamlScalar { Value: null } ? Patterns(files, name) : null,
            config.Entries.Select(entry => entry.Key.Text).FirstOrDefault(key => !Followed.Contains(key)));
    }

    /// <summary>A path, a list of them, or a list of splits with their paths. What has no split is of train.</summary>
    private static IReadOnlyList<(string, IReadOnlyList<string>)> Patterns(YamlNode files, string name)
    {
        InputException Wrong(YamlNode at) => new($"{name} line {at.Line}: data_files is neither a path, nor a list of paths, nor a list of split and path; {Mend}");
        string Path(YamlNode node) => Text(node) is { } path ? path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path : throw Wrong(node);
        IReadOnlyList<string> Paths(YamlNode? node) => node switch
        {
            YamlSequence list => [.. list.Items.Select(Path)],
            { } one => [Path(one)],
            null => throw Wrong(files),
        };
        if (files is not YamlSequence { Items: var items } || !items.Any(item => item is YamlMapping))
            return [("train", Paths(files))];
        (string Split, IReadOnlyList<string>)[] splits = [.. items.Select(item => item is YamlMapping { Entries.Count: 2 } entry
            && Text(entry.Find("split")) is { } split ? (split, Paths(entry.Find("path"))) : throw Wrong(item))];
        return splits.DistinctBy(its => its.Split).Count() == splits.Length ? splits
            : throw new InputException($"{name} line {files.Line}: data_files has a split twice; {Mend}");
    }

    private static string ConfigOf(YamlMapping info) => Text(info.Find("config_name")) ?? "default";

    private static Dictionary<(string, string), int> RowsOf(IEnumerable<YamlMapping> infos, string name)
    {
        var rows = new Dictionary<(string, string), int>();
        foreach (var info in infos)
            foreach (var split in Items(info.Find("splits"), name, "splits").OfType<YamlMapping>())
                if (Text(split.Find("name")) is { } its && split.Find("num_examples") is YamlScalar { Value: long and >= 0 and <= int.MaxValue and var count })
                    rows[(ConfigOf(info), its)] = (int)count;
        return rows;
    }

    private static IReadOnlyDictionary<string, string> TypesOf(YamlMapping info, string name)
    {
        var types = new Dictionary<string, string>();
        foreach (var feature in Items(info.Find("features"), name, "features").OfType<YamlMapping>())
            if (Text(feature.Find("name")) is { } column)
                switch (feature.Find("dtype"))
                {
                    case YamlScalar dtype when Text(dtype) is { } type:
                        types[column] = type;
                        break;
                    case YamlMapping named when named.Find("class_label") is not null:
                        types[column] = "class_label";
                        break;
                }
        return types;
    }

    private static IReadOnlyList<YamlNode> Items(YamlNode? node, string name, string key) => node switch
    {
        null or YamlScalar { Value: null } => [],
        YamlSequence list => list.Items,
        _ => throw new InputException($"{name} line {node.Line}: {key} is no list; {Mend}"),
    };

    private static string? Text(YamlNode? node) => node is YamlScalar { Value: not null } scalar ? scalar.Text : null;

    [GeneratedRegex(@"\A(?<before>\s*---(?:\r\n|\n))(?<yaml>[\s\S]*?)(?:\r\n|\n)---[ \t]*(?:\r\n|\n|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex FrontMatter { get; }
}
