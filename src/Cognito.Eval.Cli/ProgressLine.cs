using System.Globalization;

namespace Cognito.Eval.Cli;

/// <summary>A run's progress in one line of a terminal: what matters least goes first where there is no room.</summary>
internal static class ProgressLine
{
    private const int LeastTask = 10;

    /// <param name="columns">The most that it may take.</param>
    public static string Of(RunEstimate run, int columns)
    {
        var (place, stage, task) = (run.Place, run.Now.Stage, Printable(run.Now.Task));
        var percent = string.Create(CultureInfo.InvariantCulture, $"{run.Percent,3:0} %");
        var speed = string.Create(CultureInfo.InvariantCulture, $"{run.Speed:0} tokens/s");
        var left = run.Left is { } time ? $"{(run.IsMore ? "over " : "")}{Time(time)} left" : "";
        var named = place.Length > 0 ? $"{place}, {stage}" : stage;
        string[][] choices =
        [
            [named, percent, task, speed, left], [named, percent, task, left], [named, percent, left],
            [place.Length > 0 ? place : stage, percent, left],
        ];
        var parts = choices.FirstOrDefault(parts => Least(parts, task) <= columns) ?? choices[^1];
        var room = columns - (Width(parts) - Cells.Width(task));
        return Cells.Cut(string.Join("  ", parts.Where(part => part.Length > 0)
            .Select(part => ReferenceEquals(part, task) ? Cells.Cut(task, room) : part)), columns);
    }

    private static string Printable(string task) => Files.Printable.Line(task);

    private static int Width(string[] parts) => parts.Where(part => part.Length > 0).Sum(part => Cells.Width(part) + 2) - 2;

    /// <summary>With the task cut as far as it may be.</summary>
    private static int Least(string[] parts, string task) => Width(parts)
        - (parts.Any(part => ReferenceEquals(part, task)) ? Math.Max(0, Cells.Width(task) - LeastTask) : 0);

    private static string Time(TimeSpan left) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)left.TotalHours}:{left.Minutes:00}:{left.Seconds:00}");
}
