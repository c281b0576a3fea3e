using System.Globalization;
using Cognito.Eval.Protocols;

namespace Cognito.Eval;

/// <summary>What must be known of an end of a bridge: where it is not the run that was given.</summary>
internal static class BridgeNotes
{
    /// <summary>Beyond it, in points, two values are not the same number written twice.</summary>
    private const double Same = 1e-6;

    public static IEnumerable<string> Of(BridgeEnd end, IReadOnlyList<Questions> asked, IReadOnlyDictionary<string, double?> values)
    {
        foreach (var task in asked)
            if (end.Run.Tasks.GetValueOrDefault(task.Task.Name) is { } given)
            {
                if (given.Documents > 0 && given.Documents != task.Docs.Count)
                    yield return $"{task.Task}: {end.Name} asked {given.Documents} documents, and {task.Docs.Count} are asked here";
                else if (given.RequestsSha256.Raw.Length > 0 && given.RequestsSha256.Raw != task.Digest.Raw)
                    yield return $"{task.Task}: {end.Name} asked other questions than are asked here (requests_sha256)";
            }
        if (end.IsMeasuredHere)
            foreach (var (column, value) in values)
                if (end.Run.Leaderboard.Columns.GetValueOrDefault(column) is { } given && !(Math.Abs(given - value ?? double.NaN) <= Same))
                    yield return $"{column}: {end.Name} says {Number(given)}, and {Number(value)} was computed here ({Number(value - given)}): "
                        + "on another device, in batches of another size, or by another version";
    }

    private static string Number(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "no number";
}
