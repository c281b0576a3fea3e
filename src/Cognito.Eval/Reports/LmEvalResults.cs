using System.Text.RegularExpressions;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>A run as lm-evaluation-harness 0.4's results file has it, with its keys in its order (protocol 9.5).</summary>
/// <param name="Arguments">What the run was asked for; null where that was not kept.</param>
/// <param name="Scored">The groups that have a score of their own, inner ones first.</param>
/// <param name="Asked">The run's tasks, in its order.</param>
internal sealed partial record LmEvalResults(
    Run Run, RunArguments? Arguments, IReadOnlyList<TaskGroup> Scored, IReadOnlyList<EvalTask> Asked)
{
    /// <summary>The version that the harness gives itself at the commit whose rules are followed.</summary>
    private const string Version = "0.4.13.dev0";

    private const string NotAvailable = "N/A";

    /// <summary>The groups that were asked whole.</summary>
    private readonly TaskGroup[] _groups = [.. Scored.Where(group => Run.Groups?.GetValueOrDefault(group.Name) is { } scores
        && group.Metrics.Any(metric => scores.ContainsKey(metric.Metric) && scores.ContainsKey(Metric.ErrorOf(metric.Metric)))
        && group.Tasks.All(task => Run.Tasks.ContainsKey(task.Name)))];

    private IEnumerable<TaskGroup> Roots =>
        _groups.Where(group => !_groups.Any(other => other.Members.Contains(group.Name)));

    private TaskGroup[] Inside(TaskGroup group) =>
        [.. group.Members.SelectMany(name => _groups.Where(inner => inner.Name == name))];

    /// <summary>A group, then those in it.</summary>
    private IEnumerable<TaskGroup> Downward(TaskGroup group) => [group, .. Inside(group).SelectMany(Downward)];

    /// <summary>Those in a group, then the group.</summary>
    private IEnumerable<TaskGroup> Upward(TaskGroup group) => [.. Inside(group).SelectMany(Upward), group];

    /// <summary>The tasks in the harness's order: a group's stand together, in the group's order.</summary>
    public IReadOnlyList<EvalTask> Tasks =>
    [
        .. Asked.SelectMany(task => Roots.FirstOrDefault(root => root.Tasks.Any(its => its.Name == task.Name)) is { } root
            ? root.Tasks.Select(its => Asked.First(other => other.Name == its.Name)) : [task]).Distinct(),
    ];

    /// <summary>The model as others may know it: its id on the hub; of a folder the name, as paths are a machine's own.</summary>
    public string ModelName => Hub?.Id ?? Run.Provenance.Model;

    private (string Id, string? Revision)? Hub => HubOf(Arguments);

    /// <summary>A model's id on the hub and the revision that was asked for; null for a folder, and where nothing is known.</summary>
    internal static (string Id, string? Revision)? HubOf(RunArguments? arguments) =>
        arguments?.Model is not { } given || Path.IsPathRooted(given) || given.Contains('\\') ? null
        : given.Split('@') is [var id, var revision] ? (id, revision) : (given, null);

    /// <summary>The name as one of a folder.</summary>
    public string SanitisedName => NoFileName.Replace(ModelName, "__");

    [GeneratedRegex(@"[""<>:/|\\?*\[\]]+")]
    private static partial Regex NoFileName { get; }

    public OrderedDictionary<string, object?> Json(Circumstances circumstances)
    {
        var (model, groups) = (ModelArguments(), Roots.SelectMany(Upward).ToList());
        var json = new OrderedDictionary<string, object?> { ["results"] = Map([.. Tasks.Select(Of), .. groups.Select(Of)]) };
        if (groups.Count > 0)
            json["groups"] = Map(groups.Select(Of));
        json["group_subtasks"] = Map(Roots.SelectMany(Downward).Select(group => (group.Name, (object?)group.Members)));
        json["configs"] = Sorted(Tasks.Select(task =>
            (task.Name, (object?)LmEvalConfigs.Of(task, Shots(task), VersionOf(task), model))));
        json["versions"] = Sorted([.. Tasks.Select(task => (task.Name, VersionOf(task).Number ?? VersionOf(task).Value)),
            .. groups.Select(group => (group.Name, (object?)$"{group.Version}"))]);
        json["n-shot"] = Sorted(Passed(Tasks.Select(task => (task.Name, (object)Shots(task))),
            members => members.Distinct().ToList() is [var shots] ? shots : null));
        json["higher_is_better"] = Sorted(Passed(
            Tasks.Select(task => (task.Name, (object)LmEvalConfigs.HigherIsBetter(task))), Merged));
        json["n-samples"] = Map(Tasks.Select(task => (task.Name, (object?)Map(
            [("original", Run.Tasks[task.Name].SplitRows), ("effective", Run.Tasks[task.Name].Documents)]))));
        json["config"] = Config(model);
        json["git_hash"] = null;
        json["date"] = (circumstances.Started - DateTimeOffset.UnixEpoch).TotalSeconds;
        json["pretty_env_info"] = Environment(circumstances);
        json["transformers_version"] = NotAvailable;
        json["lm_eval_version"] = $"{Version}+cognito-eval.{Own}";
        json["upper_git_hash"] = null;
        if (Run.Provenance.MaxLength is { } length)
            json["max_length"] = length;
        json["task_hashes"] = Map(Tasks.Select(task => (task.Name, (object?)Run.Tasks[task.Name].TaskHash)));
        foreach (var (key, value) in General(circumstances))
            json[key] = value;
        return json;
    }

    private int Shots(EvalTask task) => Run.Tasks[task.Name].NumFewshot;

    private TaskVersion VersionOf(EvalTask task) => Run.Versions.GetValueOrDefault(task.Name, task.Version);

    private string Own => Run.Provenance.Versions?.GetValueOrDefault("cognito-eval") ?? "unknown";

    private (string, object?) Of(EvalTask task)
    {
        var (results, documents) = (Run.Results[task.Name], Run.Tasks[task.Name].Documents);
        return (task.Name, Map(
        [
            ("name", task.Name), ("alias", task.LmEval!.Alias ?? task.Name), ("sample_len", documents),
            .. task.Metrics.SelectMany(metric => Scores(metric.Name, results, documents > 1 && metric.HasError)),
        ]));
    }

    private (string, object?) Of(TaskGroup group)
    {
        var documents = group.Tasks.Sum(task => Run.Tasks[task.Name].Documents);
        return (group.Name, Map(
        [
            ("alias", group.Alias), ("name", group.Name), ("sample_len", documents),
            .. group.Metrics.Where(metric => Run.Groups![group.Name].ContainsKey(metric.Metric)).SelectMany(metric =>
                Scores(metric.Metric, Run.Groups![group.Name], Of(group, metric.Metric).All(task => Run.Tasks[task.Name].Documents > 1
                    && task.Metrics.All(its => its.Name != metric.Metric || its.HasError)))),
            ("sample_count", Map(group.Metrics.Where(metric => Run.Groups![group.Name].ContainsKey(metric.Metric)).Select(metric =>
                (metric.Metric, (object?)Of(group, metric.Metric).Sum(task => Run.Tasks[task.Name].Documents))))),
        ]));
    }

    private static IEnumerable<EvalTask> Of(TaskGroup group, string metric) =>
        group.Tasks.Where(task => task.Metrics.Any(its => its.Name == metric));

    /// <summary>A value that is no number is null here and NaN there; an error of one document is "N/A".</summary>
    private static (string, object?)[] Scores(string metric, IReadOnlyDictionary<string, double?> results, bool hasError) =>
    [
        (metric, results[metric] ?? double.NaN),
        (Metric.ErrorOf(metric), hasError ? results[Metric.ErrorOf(metric)] ?? double.NaN : NotAvailable),
    ];

    /// <summary>
    /// What groups have of their members, outer groups first: so one of groups alone, such as mmlu, has nothing, as in the
    /// harness.
    /// </summary>
    private IEnumerable<(string, object?)> Passed(
        IEnumerable<(string Name, object Value)> tasks, Func<IEnumerable<object>, object?> pass)
    {
        var known = tasks.ToDictionary(task => task.Name, task => task.Value);
        foreach (var group in Roots.SelectMany(Downward))
            if (pass(group.Members.Where(known.ContainsKey).Select(name => known[name])) is { } passed)
                known[group.Name] = passed;
        return known.Select(it => (it.Key, (object?)it.Value));
    }

    private static object? Merged(IEnumerable<object> members)
    {
        var merged = new OrderedDictionary<string, object?>();
        foreach (var (metric, isBetter) in members.Cast<OrderedDictionary<string, object?>>().SelectMany(member => member))
            if (!merged.TryAdd(metric, isBetter) && !Equals(merged[metric], isBetter))
                merged[metric] = null;
        return merged.Count > 0 ? merged : null;
    }

    /// <summary>What the harness would be told, to run the same model the same way.</summary>
    private OrderedDictionary<string, object?> ModelArguments() => new(new (string Key, object? Value)[]
    {
        ("pretrained", ModelName), ("revision", Hub?.Revision), ("dtype", Run.Provenance.Dtype),
        ("softmax_dtype", Run.Provenance.LogprobDtype == Run.Provenance.Dtype ? null : Run.Provenance.LogprobDtype),
        ("add_bos_token", Arguments?.Bos switch { "yes" => true, "no" => false, _ => null }),
    }.Where(argument => argument.Value is not null).Select(argument => KeyValuePair.Create(argument.Key, argument.Value)));

    private OrderedDictionary<string, object?> Config(OrderedDictionary<string, object?> model) => Map(
    [
        ("model", "cognito-eval"), ("model_args", model),
        .. Run.Provenance.Dtype is not { } dtype ? Array.Empty<(string, object?)>() :
        [
            ("model_dtype", $"torch.{dtype}"), ("model_revision", Hub?.Revision ?? "main"),
            ("model_sha", Hub?.Revision is { Length: 40 } commit && commit.All(char.IsAsciiHexDigitLower) ? commit : ""),
        ],
        ("batch_size", null), ("batch_sizes", Array.Empty<int>()), ("device", Run.Provenance.Device), ("use_cache", null),
        ("limit", Run.Config?.Limit), ("bootstrap_iters", 100000), ("gen_kwargs", Map([])),
        ("random_seed", 0), ("numpy_seed", 1234), ("torch_seed", 1234), ("fewshot_seed", 1234),
    ]);

    private IEnumerable<(string, object?)> General(Circumstances circumstances) =>
    [
        ("model_source", "cognito-eval"), ("model_name", ModelName), ("model_name_sanitized", SanitisedName),
        ("system_instruction", null), ("system_instruction_sha", null), ("fewshot_as_multiturn", null),
        ("chat_template", null), ("chat_template_sha", null),
        ("total_evaluation_time_seconds", PythonJsonText.Number(circumstances.Seconds)),
    ];

    /// <summary>What computed, and what is to be known of the scores: the file has no other place for notes.</summary>
    private string Environment(Circumstances circumstances) => string.Join('\n',
    [
        $"written by cognito-eval {Own}, not by lm-evaluation-harness",
        $"protocol: {Run.Provenance.Protocol}, {Run.Provenance.Reference}",
        $"OS: {circumstances.Os}", $"threads: {circumstances.Threads}", $"devices: {string.Join(", ", circumstances.Devices)}",
        .. (Run.Provenance.Versions ?? new Dictionary<string, string>()).Select(it => $"{it.Key}: {it.Value}"),
        .. Run.Leaderboard.Notes.Select(note => $"note: {note}"),
    ]);

    private static OrderedDictionary<string, object?> Map(IEnumerable<(string Key, object? Value)> items) =>
        new(items.Select(item => KeyValuePair.Create(item.Key, item.Value)));

    private static OrderedDictionary<string, object?> Sorted(IEnumerable<(string Key, object? Value)> items) =>
        Map(items.OrderBy(item => item.Key, StringComparer.Ordinal));
}
