using System.Globalization;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary>A run as a table: the leaderboard's columns with their standard errors, and what must be known of them.</summary>
internal static class RunTable
{
    public static void Print(Run run)
    {
        var table = new Terminal.Table(1, "Metric", "Value", "Stderr", "Documents");
        foreach (var score in ColumnScore.FromRun(run, TaskSet.AllColumns).Where(score => score.Tasks.Count > 0))
            table.Add(
                $"{score.Title}, {score.Metric}{(score.IsMarked ? " *" : "")}",
                Cell(score.Value) + ColumnScore.Mark(score.NotFinite), Error(score), $"{score.Documents}");
        var average = ColumnScore.Average(run, TaskSet.AllColumns);
        if (average.Value is not null)
            table.Add(
                run.Leaderboard.Notes.Count > 0 ? "Average *" : "Average", Cell(average.Value) + ColumnScore.Mark(run.NotFiniteRequests),
                Cell(average.StandardError), "");
        foreach (var (group, metrics) in run.Groups ?? new Dictionary<string, IReadOnlyDictionary<string, double?>>())
            if (TaskSet.LmEval.Scored.All(known => known.Name != group))
                foreach (var (metric, value) in metrics.Where(metric => !metric.Key.Contains("_stderr", StringComparison.Ordinal)))
                    table.Add(
                        $"{group} (group), {metric}", Cell(value * Metric.Points(metric)),
                        Cell(metrics.GetValueOrDefault(Metric.ErrorOf(metric)) * Metric.Points(metric)), "");
        table.Print();
        foreach (var note in ColumnScore.Reasons(run, TaskSet.AllColumns))
            Terminal.Line($"* {Terminal.Short(note)}");
        if (ColumnScore.FromRun(run, TaskSet.AllColumns).Where(score => score.AtBound is not null).Select(Error).Distinct().ToList() is { Count: > 0 } bounds)
            Terminal.Line($"{string.Join(", ", bounds)}: none or all are right, so a 95 % interval (Wilson's) stands in place of an error");
        if (run.Provenance.Generation is { } generation)
            Terminal.Line(Terminal.Short($"{generation}"));
        var (near, truncated) = (run.Tasks.Values.Sum(t => t.NearTies.Count), run.Tasks.Values.Sum(t => t.TruncatedRequests));
        if (near > 0)
            Terminal.Line($"{near} near-ties: verdicts that hang on less than {Margin(run)} nats");
        if (truncated > 0)
            Terminal.Line($"{truncated} requests were longer than the model takes and lost their oldest tokens");
    }

    /// <summary>Of none or all right an interval, as 0.00 would say that it is certain.</summary>
    private static string Error(ColumnScore score) => score.AtBound is { } bound
        ? $"{Cell(bound.Low)} to {Cell(bound.High)}" : Cell(score.StandardError);

    private static string Margin(Run run) =>
        run.Tasks.Values.Max(task => task.NearTies.Margin).ToString("0.##e0", CultureInfo.InvariantCulture);

    private static string Cell(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-";
}
