namespace Cognito.Eval.TaskFiles;

/// <summary>The keys that lm-evaluation-harness' task files have, and what becomes of each here (protocol 11.1).</summary>
internal static class TaskKeys
{
    /// <summary>Keys of a task, in the order in which the harness writes them.</summary>
    public static IReadOnlyList<string> Task { get; } =
    [
        "task", "task_alias", "tag", "include", "custom_dataset", "dataset_path", "dataset_name", "dataset_kwargs",
        "training_split", "validation_split", "test_split", "fewshot_split", "process_docs", "doc_to_text", "doc_to_target",
        "doc_to_image", "doc_to_audio", "unsafe_code", "doc_to_choice", "process_results", "use_prompt", "description",
        "target_delimiter", "fewshot_delimiter", "fewshot_config", "num_fewshot", "metric_list", "output_type", "generation_kwargs",
        "repeats", "filter_list", "should_decontaminate", "doc_to_decontamination_query", "gen_prefix", "metadata",
    ];

    /// <summary>Keys that need code, or a model of pictures or sound: none is followed, and why.</summary>
    public static IReadOnlyDictionary<string, string> Refused { get; } = new Dictionary<string, string>
    {
        ["class"] = "the task is a class of Python, and no code from task files is run; write it in C#",
        ["custom_dataset"] = "rows made by code are not read; give a dataset_path",
        ["process_docs"] = "rows changed by code are not read; give the rows as they should be asked",
        ["process_results"] = "answers graded by code are not; name metrics in metric_list",
        ["doc_to_image"] = "pictures are not asked about; leave the task out",
        ["doc_to_audio"] = "sounds are not asked about; leave the task out",
        ["use_prompt"] = "promptsource's prompts are not read; write the prompt in doc_to_text",
    };

    public static IReadOnlyList<string> Fewshot { get; } =
    [
        "sampler", "split", "process_docs", "fewshot_indices", "samples", "doc_to_text", "doc_to_choice", "doc_to_target", "gen_prefix",
        "fewshot_delimiter", "target_delimiter",
    ];

    /// <summary>Keys of a group; what else a group has is taken over its members' own.</summary>
    public static IReadOnlyList<string> Group { get; } = ["group", "group_alias", "task", "aggregate_metric_list", "metadata"];

    public static IReadOnlyList<string> GroupMetric { get; } = ["metric", "filter_list", "aggregation", "weight_by_size"];

    public static IReadOnlyList<string> OutputTypes { get; } = ["multiple_choice", "loglikelihood", "loglikelihood_rolling", "generate_until"];

    /// <summary>What may be let pass with --allow, and what it is.</summary>
    public static IReadOnlyDictionary<string, string> Doubts { get; } = new Dictionary<string, string>
    {
        [ConstantText] = "a text or a target that is the same for every document",
        [EmptyPrompt] = "a prompt that is empty",
        [RepeatedPrompt] = "two documents that ask the same",
        [EqualChoices] = "choices that are equal",
        [EmptyChoice] = "a choice that is empty",
        [GoldOutside] = "a right answer that is none of the choices",
        [OwnExample] = "an example that is the document itself",
        [UnusedKey] = "a key that has no effect",
        [Sampling] = "a file that asks for sampled answers: they are generated greedily",
    };

    public const string ConstantText = "constant-text", EmptyPrompt = "empty-prompt", RepeatedPrompt = "repeated-prompt",
        EqualChoices = "equal-choices", EmptyChoice = "empty-choice", GoldOutside = "gold-outside", OwnExample = "own-example",
        UnusedKey = "unused-key", Sampling = "sampling";
}
