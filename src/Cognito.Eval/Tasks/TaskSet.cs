using System.IO.Enumeration;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tasks;

/// <summary>Tasks whose scores make one.</summary>
/// <param name="Alias">The name in tables.</param>
/// <param name="Members">Names of what it holds, tasks or other groups.</param>
/// <param name="Tasks">All tasks in it.</param>
/// <param name="Metric">The metric that is made one.</param>
/// <param name="Version">Of the group's file.</param>
public sealed record TaskGroup(
    string Name, string Alias, IReadOnlyList<string> Members, IReadOnlyList<EvalTask> Tasks, string Metric, int Version);

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
        var chosen = names.SelectMany(Named).ToHashSet();
        return this with { Tasks = [.. Tasks.Where(chosen.Contains)] };
    }

    private IReadOnlyList<EvalTask> Named(string name)
    {
        var found = Groups.TryGetValue(name, out var group) ? group : name == "all" ? Tasks
            : [.. Tasks.Where(task => Names(task).Any(known => FileSystemName.MatchesSimpleExpression(name, known, false)))];
        return found.Count > 0 ? found : throw new InputException(
            Elsewhere.TryGetValue(name, out var where) ? $"--tasks {name}: {where}" : $"--tasks {name}: no such task; near: {string.Join(", ", Near(name))}; `cognito-eval tasks` lists all");
    }

    private static IEnumerable<string> Names(EvalTask task) => task.Aliases.Prepend(task.Name);

    private IEnumerable<string> Near(string name) => Tasks.SelectMany(Names).Concat(Groups.Keys).Append("all").Distinct()
        .OrderByDescending(known => known.Contains(name, StringComparison.OrdinalIgnoreCase))
        .ThenBy(known => Distance(name.ToLowerInvariant(), known.ToLowerInvariant()))
        .ThenBy(known => known, StringComparer.Ordinal).Take(3);

    /// <summary>Levenshtein's edit distance.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(
                    Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}
