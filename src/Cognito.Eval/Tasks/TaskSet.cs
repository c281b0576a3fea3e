using System.IO.Enumeration;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tasks;

/// <summary>Tasks whose scores make one.</summary>
/// <param name="Alias">The name in tables.</param>
/// <param name="Members">Names of what it holds, tasks or other groups.</param>
/// <param name="Tasks">All tasks in it.</param>
public sealed record TaskGroup(string Name, string Alias, IReadOnlyList<string> Members, IReadOnlyList<EvalTask> Tasks)
{
    /// <summary>The metrics that are made one.</summary>
    public IReadOnlyList<GroupScore> Scores { get; init; } = [];

    /// <summary>Of the group's file.</summary>
    public string Version { get; init; } = "N/A";

    /// <summary>The groups among its members.</summary>
    public IReadOnlyList<TaskGroup> Inside { get; init; } = [];

    /// <summary>Whether it has a score only where it is asked by its name: its tasks may be others than those of the same names.</summary>
    public bool IsAskedByName { get; init; }

    /// <summary>The metrics with their filters that its tasks have, each with whether its documents count alike; else its tasks do.</summary>
    internal IEnumerable<(string Metric, bool WeighsDocuments)> Metrics => Scores.SelectMany(score => (score.Filters
        ?? [.. Tasks.SelectMany(task => task.Metrics).Select(metric => metric.Name.Split(',', 2)).Where(name => name.Length > 1 && name[0] == score.Metric)
            .Select(name => name[1]).Distinct().Order(StringComparer.Ordinal)]).Select(filter => ($"{score.Metric},{filter}", score.WeighsDocuments)));
}

/// <summary>A metric of several tasks as one: the mean of theirs.</summary>
/// <param name="Filters">Which filters' values; null for those of all that the tasks have.</param>
/// <param name="WeighsDocuments">Whether each document counts the same; else each task does.</param>
public sealed record GroupScore(string Metric, IReadOnlyList<string>? Filters, bool WeighsDocuments);

/// <summary>Tasks that belong together, and the names they go by.</summary>
/// <param name="Tasks">In the order in which they are asked.</param>
public sealed record TaskSet(IReadOnlyList<EvalTask> Tasks)
{
    /// <summary>The columns that a table has, in its order; a task without one shows under its own name.</summary>
    public IReadOnlyList<Column> Columns { get; init; } = [];

    /// <summary>What "all" and other names of several tasks mean. Without "all" here, it means every one.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<EvalTask>> Groups { get; init; } = new Dictionary<string, IReadOnlyList<EvalTask>>();

    /// <summary>Groups that have a score of their own, inner ones first.</summary>
    public IReadOnlyList<TaskGroup> Scored { get; init; } = [];

    /// <summary>Names that mean nothing here, and where to find what they mean.</summary>
    public IReadOnlyDictionary<string, string> Elsewhere { get; init; } = new Dictionary<string, string>();

    /// <summary>What the reference asks beside a task and is not asked here, by that task's name; one sentence each.</summary>
    public IReadOnlyDictionary<string, string> NotAsked { get; init; } = new Dictionary<string, string>();

    /// <summary>The task files that it was read from, and folders of them.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>What the files may do that is else an error, by name.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];

    /// <summary>What names these tasks again: of task files what was named, as a group may change its tasks.</summary>
    internal IReadOnlyList<string> Asked => Files.Count > 0 && Chosen.Count > 0 ? Chosen : [.. Tasks.Select(task => task.Name)];

    /// <summary>The names by which they were chosen.</summary>
    internal IReadOnlyList<string> Chosen { get; init; } = [];

    /// <summary>Why files of the folders cannot be asked, one sentence each.</summary>
    public IReadOnlyList<string> Refused { get; init; } = [];

    /// <summary>Which rows the tasks are meant to read; a dataset that it does not name is trusted as it is first fetched.</summary>
    public DatasetLock Lock { get; init; } = new([]);

    /// <summary>The same and more tasks, which no group holds.</summary>
    public TaskSet With(params IReadOnlyList<EvalTask> more) => this with { Tasks = [.. Tasks, .. more] };

    /// <summary>The tasks that comma lists of names, everyday names and shell patterns mean, each once, in this order.</summary>
    /// <exception cref="InputException">A name means no task; the message lists the near ones.</exception>
    public TaskSet Select(params IEnumerable<string> lists)
    {
        string[] names = [.. lists.SelectMany(list => list.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        if (names.Length == 0)
            throw new InputException("--tasks: no task named; give names, patterns such as mmlu_*, or all");
        EvalTask[] named = [.. names.SelectMany(Named).Distinct()];
        if (named.GroupBy(task => task.Name).FirstOrDefault(same => same.Count() > 1) is { Key: var twice })
            throw new InputException($"--tasks {string.Join(',', names)}: {twice} is asked in two ways, as a group changes it; name one of them at a time");
        var chosen = named.ToHashSet();
        return this with
        {
            Chosen = names,
            // A group may hold tasks that are changed for it alone.
            Tasks = [.. Tasks.Where(chosen.Contains), .. named.Except(Tasks)],
            Scored = [.. Scored.Where(group => !group.IsAskedByName), .. names.SelectMany(name => name == "all"
                ? Scored.Where(group => group.IsAskedByName && group.Tasks.All(chosen.Contains)) : Scored.Where(group => group.IsAskedByName && group.Name == name))
                .SelectMany(Upward).DistinctBy(group => group.Name)],
        };
    }

    private static IEnumerable<TaskGroup> Upward(TaskGroup group) => [.. group.Inside.SelectMany(Upward), group];

    private IReadOnlyList<EvalTask> Named(string name)
    {
        var found = Groups.TryGetValue(name, out var group) ? group : name == "all" ? Tasks
            : [.. Tasks.Where(task => Names(task).Any(known => FileSystemName.MatchesSimpleExpression(name, known, false)))];
        return found.Count > 0 ? found : throw new InputException(
            Elsewhere.TryGetValue(name, out var where) ? $"--tasks {name}: {where}"
            : IsFile(name) ? $"--tasks {name}: a task file or a folder of them, which --task-path takes; write: --task-path {name}"
            : $"--tasks {name}: no such task; {Meant(name)}"
                + "`cognito-eval tasks` lists all, --task-path takes files of more");
    }

    /// <summary>lm-evaluation-harness takes files among its tasks.</summary>
    private static bool IsFile(string name) => name.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".yml", StringComparison.OrdinalIgnoreCase)
        || name.AsSpan().ContainsAny('/', '\\');

    private static IEnumerable<string> Names(EvalTask task) => task.Aliases.Prepend(task.Name);

    /// <summary>The nearest name; of MMLU's subjects, which older versions of lm-evaluation-harness call otherwise, by their own part.</summary>
    private string Meant(string name)
    {
        string[] known = [.. Tasks.SelectMany(Names), .. Groups.Keys, .. Elsewhere.Keys, "all"];
        return NearNames.Hint(name, known) is { Length: > 0 } hint ? hint
            : NearNames.Hint(name.Replace("hendrycksTest-", "mmlu_", StringComparison.Ordinal), known);
    }
}
