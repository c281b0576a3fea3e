using System.Globalization;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Reports;

/// <summary>A run that a report shows, under a name of its own.</summary>
/// <param name="Folder">Where its results.json and its details lie.</param>
/// <param name="Label">The model's name; where two runs share it, with what tells them apart.</param>
public sealed record ReportedRun(Run Run, string Folder, string Label)
{
    /// <exception cref="InputException">One is not there, or not a run.</exception>
    /// <param name="read">How a path becomes a run; where that is not said, as a results.json of ours.</param>
    public static IReadOnlyList<ReportedRun> Read(IReadOnlyList<string> paths, Func<string, Run>? read = null)
    {
        ReportedRun[] runs = [.. paths.Select(path =>
        {
            var file = RunFile.Find(path);
            var run = (read ?? RunFile.Read)(path);
            return new ReportedRun(run, Path.GetDirectoryName(Path.GetFullPath(file))!, run.Provenance.Model);
        })];
        return [.. runs.Select((run, i) => runs.Count(other => other.Label == run.Label) == 1 ? run : run with
        {
            Label = $"{run.Label} ({Started(run.Run) ?? $"{i + 1}"})",
        })];
    }

    private static string? Started(Run run) =>
        run.Circumstances?.Started.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
