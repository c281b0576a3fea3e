using Cognito.Eval.Comparison;
using Cognito.Eval.Files;

namespace Cognito.Eval.Reports.Html;

/// <summary>A run compared with the first.</summary>
/// <param name="Comparison">Null where they cannot be compared.</param>
/// <param name="WhyNot">Why they cannot; null where they can.</param>
internal sealed record Pair(DetailedRun First, DetailedRun Second, int Other, RunComparison? Comparison, string? WhyNot)
{
    public static Pair Create(DetailedRun first, DetailedRun second, int other)
    {
        try
        {
            return new(first, second, other, RunComparison.Create(first.Run, second.Run), null);
        }
        catch (InputException e)
        {
            return new(first, second, other, null, e.Message);
        }
    }

    /// <summary>The columns' differences, then that of their mean.</summary>
    public IReadOnlyList<Contrast> Contrasts => Comparison is null ? []
        : [.. Comparison.Columns, .. Comparison.Average is { } average ? (Contrast[])[average] : []];

    public Contrast? Of(ScoreRow row) => row.Scores[0] is null || row.Scores[Other] is null ? null
        : Comparison?.Columns.FirstOrDefault(column => column.Name == row.Name);
}
