using Cognito.Eval.Datasets;
using Cognito.Eval.Files;

namespace Cognito.Eval.TaskFiles;

/// <summary>Where a task file's rows lie (protocol 11.7).</summary>
public static class FileDataset
{
    /// <summary>Kinds of files that a dataset may be, where its path is none of the hub's.</summary>
    private static readonly string[] Builders = ["json", "csv", "parquet"];

    private static readonly string[] Ignored = ["trust_remote_code", "streaming"];

    internal static Dataset Of(TaskFile file)
    {
        var said = file.Keys.Of("dataset_path") ?? throw new InputException(
            $"{file.Keys.File}: {file.Name} has no dataset_path; add the dataset's id on the hub, or dataset_path: json with data_files");
        var (path, name) = (said.Text(), TaskFile.TextOf(file.Keys, "dataset_name"));
        if (path.Length == 0 || (path + name).Any(c => char.IsControl(c) || c is '*' or '?') || path.Split('/', '\\').Contains("..") || name?.Split('/', '\\').Contains("..") is true)
            throw said.Wrong($"is {Printable.Line(path)}, which is no dataset's id; give org/name, or a folder");
        var arguments = file.Keys.Of("dataset_kwargs")?.Mapping() ?? [];
        foreach (var (key, argument) in arguments.Where(its => its.Key != "data_files" && !Ignored.Contains(its.Key)))
            throw argument.Wrong("is not followed; give the rows as files, in data_files or with --data DIR");
        if (arguments.TryGetValue("data_files", out var files) && !files.IsNull)
            return Builders.Contains(path) ? new(file.Name) { Folders = [file.Name], Columns = [], Files = Files(files, file) }
                : throw files.Wrong($"names files of {Printable.Line(path)}; give dataset_path: json, csv or parquet for local files, or --data DIR");
        if (Builders.Contains(path))
            throw said.Wrong($"is {path}, and no data_files in dataset_kwargs name its files; add them, or give a dataset's id");
        return OnHub(path, name, file.Name) with { WorkingFolder = name is null && Path.Exists(path) ? path : null };
    }

    /// <summary>A dataset as the hub, or a data root, has it.</summary>
    /// <param name="name">Its configuration; null for the only one.</param>
    /// <param name="task">The task's name, by which its rows may lie too.</param>
    public static Dataset OnHub(string path, string? name, string task) => new($"{path}{(name is null ? "" : $" {name}")}")
    {
        Folders = [.. Folders(path, name, task).Where(folder => folder.Length > 0).Distinct()],
        Columns = [],
    };

    /// <summary>As the hub has it, then by the task's name, then by the last part of its id, which others may share.</summary>
    private static IEnumerable<string> Folders(string path, string? name, string task)
    {
        var last = path.TrimEnd('/').Split('/')[^1];
        var inside = name is null ? "" : $"/{name}";
        var whole = path.Trim('/');
        // On the hub files often lie one folder deeper.
        return [whole + inside, $"{whole}/data{inside}", .. name is null ? [$"{whole}/default"] : Array.Empty<string>(), task, last + inside];
    }

    /// <summary>Files by split; a list without splits is of the split train, as in the reference.</summary>
    private static Dictionary<string, IReadOnlyList<string>> Files(Said said, TaskFile file) => said.Node is Templates.YamlMapping
        ? said.Mapping().ToDictionary(split => split.Key, split => Paths(split.Value))
        : new() { ["train"] = Paths(said) };

    private static IReadOnlyList<string> Paths(Said said) => [.. said.Items().Select(item => item.Text() is var path
        && path.Contains("://", StringComparison.Ordinal) ? throw item.Wrong($"is {Printable.Line(path)}; fetch the file, and name it as it lies on disk") : path)];
}
