using System.IO.Enumeration;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>The tasks there are, and the names they go by.</summary>
public static class TaskRegistry
{
    /// <summary>Every task, by name: the order in which they are asked.</summary>
    public static IReadOnlyList<EvalTask> All { get; } =
    [
        .. ((IEnumerable<EvalTask>)
            [ArcChallenge.Task, HellaSwag.Task, .. Mmlu.Tasks, TruthfulQa.Task, Winogrande.Task, Gsm8k.Task])
            .OrderBy(task => task.Name, StringComparer.Ordinal),
    ];

    /// <summary>The leaderboard's columns, in its order.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        ArcChallenge.Task.Column, HellaSwag.Task.Column, Mmlu.Tasks[0].Column, TruthfulQa.Task.Column,
        Winogrande.Task.Column, Gsm8k.Task.Column,
    ];

    /// <summary>
    /// The tasks that comma lists of names, everyday names and shell patterns mean, each once, in the registry's order.
    /// </summary>
    /// <exception cref="InputException">A name means no task; the message lists the near ones.</exception>
    public static IReadOnlyList<EvalTask> Select(IEnumerable<string> lists)
    {
        string[] names = [.. lists.SelectMany(list => list.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        if (names.Length == 0)
            throw new InputException("--tasks: no task named; give names, patterns such as mmlu_*, or all");
        var chosen = names.SelectMany(Named).ToHashSet();
        return [.. All.Where(chosen.Contains)];
    }

    private static IReadOnlyList<EvalTask> Named(string name)
    {
        IReadOnlyList<EvalTask> found = name switch
        {
            "all" => All,
            "mmlu" or "hendrycksTest" => Mmlu.Tasks,
            _ => [.. All.Where(task => Names(task).Any(known => FileSystemName.MatchesSimpleExpression(name, known, false)))],
        };
        return found.Count > 0 ? found : throw new InputException(
            $"--tasks {name}: no such task; near: {string.Join(", ", Near(name))}; `cognito-eval tasks` lists all");
    }

    private static IEnumerable<string> Names(EvalTask task) => task.Aliases.Prepend(task.Name);

    private static IEnumerable<string> Near(string name) => All.SelectMany(Names).Append("mmlu").Append("all")
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
