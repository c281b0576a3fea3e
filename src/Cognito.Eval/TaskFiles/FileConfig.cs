namespace Cognito.Eval.TaskFiles;

/// <summary>A task's configuration as lm-evaluation-harness dumps it: what its file says, and the defaults of what it does not (protocol 9.5).</summary>
internal static class FileConfig
{
    /// <param name="shots">Examples in each prompt.</param>
    public static OrderedDictionary<string, object?> Of(TaskFile file, int shots)
    {
        object? Raw(string key) => file.Keys.Of(key)?.Value();
        (string Key, object? Value)[] fields =
        [
            ("task", file.Name), ("task_alias", Raw("task_alias")),
            ("dataset_path", Raw("dataset_path")), ("dataset_name", Raw("dataset_name")), ("dataset_kwargs", Raw("dataset_kwargs")),
            ("training_split", file.TrainingSplit), ("validation_split", file.ValidationSplit), ("test_split", file.TestSplit),
            ("fewshot_split", Raw("fewshot_split")), ("doc_to_text", Raw("doc_to_text")), ("doc_to_target", Raw("doc_to_target")),
            ("unsafe_code", false), ("doc_to_choice", Raw("doc_to_choice")), ("description", Raw("description") ?? ""),
            ("target_delimiter", file.Form.TargetDelimiter), ("fewshot_delimiter", file.Form.FewshotDelimiter),
            ("fewshot_config", Fewshot(file)), ("num_fewshot", shots), ("metric_list", Raw("metric_list")),
            ("output_type", file.OutputType), ("generation_kwargs", file.Settings), ("repeats", file.Repeats), ("filter_list", Raw("filter_list")),
            ("should_decontaminate", Raw("should_decontaminate") ?? false), ("doc_to_decontamination_query", Raw("doc_to_decontamination_query")),
            ("gen_prefix", Raw("gen_prefix")), ("metadata", Metadata(file)),
        ];
        return new(fields.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(field.Key, field.Value)));
    }

    /// <summary>Metadata of another form than keys with values stand under a key of their own.</summary>
    private static OrderedDictionary<string, object?> Metadata(TaskFile file) => file.Keys.Of("metadata")?.Value() switch
    {
        null => [],
        IReadOnlyDictionary<string, object?> keys => new(keys),
        var other => new() { ["_metadata"] = other },
    };

    private static OrderedDictionary<string, object?> Fewshot(TaskFile file)
    {
        var form = file.Form;
        var shown = new OrderedDictionary<string, object?>
        {
            ["sampler"] = "default",
            ["split"] = file.Keys.Of("fewshot_split")?.Value(),
            ["process_docs"] = null,
            ["fewshot_indices"] = null,
            ["samples"] = null,
            ["doc_to_text"] = file.Keys.Of("doc_to_text")?.Value(),
            ["doc_to_choice"] = file.Keys.Of("doc_to_choice")?.Value(),
            ["doc_to_target"] = file.Keys.Of("doc_to_target")?.Value(),
            ["gen_prefix"] = file.Keys.Of("gen_prefix")?.Value(),
            ["fewshot_delimiter"] = form.FewshotDelimiter,
            ["target_delimiter"] = form.TargetDelimiter,
        };
        if (file.Keys.Of("fewshot_config")?.Value() is IReadOnlyDictionary<string, object?> said)
            foreach (var (key, value) in said)
                shown[key] = value;
        return shown;
    }
}
