using System.Globalization;
using System.Text.Json;

namespace Cognito.Eval;

/// <summary>The task and metric here that a name of lm-evaluation-harness means; null where there is none.</summary>
public delegate (EvalTask Task, string Metric)? HarnessName(string task, string metric);

/// <summary>
/// Reads results of lm-evaluation-harness as runs: main.py's JSON of b281b09 and of 0.3, and 0.4's results file with the
/// samples_*.jsonl beside it, where there are any (protocol 7, 9.5, 9.6).
/// </summary>
public static class HarnessFile
{
    public const string Kind = "lm-evaluation-harness";

    /// <summary>Whether a JSON file has the harness's keys, and not those of a run of ours.</summary>
    public static bool IsOne(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("results", out _) && !root.TryGetProperty("schema_version", out _)
        && (root.TryGetProperty("config", out _) || root.TryGetProperty("configs", out _));

    /// <exception cref="InputException">No task of it is known here, or it is damaged.</exception>
    public static Run Read(string path, JsonElement root, HarnessName names, IReadOnlyList<string> leaderboard)
    {
        try
        {
            var results = new OrderedDictionary<string, IReadOnlyDictionary<string, double?>>();
            var tasks = new OrderedDictionary<string, TaskRecord>();
            foreach (var task in Once(root.GetProperty("results")).Where(task => task.Value.ValueKind == JsonValueKind.Object))
                Add(task, root, path, names, results, tasks);
            if (tasks.Count == 0)
                throw new InputException($"{path}: results of {Kind}, but of no task that is known here; `cognito-eval tasks` lists these");
            return new()
            {
                Results = results,
                Versions = new Dictionary<string, int>(),
                Leaderboard = Columns(leaderboard, results, tasks),
                Tasks = tasks,
                Provenance = Provenance(path, root),
            };
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or JsonException)
        {
            throw new InputException($"{path}: not a results file of {Kind} ({e.Message.Split('\n')[0].TrimEnd('.')}); give an undamaged one", e);
        }
    }

    /// <summary>A metric is "acc" in the old layout, "acc,none" in the new one, its error "acc_stderr" and "acc_stderr,none".</summary>
    private static void Add(
        JsonProperty task, JsonElement root, string path, HarnessName names,
        OrderedDictionary<string, IReadOnlyDictionary<string, double?>> results, OrderedDictionary<string, TaskRecord> tasks)
    {
        foreach (var value in Once(task.Value).Where(value => value.Value.ValueKind == JsonValueKind.Number))
        {
            if (names(task.Name, value.Name) is not { } meant)
                continue;
            var (name, filter) = Split(value.Name);
            double? error = task.Value.TryGetProperty($"{name}_stderr{(filter.Length > 0 ? "," + filter : "")}", out var e)
                && e.ValueKind == JsonValueKind.Number ? e.GetDouble() : null;
            if (error is not (null or (>= 0 and <= 1)))
                throw new FormatException($"{task.Name}: the error of {value.Name} is not between 0 and 1");
            var metrics = results.TryGetValue(meant.Task.Name, out var known) ? new OrderedDictionary<string, double?>(known) : [];
            metrics[meant.Metric] = value.Value.GetDouble() is >= 0 and <= 1 and var mean ? mean
                : throw new FormatException($"{task.Name}: {value.Name} is not between 0 and 1");
            metrics[meant.Metric + "_stderr"] = error;
            results[meant.Task.Name] = metrics;
            if (meant.Metric == meant.Task.Headline)
                tasks[meant.Task.Name] = HarnessSamples.Beside(path, task.Name, meant.Task, name, filter) is { } samples
                    ? Record(meant.Task, task.Name, root, samples.DocIds.Count) with
                    {
                        DocIds = samples.DocIds,
                        Scores = new Dictionary<string, IReadOnlyList<double>> { [meant.Metric] = samples.Scores },
                        RequestsSha256 = samples.Digest,
                    }
                    : Record(meant.Task, task.Name, root, Asked(root, task.Name, meant.Task));
        }
    }

    /// <summary>An object's parts: each read might take a file of documents, so that a name may not come again.</summary>
    private static IEnumerable<JsonProperty> Once(JsonElement element)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in element.EnumerateObject())
            yield return names.Add(part.Name) ? part : throw new FormatException($"\"{part.Name}\" is there twice");
    }

    internal static (string Metric, string Filter) Split(string name) =>
        name.IndexOf(',') is >= 0 and var comma ? (name[..comma], name[(comma + 1)..]) : (name, "");

    private static TaskRecord Record(EvalTask task, string theirs, JsonElement root, int documents) => new()
    {
        Column = task.Column.Key,
        Headline = task.Headline,
        Split = task.Split,
        NumFewshot = Shots(root, theirs) ?? task.Shots,
        Documents = documents,
        SplitRows = Math.Max(1, documents),
        PublishedRows = task.Dataset.PublishedRows.TryGetValue(task.Split, out var rows) ? rows : null,
        IsComplete = false,
        Requests = 0,
        TruncatedRequests = 0,
        TruncatedDocuments = 0,
        NearTies = new(0, 0, []),
        RequestsSha256 = new("", "", ""),
        DataSha256 = new Dictionary<string, string>(),
        DocIds = [],
        Scores = new Dictionary<string, IReadOnlyList<double>>(),
    };

    private static int? Shots(JsonElement root, string task) =>
        Inside(root, "n-shot", task) is { ValueKind: JsonValueKind.Number } own ? own.GetInt32()
            : Inside(root, "config", "num_fewshot") is { ValueKind: JsonValueKind.Number } all ? all.GetInt32() : null;

    /// <summary>The file's count, else the published one where no limit was set; 0 where neither is known.</summary>
    private static int Asked(JsonElement root, string theirs, EvalTask task) =>
        Inside(root, "n-samples", theirs) is { ValueKind: JsonValueKind.Object } counts && counts.TryGetProperty("effective", out var n) ? n.GetInt32()
            : Inside(root, "config", "limit") is { ValueKind: not JsonValueKind.Null } ? 0
            : task.Dataset.PublishedRows.GetValueOrDefault(task.Split);

    private static JsonElement? Inside(JsonElement root, string key, string inner) =>
        root.TryGetProperty(key, out var outer) && outer.ValueKind == JsonValueKind.Object && outer.TryGetProperty(inner, out var found) ? found : null;

    private static Leaderboard Columns(
        IReadOnlyList<string> leaderboard, IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> results,
        IReadOnlyDictionary<string, TaskRecord> tasks)
    {
        var columns = new OrderedDictionary<string, double?>(leaderboard.Select(column => new KeyValuePair<string, double?>(column, Tally.ColumnValue(
            [.. tasks.Where(task => task.Value.Column == column).Select(task => results[task.Key].GetValueOrDefault(task.Value.Headline))]))));
        return new(columns, Tally.Average(columns.Values), false, [$"read from {Kind}'s results"]);
    }

    private static Provenance Provenance(string path, JsonElement root)
    {
        var config = root.TryGetProperty("config", out var c) && c.ValueKind == JsonValueKind.Object ? c : default;
        string? Text(string key) => config.ValueKind == JsonValueKind.Object && config.TryGetProperty(key, out var value)
            ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.ValueKind == JsonValueKind.Null ? null : value.GetRawText() : null;
        string? Root(string key) => root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var version = Root("lm_eval_version");
        return new()
        {
            Kind = Kind,
            Model = Root("model_name") is { Length: > 0 } name ? name : Text("model_args") is { Length: > 0 } args ? args : Path.GetFileNameWithoutExtension(path),
            Source = path,
            Protocol = version is null ? null : $"lm-eval-{version}",
            Reference = Root("git_hash") is { } commit ? $"{Kind} {commit}" : null,
            Dtype = Text("model_dtype"),
            Device = Text("device"),
            MaxLength = root.TryGetProperty("max_length", out var length) && length.ValueKind == JsonValueKind.Number ? length.GetInt32() : null,
            Versions = new[] { ("lm_eval", version), ("transformers", Root("transformers_version")) }.Where(v => v.Item2 is not null)
                .ToDictionary(v => v.Item1, v => v.Item2!.ToString(CultureInfo.InvariantCulture)),
        };
    }
}
