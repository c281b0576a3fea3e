using System.Globalization;
using Cognito.Eval.Tasks;
using Spectre.Console;

namespace Cognito.Eval.Cli;

/// <summary>A run as a table: the leaderboard's columns with their standard errors, and what must be known of them.</summary>
internal static class RunTable
{
    public static void Print(Run run)
    {
        var table = Terminal.Table("Metric", "Value", "Stderr", "Documents");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        table.Columns[3].RightAligned();
        var values = ModelCard.Values(run, TaskRegistry.Columns);
        foreach (var column in TaskRegistry.Columns)
        {
            var mine = run.Tasks.Where(task => task.Value.Column == column.Key).ToList();
            if (mine.Count == 0)
                continue;
            var error = Error(run, mine.Select(task => task.Key), column.Metric);
            var leaderboard = mine.Count == column.Tasks && mine.All(task => task.Value.IsComplete) && run.Provenance.Data != "samples";
            table.AddRow(
                $"{ModelCard.Title(run, column)}, {column.Metric}{(leaderboard ? "" : " *")}",
                Cell(values[column.Key]), Cell(error), $"{mine.Sum(task => task.Value.Documents)}");
        }
        foreach (var (name, task) in run.Tasks.Where(task => TaskRegistry.Columns.All(column => column.Key != task.Value.Column)))
            table.AddRow(
                $"{name} ({task.NumFewshot}-shot), {task.Headline}", Cell(run.Results[name][task.Headline] * 100),
                Cell(run.Results[name][task.Headline + "_stderr"] * 100), $"{task.Documents}");
        var errors = TaskRegistry.Columns.Select(column => Error(
            run, run.Tasks.Where(task => task.Value.Column == column.Key).Select(task => task.Key), column.Metric)).ToList();
        if (values.Values.All(value => value is not null))
            table.AddRow(
                "Average", Cell(Tally.Average([.. values.Values])),
                Cell(errors.Any(e => e is null) ? null : Math.Sqrt(errors.Sum(e => e!.Value * e.Value)) / errors.Count), "");
        Terminal.Print(table);
        foreach (var note in run.Leaderboard.Notes)
            Terminal.Out.WriteLine($"* {Terminal.Short(note)}");
        var (near, truncated) = (run.Tasks.Values.Sum(t => t.NearTies.Count), run.Tasks.Values.Sum(t => t.TruncatedRequests));
        if (near > 0)
            Terminal.Out.WriteLine($"{near} near-ties: verdicts that hang on less than {Margin(run)} nats");
        if (truncated > 0)
            Terminal.Out.WriteLine($"{truncated} requests were longer than the model takes and lost their oldest tokens");
    }

    private static string Margin(Run run) =>
        run.Tasks.Values.Max(task => task.NearTies.Margin).ToString("0.##e0", CultureInfo.InvariantCulture);

    /// <summary>Standard error of a column in percent: its tasks are separate samples.</summary>
    private static double? Error(Run run, IEnumerable<string> tasks, string metric)
    {
        var errors = tasks.Select(task => run.Results[task].GetValueOrDefault(metric + "_stderr")).ToList();
        return errors.Count == 0 || errors.Any(error => error is null)
            ? null
            : Math.Sqrt(errors.Sum(error => error!.Value * error.Value)) / errors.Count * 100;
    }

    private static string Cell(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-";
}
