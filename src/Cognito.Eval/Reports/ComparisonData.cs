using System.Text.Encodings.Web;
using System.Text.Json;
using Cognito.Eval.Comparison;

namespace Cognito.Eval.Reports;

/// <summary>Comparisons for other programs: JSON, and CSV of a line for each column, task and average.</summary>
public static class ComparisonData
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static string ToJson(IReadOnlyList<RunComparison> comparisons) => JsonSerializer.Serialize(comparisons, Options) + "\n";

    public static string ToJson(Watch watch) => JsonSerializer.Serialize(watch, Options) + "\n";

    public static string ToJson(Gate gate) => JsonSerializer.Serialize(gate, Options) + "\n";

    private static readonly string[] Header =
    [
        "baseline_model", "candidate_model", "column", "name", "metric", "documents", "paired", "baseline", "candidate", "difference",
        "standard_error", "interval_low", "interval_high", "cluster_error", "wins", "losses", "test", "p", "adjusted_p", "detectable",
        "baseline_not_finite", "candidate_not_finite", "exact_p", "pooled_p", "cluster", "robust_error",
    ];

    public static string ToCsv(IReadOnlyList<RunComparison> comparisons)
    {
        using var csv = new Csv(Header);
        foreach (var comparison in comparisons)
        {
            foreach (var column in comparison.Columns)
                foreach (var contrast in column.Tasks.Prepend(column))
                    csv.Add(Line(comparison, contrast, column.Name));
            if (comparison.Average is { } average)
                csv.Add(Line(comparison, average, ""));
        }
        return csv.ToString();
    }

    private static object?[] Line(RunComparison comparison, Contrast contrast, string column) =>
    [
        comparison.Baseline, comparison.Candidate, column, contrast.Name, contrast.Metric, contrast.Documents,
        contrast.IsPaired, contrast.Baseline, contrast.Candidate, contrast.Difference,
        contrast.StandardError, contrast.Interval?.Low, contrast.Interval?.High, contrast.ClusterError,
        contrast.Wins, contrast.Losses, contrast.Test, contrast.P, contrast.AdjustedP, contrast.Detectable,
        contrast.BaselineNotFinite, contrast.CandidateNotFinite, contrast.ExactP, contrast.PooledP,
        contrast.Cluster, contrast.RobustError,
    ];
}
