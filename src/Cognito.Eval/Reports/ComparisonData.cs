using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;

namespace Cognito.Eval;

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

    public static string ToJson(IReadOnlyList<Comparison> comparisons) => JsonSerializer.Serialize(comparisons, Options) + "\n";

    public static string ToJson(Gate gate) => JsonSerializer.Serialize(gate, Options) + "\n";

    private static readonly string[] Header =
    [
        "baseline_model", "candidate_model", "column", "name", "metric", "documents", "paired", "baseline", "candidate", "difference",
        "standard_error", "interval_low", "interval_high", "cluster_error", "wins", "losses", "test", "p", "adjusted_p", "detectable",
    ];

    public static string ToCsv(IReadOnlyList<Comparison> comparisons)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = CsvWriter.Create(text, CsvWriterOptions.Default with { NewLine = "\n" }))
        {
            csv.WriteRecord(Header);
            foreach (var comparison in comparisons)
            {
                foreach (var column in comparison.Columns)
                    foreach (var contrast in column.Tasks.Prepend(column))
                        csv.WriteRecord(Line(comparison, contrast, column.Name));
                if (comparison.Average is { } average)
                    csv.WriteRecord(Line(comparison, average, ""));
            }
        }
        return text.ToString();
    }

    private static string[] Line(Comparison comparison, Contrast contrast, string column) =>
    [
        comparison.Baseline, comparison.Candidate, column, contrast.Name, contrast.Metric ?? "", $"{contrast.Documents}",
        contrast.IsPaired ? "true" : "false", Number(contrast.Baseline), Number(contrast.Candidate), Number(contrast.Difference),
        Number(contrast.StandardError), Number(contrast.Interval?.Low), Number(contrast.Interval?.High), Number(contrast.ClusterError),
        $"{contrast.Wins}", $"{contrast.Losses}", contrast.Test ?? "", Number(contrast.P), Number(contrast.AdjustedP), Number(contrast.Detectable),
    ];

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";
}
