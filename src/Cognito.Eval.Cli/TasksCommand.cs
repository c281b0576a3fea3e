using System.CommandLine;
using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval tasks</c>: what can be asked.</summary>
internal static class TasksCommand
{
    public static Command Create()
    {
        var json = Inputs.Json();
        var command = new Command("tasks", "List the tasks, their shots, metrics and published documents.")
        {
            TaskFileOptions.Paths, TaskFileOptions.Allow, RunOptions.ProtocolName, json, TasksNewCommand.Create(),
        };
        command.SetAction(parsed => Session.Guard(parsed, () =>
            Print(TaskFileOptions.SetOf(parsed, TaskFileOptions.ProtocolOf(parsed)), parsed.GetValue(json))));
        return command;
    }

    private static int Print(TaskSet tasks, bool json)
    {
        if (json)
            Terminal.Print(JsonSerializer.Serialize(tasks.Tasks.Select(task => new
            {
                name = task.Name,
                aliases = task.Aliases,
                column = task.ColumnKey,
                num_fewshot = task.Shots,
                metric = task.Headline,
                split = task.Split,
                documents = Published(task),
                version = task.Version,
                folders = task.Dataset.Folders,
            }), Terminal.Json));
        else
            tasks.Tasks.Aggregate(
                new Terminal.Table(6, "Task", "Also", "Column", "Shots", "Metric", "Documents"),
                (table, task) => table.Add(
                    task.Name, string.Join(", ", task.Aliases), task.ColumnKey, $"{task.Shots}", task.Headline,
                    $"{Published(task)} {task.Split}".TrimStart())).Print();
        if (!json)
            foreach (var (name, tasksOf) in tasks.Groups.Where(group => tasks.Files.Count > 0 && group.Key != "all"
                && group.Value.Any(task => task.Reads is not null)).OrderBy(group => group.Key, StringComparer.Ordinal))
                Terminal.Line($"{name}: {string.Join(", ", tasksOf)}");
        // Files that include another fail for one reason.
        foreach (var (why, count) in tasks.Refused.CountBy(it => it))
            Terminal.Tell($"cannot be asked{(count > 1 ? $" ({count} tasks)" : "")}: {why}");
        return Session.Done;
    }

    /// <summary>Null where that is not known.</summary>
    private static int? Published(EvalTask task) =>
        task.Dataset.PublishedRows.TryGetValue(task.Split, out var rows) ? rows : null;
}
