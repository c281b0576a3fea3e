using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports;

/// <summary>
/// A task's configuration as lm-evaluation-harness 0.4 dumps it: its file's facts, and defaults where it says nothing
/// (protocol 9.5).
/// </summary>
/// <remarks>A function stands under the name that the file has for it; the harness writes its source.</remarks>
internal static class LmEvalConfigs
{
    private const string Delimiter = " ", ExampleDelimiter = "\n\n";

    /// <param name="shots">Examples in each prompt.</param>
    /// <param name="model">The model's arguments, which the harness adds to every task's metadata.</param>
    public static OrderedDictionary<string, object?> Of(
        EvalTask task, int shots, TaskVersion version, IReadOnlyDictionary<string, object?> model)
    {
        var config = task.LmEval
            ?? throw new ArgumentException($"{task} is not asked as lm-evaluation-harness 0.4 does", nameof(task));
        if (config.Dumped?.Invoke(shots) is { } dumped)
            return WithModel(dumped, model);
        object? Said(string key) => config.Said.GetValueOrDefault(key);
        (string Key, object? Value)[] fields =
        [
            ("task", task.Name), ("task_alias", config.Alias),
            ("dataset_path", config.DatasetPath), ("dataset_name", config.DatasetName),
            ("training_split", config.TrainingSplit), ("validation_split", config.ValidationSplit),
            ("test_split", config.TestSplit), ("fewshot_split", config.FewshotSplit),
            ("process_docs", Said("process_docs")),
            ("doc_to_text", Said("doc_to_text")), ("doc_to_target", Said("doc_to_target")),
            ("unsafe_code", false),
            ("doc_to_choice", Said("doc_to_choice")), ("process_results", Said("process_results")),
            ("description", task.Description ?? ""), ("target_delimiter", Delimiter), ("fewshot_delimiter", ExampleDelimiter),
            ("fewshot_config", Fewshot(config)), ("num_fewshot", shots),
            ("metric_list", Said("metric_list") ?? Metrics(task)),
            ("output_type", task.Generates ? "generate_until" : "multiple_choice"),
            ("generation_kwargs", config.GenerationKwargs), ("repeats", 1), ("filter_list", Said("filter_list")),
            ("should_decontaminate", Said("should_decontaminate") ?? false),
            ("doc_to_decontamination_query", Said("doc_to_decontamination_query")),
            ("metadata", Metadata(version, model)),
        ];
        return new(fields.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(field.Key, field.Value)));
    }

    /// <summary>What a file has for metadata, then the model's arguments, then where it was.</summary>
    private static OrderedDictionary<string, object?> WithModel(OrderedDictionary<string, object?> dumped, IReadOnlyDictionary<string, object?> model)
    {
        var metadata = (OrderedDictionary<string, object?>)dumped["metadata"]!;
        foreach (var (key, value) in model)
            metadata[key] = value;
        metadata["config_source"] = "inline";
        return dumped;
    }

    private static OrderedDictionary<string, object?> Metadata(TaskVersion version, IReadOnlyDictionary<string, object?> model) =>
        new([KeyValuePair.Create("version", version.Number ?? version.Value), .. model])
        {
            // Its word for a task that no file holds.
            ["config_source"] = "inline",
        };

    /// <summary>How examples are shown: as documents are, where the file does not say otherwise.</summary>
    private static OrderedDictionary<string, object?> Fewshot(LmEvalConfig config)
    {
        var shown = new OrderedDictionary<string, object?>
        {
            ["sampler"] = "default",
            ["split"] = config.FewshotSplit,
            ["process_docs"] = config.Said.GetValueOrDefault("process_docs"),
            ["fewshot_indices"] = null,
            ["samples"] = null,
            ["doc_to_text"] = config.Said.GetValueOrDefault("doc_to_text"),
            ["doc_to_choice"] = config.Said.GetValueOrDefault("doc_to_choice"),
            ["doc_to_target"] = config.Said.GetValueOrDefault("doc_to_target"),
            ["gen_prefix"] = null,
            ["fewshot_delimiter"] = ExampleDelimiter,
            ["target_delimiter"] = Delimiter,
        };
        if (config.Said.GetValueOrDefault("fewshot_config") is IReadOnlyDictionary<string, object?> said)
            foreach (var (key, value) in said)
                shown[key] = value;
        return shown;
    }

    private static IEnumerable<object> Metrics(EvalTask task) => HigherIsBetter(task).Select(metric =>
        new OrderedDictionary<string, object?>
        {
            ["metric"] = metric.Key,
            ["aggregation"] = "mean",
            ["higher_is_better"] = metric.Value,
        });

    /// <summary>metric → whether more of it is better, without the filters' names.</summary>
    public static OrderedDictionary<string, object?> HigherIsBetter(EvalTask task) => new(task.Metrics
        .Select(metric => (Name: metric.Name.Split(',')[0], metric.HigherIsBetter)).DistinctBy(metric => metric.Name)
        .Select(metric => KeyValuePair.Create(metric.Name, (object?)metric.HigherIsBetter)));
}
