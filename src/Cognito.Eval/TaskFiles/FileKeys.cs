using Cognito.Eval.Files;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>A task file's keys with those of the files that it includes: theirs come first, and its own are taken over them whole.</summary>
internal sealed record FileKeys(string File, IReadOnlyDictionary<string, Said> Keys)
{
    /// <param name="read">Files that were read before.</param>
    /// <exception cref="InputException">A file is not there, is no mapping, or is included by two ways.</exception>
    public static FileKeys Read(string path, Dictionary<string, YamlNode>? read = null) => new(path, Merged(path, [], read ?? []));

    private static OrderedDictionary<string, Said> Merged(string path, HashSet<string> seen, Dictionary<string, YamlNode> read)
    {
        var whole = Path.GetFullPath(path);
        seen.Add(whole);
        if (!read.TryGetValue(whole, out var node))
            node = read[whole] = YamlFile.Read(path);
        if (node is not YamlMapping mapping)
            throw new InputException($"{path} line {node.Line}: not a mapping; a task file begins with a line such as \"task: my_task\"");
        var own = Said.MappingOf(path, "", mapping);
        var merged = new OrderedDictionary<string, Said>();
        if (own.Remove("include", out var include))
            foreach (var file in include.RequireNoFunction().Items())
                foreach (var (key, value) in Included(file, path, seen, read))
                    merged[key] = value;
        foreach (var (key, value) in own)
            merged[key] = value;
        return merged;
    }

    private static IEnumerable<KeyValuePair<string, Said>> Included(Said said, string path, HashSet<string> seen, Dictionary<string, YamlNode> read)
    {
        var name = said.Text();
        if (name.Length == 0 || name.Contains('\0'))
            throw said.Wrong("is no path; name the file that is included, as seen from this one");
        var file = Path.Combine(Path.GetDirectoryName(path) ?? "", name);
        if (!RegularFile.Exists(file))
            throw said.Wrong($"{Printable.Line(name)}: there is no such file; name it as seen from this one's folder");
        if (seen.Contains(Path.GetFullPath(file)))
            throw said.Wrong($"{Printable.Line(name)}: it is included already, by itself or by two ways, on which lm-evaluation-harness stops; include it once");
        return Merged(file, seen, read).Where(key => key.Key != "task_list");
    }

    public Said? Of(string key) => Keys.TryGetValue(key, out var said) && !said.IsNull ? said : null;

    /// <summary>The same with some keys of a group, which are taken over its own.</summary>
    public FileKeys With(IEnumerable<KeyValuePair<string, Said>> overrides)
    {
        var keys = new OrderedDictionary<string, Said>(Keys);
        foreach (var (key, value) in overrides)
            keys[key] = value;
        return this with { Keys = keys };
    }
}
