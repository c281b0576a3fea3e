using Cognito.Eval.Files;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>What task files there are, by the names of their tasks, groups and tags.</summary>
internal sealed class TaskFileIndex
{
    private static readonly HashSet<string> PassedOver = ["__pycache__", ".ipynb_checkpoints"];

    private readonly Dictionary<string, YamlNode> _read = [];
    private readonly OrderedDictionary<string, (FileKeys Keys, bool IsGroup)> _entries = [];
    private readonly SortedDictionary<string, SortedSet<string>> _tags = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, string> _refused = [];

    /// <summary>By name, in the files' order.</summary>
    public IReadOnlyDictionary<string, (FileKeys Keys, bool IsGroup)> Entries => _entries;

    /// <summary>Names of tasks by tag.</summary>
    public IReadOnlyDictionary<string, SortedSet<string>> Tags => _tags;

    /// <summary>What a folder's files that cannot be asked lack, by the task's name, or the file's where it has none.</summary>
    public IReadOnlyDictionary<string, string> Refused => _refused;

    /// <summary>Reads files, and all <c>*.yaml</c> in folders and below.</summary>
    /// <exception cref="InputException">A path is not there, or a file that was named cannot be read.</exception>
    public static TaskFileIndex Read(IEnumerable<string> paths)
    {
        var index = new TaskFileIndex();
        foreach (var path in paths)
            if (Directory.Exists(path))
                index.AddFolder(path);
            else if (RegularFile.Exists(path))
                index.AddFile(path);
            else
                throw new InputException($"--task-path {path}: no such file or folder; {NearNames.PathHint(path)}name a task file, or a folder of them");
        return index;
    }

    public void Refuse(string name, string fact) => _refused.TryAdd(name, fact);

    private void AddFolder(string folder)
    {
        string[] files = [.. RegularFile.Under(folder).Where(file => file.EndsWith(".yaml", StringComparison.Ordinal)
                && !Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar).Any(PassedOver.Contains))
            .OrderBy(file => file.Replace('\\', '/'), StringComparer.Ordinal)];
        if (files.Length == 0)
            throw new InputException($"--task-path {folder}: no file in it ends in .yaml; name a folder of task files");
        var here = new HashSet<string>();
        foreach (var file in files)
            try
            {
                var keys = FileKeys.Read(file, _read);
                var (name, isGroup) = Named(keys);
                // The first of a folder's files that have one name is taken, as in the harness.
                if (here.Add(name))
                    Add(name, keys, isGroup);
                else
                    Refuse($"{name} ({file})", $"{file}: {name} is in {_entries[name].Keys.File} too, which is taken; rename one");
            }
            catch (InputException e)
            {
                Refuse(NameIn(file), e.Message);
            }
    }

    private void AddFile(string file)
    {
        var keys = FileKeys.Read(file, _read);
        var (name, isGroup) = Named(keys);
        Add(name, keys, isGroup);
    }

    /// <summary>A later path's file is taken over an earlier one's.</summary>
    private void Add(string name, FileKeys keys, bool isGroup)
    {
        _entries[name] = (keys, isGroup);
        _refused.Remove(name);
        if (!isGroup && keys.Of("tag") is { } tags)
            foreach (var tag in tags.Items())
            {
                if (!_tags.TryGetValue(tag.Text(), out var tasks))
                    _tags[tag.Text()] = tasks = new(StringComparer.Ordinal);
                tasks.Add(name);
            }
    }

    private static (string Name, bool IsGroup) Named(FileKeys keys) =>
        keys.Keys.ContainsKey("class") ? throw keys.Keys["class"].Wrong($"is not followed: {TaskKeys.Refused["class"]}")
        : keys.Keys.TryGetValue("group", out var group) ? (group.Text(), true)
        : keys.Keys.TryGetValue("task", out var task) ? (task.Text(), false)
        : throw new InputException($"{keys.File}: neither task nor group is named in it; add a line such as \"task: my_task\"");

    /// <summary>The name of a file's task, as far as it can be read.</summary>
    private string NameIn(string file)
    {
        var named = _read.GetValueOrDefault(Path.GetFullPath(file)) is YamlMapping mapping
            ? mapping.Entries.Where(entry => entry.Key.Value is "task" or "group")
                .Select(entry => (entry.Value as YamlScalar)?.Value as string).FirstOrDefault(name => name is not null) : null;
        return named is not null && !_entries.ContainsKey(named) ? named : file;
    }
}
