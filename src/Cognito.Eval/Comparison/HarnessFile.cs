using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Comparison;

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

    /// <summary>Its JSON, in which Python's bare words stand for what is no number.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json) => PythonJson.Parse(json);

    /// <summary>The values of a run that were no numbers; empty for runs that are not the harness's.</summary>
    public static IEnumerable<string> NoNumbers(Run run) => run.Provenance.Kind == Kind ? run.Leaderboard.Notes.Skip(1) : [];

    /// <summary>Whether its metrics have their filter in their names, as in 0.4's own.</summary>
    public static bool IsOf04(JsonElement root) => root.GetProperty("results") is { ValueKind: JsonValueKind.Object } results
        && results.EnumerateObject().Any(task => task.Value.ValueKind == JsonValueKind.Object
            && task.Value.EnumerateObject().Any(value => value.Name.Contains(',')));

    /// <param name="columns">Keys of the columns that its tasks may fill.</param>
    /// <param name="protocol">Whose means these are; the default's if null.</param>
    /// <exception cref="InputException">No task of it is known here, or it is damaged.</exception>
    public static Run Read(string path, JsonElement root, HarnessName names, IReadOnlyList<string> columns, Protocol? protocol = null)
    {
        try
        {
            var results = new OrderedDictionary<string, IReadOnlyDictionary<string, double?>>();
            var tasks = new OrderedDictionary<string, TaskRecord>();
            var none = new List<string>();
            foreach (var task in HarnessValue.Once(HarnessValue.Part(root, "results"), "results"))
                Add(task, root, path, names, results, tasks, none);
            if (results.Count == 0)
                throw new InputException($"{path}: results of {Kind}, but of no task that is known here; `cognito-eval tasks` lists these");
            var prompting = HarnessPrompting.Read(root);
            return new()
            {
                Results = results,
                Versions = protocol is null ? new Dictionary<string, TaskVersion>() : Versions(root, tasks.Keys),
                Leaderboard = Columns(protocol ?? Protocol.Default, columns, results, tasks, [$"read from {Kind}'s results{prompting.Words}", .. none]),
                Tasks = tasks,
                Provenance = Provenance(path, root, protocol) with { Prompting = prompting },
            };
        }
        catch (Exception e) when (e is HarnessValue.Flaw or InvalidOperationException)
        {
            throw new InputException($"{path}: not a results file of {Kind} ({HarnessValue.Said(e)}); give an undamaged one", e);
        }
    }

    /// <summary>
    /// A metric is "acc" in the old layout, "acc,none" in the new one, its error "acc_stderr" and "acc_stderr,none". One that
    /// is no number has no value here, and its task no score.
    /// </summary>
    private static void Add(
        JsonProperty task, JsonElement root, string path, HarnessName names, OrderedDictionary<string, IReadOnlyDictionary<string, double?>> results,
        OrderedDictionary<string, TaskRecord> tasks, List<string> none)
    {
        foreach (var value in HarnessValue.Once(task.Value, $"results of {task.Name}"))
        {
            if (names(task.Name, value.Name) is not { } meant)
                continue;
            var (name, filter) = Split(value.Name);
            var errorName = $"{name}_stderr{(filter.Length > 0 ? "," + filter : "")}";
            var mean = HarnessValue.Share(value.Value, $"{value.Name} of {task.Name}");
            var metrics = results.TryGetValue(meant.Task.Name, out var known) ? new OrderedDictionary<string, double?>(known) : [];
            metrics[meant.Metric] = mean;
            metrics[Metric.ErrorOf(meant.Metric)] = task.Value.TryGetProperty(errorName, out var error)
                ? HarnessValue.Share(error, $"{errorName} of {task.Name}") : null;
            results[meant.Task.Name] = metrics;
            if (mean is null)
                none.Add($"{task.Name}: {value.Name} is {HarnessValue.Show(value.Value)}, no number"
                    + (meant.Metric == meant.Task.Headline ? $", so {meant.Task.ColumnKey} has no value of it" : ""));
            else if (meant.Metric == meant.Task.Headline)
                tasks[meant.Task.Name] = HarnessSamples.Beside(
                    path, task.Name, meant.Task, name, filter, Filters(task, root, name), mean) is { } samples
                    ? Record(meant.Task, task.Name, root, samples.DocIds.Count) with
                    {
                        DocIds = samples.DocIds,
                        Scores = new Dictionary<string, IReadOnlyList<double>> { [meant.Metric] = samples.Scores },
                        RequestsSha256 = samples.Digest,
                        DocKeys = samples.Keys,
                    }
                    : Record(meant.Task, task.Name, root, Asked(root, task.Name, meant.Task));
        }
    }

    /// <summary>
    /// The filters of a task in the order in which its documents were logged: as its configuration lists them, else as its
    /// results do.
    /// </summary>
    private static IReadOnlyList<string> Filters(JsonProperty theirs, JsonElement root, string metric)
    {
        if (root.TryGetProperty("configs", out var configs) && configs.ValueKind == JsonValueKind.Object
            && configs.TryGetProperty(theirs.Name, out var config) && config.ValueKind == JsonValueKind.Object
            && config.TryGetProperty("filter_list", out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0)
            return [.. list.EnumerateArray().Select(filter => HarnessValue.Text(
                HarnessValue.Part(filter, "name", $"filter_list of {theirs.Name}: "), $"filter_list of {theirs.Name}"))];
        return [.. theirs.Value.EnumerateObject().Select(value => Split(value.Name)).Where(it => it.Metric == metric).Select(it => it.Filter)];
    }

    internal static (string Metric, string Filter) Split(string name) =>
        name.IndexOf(',') is >= 0 and var comma ? (name[..comma], name[(comma + 1)..]) : (name, "");

    private static TaskRecord Record(EvalTask task, string theirs, JsonElement root, int documents) => new()
    {
        Column = task.ColumnKey,
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

    /// <summary>The file's own word on the task, else the task's configuration, else what was asked of all tasks.</summary>
    private static int? Shots(JsonElement root, string task) =>
        (Inside(root, "n-shot", task) is { } own ? HarnessValue.Count(own, $"n-shot of {task}") : null)
        ?? (Inside(root, "configs", task) is { ValueKind: JsonValueKind.Object } config && config.TryGetProperty("num_fewshot", out var its)
            ? HarnessValue.Count(its, $"num_fewshot of {task}'s configuration") : null)
        ?? (Inside(root, "config", "num_fewshot") is { } all ? HarnessValue.Count(all, "num_fewshot of config") : null);

    /// <summary>The file's count, else the published one where no limit was set; 0 where neither is known.</summary>
    private static int Asked(JsonElement root, string theirs, EvalTask task) =>
        (Inside(root, "n-samples", theirs) is { ValueKind: JsonValueKind.Object } counts && counts.TryGetProperty("effective", out var n)
            ? HarnessValue.Count(n, $"n-samples of {theirs}") : null)
        ?? (Inside(root, "config", "limit") is { } limit && HarnessValue.Number(limit, "limit of config") is not null ? 0
            : task.Dataset.PublishedRows.GetValueOrDefault(task.Split));

    /// <summary>Of the tasks whose version is a whole number, as those known here are.</summary>
    private static Dictionary<string, TaskVersion> Versions(JsonElement root, IEnumerable<string> tasks) => tasks
        .Select(task => (task, version: Inside(root, "versions", task) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : double.NaN))
        .Where(it => it.version >= 0 && it.version <= int.MaxValue && it.version == Math.Floor(it.version))
        .ToDictionary(it => it.task, it => (TaskVersion)(int)it.version);

    private static JsonElement? Inside(JsonElement root, string key, string inner) =>
        root.TryGetProperty(key, out var outer) && outer.ValueKind == JsonValueKind.Object && outer.TryGetProperty(inner, out var found) ? found : null;

    private static Leaderboard Columns(
        Protocol protocol, IReadOnlyList<string> keys, IReadOnlyDictionary<string, IReadOnlyDictionary<string, double?>> results,
        IReadOnlyDictionary<string, TaskRecord> tasks, IReadOnlyList<string> notes)
    {
        var columns = new OrderedDictionary<string, double?>(keys.Select(column => new KeyValuePair<string, double?>(column, protocol.Column(
            [.. tasks.Where(task => task.Value.Column == column).Select(task => new TaskScore(
                results[task.Key].GetValueOrDefault(task.Value.Headline), task.Value.Documents))]))));
        return new(columns, protocol.Average(columns.Values), false, notes);
    }

    /// <summary>As model_args has it, a text or an object; null where it says nothing of it, so that the tokenizer decides.</summary>
    private static bool? AddsBos(JsonElement config)
    {
        const string Key = "add_bos_token";
        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("model_args", out var arguments))
            return null;
        var value = arguments.ValueKind switch
        {
            JsonValueKind.Object => arguments.TryGetProperty(Key, out var own) ? own.ToString() : null,
            JsonValueKind.String => HarnessValue.Text(arguments, "model_args").Split(',').Select(argument => argument.Split('=', 2))
                .LastOrDefault(argument => argument.Length == 2 && argument[0].Trim() == Key)?[1].Trim(),
            _ => null,
        };
        return value switch { "1" => true, "0" => false, _ => bool.TryParse(value, out var adds) ? adds : null };
    }

    private static Provenance Provenance(string path, JsonElement root, Protocol? protocol)
    {
        var config = root.TryGetProperty("config", out var c) && c.ValueKind == JsonValueKind.Object ? c : default;
        string? Text(string key) => config.ValueKind == JsonValueKind.Object && config.TryGetProperty(key, out var value) && !HarnessValue.IsNone(value)
            ? value.ValueKind == JsonValueKind.String ? HarnessValue.Text(value, key) : value.GetRawText() : null;
        string? Root(string key) => root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? HarnessValue.Text(value, key) : null;
        var version = Root("lm_eval_version");
        return new()
        {
            Kind = Kind,
            Model = Root("model_name") is { Length: > 0 } name ? name : Text("model_args") is { Length: > 0 } args ? args : Path.GetFileNameWithoutExtension(path),
            Source = path,
            Protocol = version is null ? protocol?.Name : version.StartsWith("0.4", StringComparison.Ordinal) ? LmEval04.Rules.Name : $"lm-eval-{version}",
            Reference = Root("git_hash") is { } commit ? $"{Kind} {commit}" : null,
            Dtype = Text("model_dtype")?.Replace("torch.", "", StringComparison.Ordinal),
            Device = Text("device"),
            AddBos = AddsBos(config),
            MaxLength = root.TryGetProperty("max_length", out var length)
                && HarnessValue.Number(length, "max_length") is >= 0 and <= int.MaxValue and var most ? (int)most : null,
            Versions = new[] { ("lm_eval", version), ("transformers", Root("transformers_version")) }.Where(v => v.Item2 is not null)
                .ToDictionary(v => v.Item1, v => v.Item2!.ToString(CultureInfo.InvariantCulture)),
        };
    }
}
