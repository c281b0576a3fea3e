using System.Globalization;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;

namespace Cognito.Eval;

/// <summary>What must be known of an end of a bridge: where it is not the run that was given.</summary>
internal static class BridgeNotes
{
    /// <summary>Beyond it, in points, two values are not the same number written twice.</summary>
    private const double Same = 1e-6;

    public static IEnumerable<string> Of(BridgeEnd end, IReadOnlyList<Questions> asked, IReadOnlyDictionary<string, double?> values)
    {
        var given = asked.Where(task => end.Run.Tasks.ContainsKey(task.Task.Name))
            .Select(task => (Here: task, There: end.Run.Tasks[task.Task.Name])).ToList();
        var fewer = given.Where(task => task.There.Documents > 0 && task.There.Documents != task.Here.Docs.Count).ToList();
        if (fewer.Count > 0)
            yield return $"{Names(fewer)}: {end.Name} asked {fewer[0].There.Documents} documents, and {fewer[0].Here.Docs.Count} are asked here";
        var other = given.Except(fewer)
            .Where(task => task.There.RequestsSha256.Raw is { Length: > 0 } raw && raw != task.Here.Digest.Raw).ToList();
        if (other.Count > 0)
            yield return $"{Names(other)}: {end.Name} asked other questions than are asked here (requests_sha256)";
        if (end.IsMeasuredHere)
            foreach (var (column, value) in values)
                if (end.Given(column) is { } said && !(Math.Abs(said - value ?? double.NaN) <= Same * Math.Max(1, Math.Abs(said) / 100)))
                    yield return $"{column}: {end.Name} says {Number(said)}, and {Number(value)} was computed here "
                        + $"({Number(value - said)}): on another device, in batches of another size, or by another version";
    }

    private static string Names(IReadOnlyList<(Questions Here, TaskRecord There)> tasks) =>
        string.Join(", ", tasks.Take(3).Select(task => task.Here.Task)) + (tasks.Count > 3 ? $" and {tasks.Count - 3} more" : "");

    private static string Number(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "no number";
}
