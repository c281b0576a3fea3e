using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.TaskFiles;

/// <summary>Tasks, groups and tags of task files as a set of tasks (protocol 11).</summary>
public static class TaskFileSet
{
    /// <summary>The tasks that files and folders hold, and those known before; a file's is taken over one known before.</summary>
    /// <param name="paths">Files, and folders of files that end in .yaml.</param>
    /// <param name="known">The protocol's own tasks, which groups in files may hold too.</param>
    /// <param name="allowed">Doubts that are let pass, by name; "all" for every one.</param>
    /// <exception cref="InputException">A file that was named cannot be asked, or an allowance has no such name.</exception>
    public static TaskSet Read(IReadOnlyList<string> paths, TaskSet known, IReadOnlyList<string> allowed)
    {
        if (allowed.FirstOrDefault(name => name != "all" && !TaskKeys.Doubts.ContainsKey(name)) is { } strange)
            throw new InputException($"--allow {Printable.Line(strange)}: nothing of that name; give {string.Join(", ", TaskKeys.Doubts.Keys)} or all");
        var index = TaskFileIndex.Read(paths);
        var builder = new TaskFileBuilder(index, known, allowed.Contains("all") ? [.. TaskKeys.Doubts.Keys] : [.. allowed]);
        var (tasks, groups) = builder.Build(isStrict: paths.All(path => !Directory.Exists(path)));
        EvalTask[] all = [.. tasks, .. known.Tasks.Where(task => tasks.All(its => its.Name != task.Name))];
        var names = new Dictionary<string, IReadOnlyList<EvalTask>>(known.Groups)
        {
            ["all"] = tasks.Count > 0 ? tasks : [.. groups.SelectMany(group => group.Tasks).Distinct()],
        };
        foreach (var (tag, members) in index.Tags)
            names[tag] = [.. members.Select(name => tasks.FirstOrDefault(task => task.Name == name)).OfType<EvalTask>()];
        foreach (var group in groups)
            names[group.Name] = group.Tasks;
        return known with
        {
            Tasks = all,
            Groups = names,
            Scored = [.. known.Scored, .. groups],
            Elsewhere = known.Elsewhere.Where(it => !index.Refused.ContainsKey(it.Key)).Concat(index.Refused).ToDictionary(),
            Refused = [.. index.Refused.Values],
            Files = paths,
            Allowed = allowed,
        };
    }
}
