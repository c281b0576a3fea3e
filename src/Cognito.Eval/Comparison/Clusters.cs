using System.Reflection;
using System.Text.Json;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>
/// Which documents of a split hang together, so that they were not drawn one by one: Winogrande's twins, the questions of a
/// passage in MMLU. clusters.json says it of published rows, which their digest names; what is not among them is taken as
/// independent.
/// </summary>
internal sealed class Clusters
{
    private static readonly Lazy<Dictionary<string, Clusters>> Known = new(Read);

    private readonly Dictionary<int, int> _groups;

    private Clusters(string name, IReadOnlyList<int[]> groups) =>
        (Name, _groups) = (name, groups.Index()
            .SelectMany(group => group.Item.Select(row => (row, group.Index))).ToDictionary());

    /// <summary>What a cluster is: "twins", "passage".</summary>
    public string Name { get; }

    /// <summary>Null where nothing is known of the task's rows.</summary>
    public static Clusters? Of(TaskRecord task) =>
        task.DataSha256.TryGetValue(task.Split, out var digest) ? Known.Value.GetValueOrDefault(digest) : null;

    /// <summary>
    /// The variance of a mean of values whose errors agree within a cluster: (Σ of a cluster's errors)², summed, over n²
    /// (Liang and Zeger 1986; Miller 2024), and clusters / (clusters − 1) of it. NaN for one cluster.
    /// </summary>
    /// <param name="rows">Of each value, its row in the split; one that is in no cluster is one of its own.</param>
    public double Variance(IReadOnlyList<int> rows, IReadOnlyList<double> values)
    {
        var (mean, sums) = (values.Average(), new Dictionary<int, double>());
        foreach (var (i, row) in rows.Index())
        {
            // A group's number, or one below 0 that only this row has.
            var cluster = _groups.TryGetValue(row, out var group) ? group : -1 - row;
            sums[cluster] = sums.GetValueOrDefault(cluster) + values[i] - mean;
        }
        return sums.Count < 2 ? double.NaN
            : sums.Values.Sum(sum => sum * sum) * sums.Count / (sums.Count - 1) / values.Count / values.Count;
    }

    /// <summary>How many clusters of several documents the rows hold.</summary>
    public int Count(IEnumerable<int> rows) =>
        rows.Where(_groups.ContainsKey).GroupBy(row => _groups[row]).Count(group => group.Count() > 1);

    private static Dictionary<string, Clusters> Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("clusters.json")!;
        using var json = JsonDocument.Parse(stream);
        return json.RootElement.EnumerateObject().ToDictionary(rows => rows.Name, rows => new Clusters(
            rows.Value.GetProperty("cluster").GetString()!, rows.Value.GetProperty("rows").Deserialize<int[][]>()!));
    }
}
