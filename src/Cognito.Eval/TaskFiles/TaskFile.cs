using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>A task as its file says it, each key with its meaning and its default (protocol 11.1).</summary>
internal sealed record TaskFile(FileKeys Keys, string Name)
{
    public required string OutputType { get; init; }
    public bool IsChoice => OutputType == "multiple_choice";
    public bool IsRolling => OutputType == "loglikelihood_rolling";
    public bool Generates => OutputType == "generate_until";

    public string? TrainingSplit { get; init; }
    public string? ValidationSplit { get; init; }
    public string? TestSplit { get; init; }
    public string? FewshotSplit { get; init; }

    public DocField? Description { get; init; }
    public required AskedForm Form { get; init; }

    /// <summary>How an example is shown: as a document is asked, where fewshot_config says nothing else.</summary>
    public required AskedForm Example { get; init; }

    public bool TakesFirst { get; init; }
    public IReadOnlyList<Row>? Samples { get; init; }

    /// <summary>Null where the file says nothing; 0 is kept whatever is asked for.</summary>
    public int? Shots { get; init; }

    public int Repeats { get; init; } = 1;

    /// <summary>How text is generated; null where none is.</summary>
    public IReadOnlyDictionary<string, object?>? Settings { get; init; }

    public required IReadOnlyList<FileMetric> Metrics { get; init; }
    public required IReadOnlyList<FileFilter> Filters { get; init; }
    public TaskVersion Version { get; init; }

    /// <summary>What has no effect, and what is done otherwise than said.</summary>
    public IReadOnlyList<Doubt> Doubts { get; init; } = [];

    /// <exception cref="InputException">A key is unknown, or its value none that it can have; a function of Python is named.</exception>
    public static TaskFile Of(FileKeys keys)
    {
        foreach (var said in keys.Keys.Values)
            said.RequireNoFunction();
        foreach (var (key, said) in keys.Keys.Where(key => TaskKeys.Refused.ContainsKey(key.Key) && !key.Value.IsNull))
            throw said.Wrong($"is not followed: {TaskKeys.Refused[key]}");
        Said.RequireKnown(keys.Keys, [.. TaskKeys.Task, "task_list", "group"], "a task file");
        var name = TextOf(keys, "task") ?? throw new InputException($"{keys.File} line 1: no task is named; add a line such as \"task: my_task\"");
        if (name.Any(char.IsControl) || name.Length is 0 or > 200 || name.Contains(',') || name.Contains('/') || name.Contains('\\'))
            throw keys.Of("task")!.Wrong("is no name for a task; take letters, digits, _ and -");
        var type = keys.Of("output_type");
        var output = type?.Text() ?? "generate_until";
        if (!TaskKeys.OutputTypes.Contains(output))
            throw type!.Wrong($"is {Printable.Line(output)}; give one of {string.Join(", ", TaskKeys.OutputTypes)}");
        if (keys.Of("unsafe_code") is { } code && code.Flag())
            throw code.Wrong("asks to run generated code, which is not done; leave the task out");
        var form = AskedForm.Of(keys);
        var fewshot = FewshotKeys.Of(keys, form);
        var several = new List<Doubt>(fewshot.Doubts);
        return new TaskFile(keys, name)
        {
            OutputType = output,
            TrainingSplit = SplitOf(keys.Of("training_split")),
            ValidationSplit = SplitOf(keys.Of("validation_split")),
            TestSplit = SplitOf(keys.Of("test_split")),
            FewshotSplit = fewshot.Split,
            Description = keys.Of("description") is { } description && description.Text().Length > 0 ? DocField.Of(description) : null,
            Form = form,
            Example = fewshot.Form,
            TakesFirst = fewshot.TakesFirst,
            Samples = fewshot.Samples,
            Shots = keys.Of("num_fewshot") is { } shots ? Count(shots, 0) : null,
            Repeats = keys.Of("repeats") is { } repeats ? Count(repeats, 1) : 1,
            Settings = GenerationKeys.Of(keys, output, form.FewshotDelimiter, several),
            Filters = FileFilter.Of(keys, output),
            Metrics = FileMetric.Of(keys, output, several),
            Version = VersionOf(keys),
            Doubts = several,
        }.RequireSplits();
    }

    public static string? TextOf(FileKeys keys, string key) => keys.Of(key)?.Text();

    /// <summary>The name of a split, which is one of files too.</summary>
    public static string? SplitOf(Said? said) => said?.TextOrNull() is not { } name ? null
        : name.Length is > 0 and <= 200 && !name.Any(c => char.IsControl(c) || "\\*?[]:\"<>|".Contains(c, StringComparison.Ordinal)) && !name.Contains("..", StringComparison.Ordinal) ? name
        : throw said.Wrong($"is {Printable.Line(name)}, which is no split's name; give one such as test");

    private static int Count(Said said, int least)
    {
        const int Most = 1_000_000;
        return said.Whole() is var count && count >= least && count <= Most ? (int)count : throw said.Wrong($"is {count}; give a whole number from {least}");
    }

    /// <summary>The harness' word for a file that gives none is Yaml.</summary>
    private static TaskVersion VersionOf(FileKeys keys) =>
        keys.Of("metadata")?.Value() is IReadOnlyDictionary<string, object?> metadata && metadata.TryGetValue("version", out var version)
            ? new(version is long or double or bool or string or null ? version : PythonValue.Str(version)) : new("Yaml");

    /// <summary>Which split is asked.</summary>
    public string Split => TestSplit ?? ValidationSplit!;

    /// <summary>Which split examples come from, where the file brings none.</summary>
    public string? ShotSplit => FewshotSplit ?? (Samples is not null ? null : TrainingSplit ?? ValidationSplit ?? TestSplit);

    private TaskFile RequireSplits()
    {
        if (TestSplit is null && ValidationSplit is null)
            throw new InputException($"{Keys.File}: {Name} names no split to ask; add a line such as \"test_split: test\" or \"validation_split: validation\"");
        if (IsChoice && Form.Choices is null)
            throw new InputException($"{Keys.File}: {Name} has no doc_to_choice, which multiple_choice needs; add it, or give another output_type");
        return this;
    }
}

/// <summary>Something that costs a score without a word: an error, unless it is let pass by name (protocol 11.5).</summary>
/// <param name="Name">What --allow calls it.</param>
/// <param name="Fact">With file, line and document.</param>
/// <param name="Fix">What to do about it.</param>
/// <param name="Where">The document or the key, for results, which name no file of a machine.</param>
internal sealed record Doubt(string Name, string Fact, string Fix, string Where = "")
{
    /// <summary>What results say of doubts of one name that were let pass.</summary>
    public static string Passed(string task, IReadOnlyList<Doubt> doubts) =>
        $"{task}: --allow {doubts[0].Name}: {TaskKeys.Doubts[doubts[0].Name]}{(doubts[0].Where.Length > 0 ? $" ({doubts[0].Where}{(doubts.Count > 1 ? $" and {doubts.Count - 1} more" : "")})" : "")}";
}

/// <summary>How a row is asked, or shown.</summary>
internal sealed record AskedForm(
    DocField Text, DocField Target, DocField? Choices, DocField? Prefix, string TargetDelimiter, string FewshotDelimiter)
{
    public static AskedForm Of(FileKeys keys) => new(
        TextField(keys.Of("doc_to_text") ?? throw Missing(keys, "doc_to_text")),
        TargetField(keys.Of("doc_to_target") ?? throw Missing(keys, "doc_to_target")),
        keys.Of("doc_to_choice") is { } choices ? ChoicesOf(choices) : null,
        keys.Of("gen_prefix") is { } prefix && prefix.Text().Length > 0 ? DocField.Of(prefix) : null,
        Delimiter(keys, "target_delimiter", " "), Delimiter(keys, "fewshot_delimiter", "\n\n"));

    private static InputException Missing(FileKeys keys, string key) =>
        new($"{keys.File}: no {key} in it; add a line such as {key}: \"{{{{column}}}}\"");

    private static string Delimiter(FileKeys keys, string key, string usual) => keys.Of(key)?.Text() ?? usual;

    public static DocField TextField(Said said) => said.Node is YamlScalar { Value: string or long } ? DocField.Of(said)
        : throw said.Wrong($"is {said.Kind()}; give a column's name or a template");

    /// <summary>True counts as 1 in the harness, which nobody means who writes it.</summary>
    public static DocField TargetField(Said said) => said.Node switch
    {
        YamlScalar { Value: string or long } or YamlSequence => DocField.Of(said),
        YamlScalar { Value: bool flag } => throw said.Wrong(
            $"is {(flag ? "true" : "false")}, which would be choice {(flag ? 1 : 0)} of every document; write the number, a column's name or a template"),
        _ => throw said.Wrong($"is {said.Kind()}; give a column's name, a template, or the number of the right choice"),
    };

    public static DocField ChoicesOf(Said said) => said.Node switch
    {
        YamlScalar { Value: string } => DocField.Of(said),
        YamlSequence => new(said, Texts(said, said.Items())),
        YamlMapping => new(said, Texts(said, [.. said.Mapping().Values])),
        _ => throw said.Wrong($"is {said.Kind()}; give a list, a column's name or a template"),
    };

    private static IReadOnlyList<object?> Texts(Said said, IReadOnlyList<Said> items) => items.Count == 0
        ? throw said.Wrong("is an empty list; name the choices")
        : [.. items.Select(object? (item) => (item with { Key = $"{said.Key}, choice {items.ToList().IndexOf(item)}" }).Text())];
}
