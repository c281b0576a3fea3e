using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>Benchmarks that are task files of this program's own (tasks/files), asked as lm-evaluation-harness 0.4 asks them.</summary>
internal static class ShippedTasks
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "task-files");

    /// <summary>What they and their groups are called.</summary>
    public static IEnumerable<string> Names =>
        Directory.EnumerateFiles(Folder, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)).Append(Wikitext.Name).Order(StringComparer.Ordinal);

    /// <summary>A set with these beside its own tasks. Its "all" stays what it was.</summary>
    /// <remarks>
    /// What public rows hold (equal choices, repeated prompts) is asked as the reference asks it, and every result names it: nobody
    /// can correct such rows, and other questions would give other scores.
    /// </remarks>
    public static TaskSet With(TaskSet known)
    {
        var files = TaskFileSet.Read([Folder], known, ["all"]);
        var stored = files.Tasks.Single(task => task.Name == Wikitext.AsStored);
        return files with
        {
            Tasks = [.. known.Tasks, .. files.Tasks.Except(known.Tasks).Append(Wikitext.Of(stored)).OrderBy(task => task.Name, StringComparer.Ordinal)],
            Groups = new Dictionary<string, IReadOnlyList<EvalTask>>(files.Groups) { ["all"] = known.Groups["all"] },
            Files = [],
            Allowed = [],
        };
    }
}
