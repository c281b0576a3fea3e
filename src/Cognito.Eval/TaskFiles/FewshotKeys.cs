using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>Where examples come from and how they are shown: <c>fewshot_split</c> and <c>fewshot_config</c> (protocol 11.3).</summary>
internal sealed record FewshotKeys(string? Split, AskedForm Form, bool TakesFirst, IReadOnlyList<Row>? Samples, IReadOnlyList<Doubt> Doubts)
{
    /// <param name="asked">How a document is asked, which is how an example is shown where nothing else is said.</param>
    public static FewshotKeys Of(FileKeys keys, AskedForm asked)
    {
        var split = TaskFile.SplitOf(keys.Of("fewshot_split"));
        if (keys.Of("fewshot_config") is not { } said)
            return new(split, asked, TakesFirst: false, null, []);
        var config = said.Mapping();
        Said.RequireKnown(config, TaskKeys.Fewshot, "fewshot_config");
        Said? Its(string key) => config.TryGetValue(key, out var value) && !value.IsNull ? value : null;
        if (Its("process_docs") is { } code)
            throw code.Wrong($"is not followed: {TaskKeys.Refused["process_docs"]}");
        var sampler = Its("sampler")?.Text() ?? "default";
        if (sampler is not ("default" or "first_n"))
            throw Its("sampler")!.Wrong($"is {Printable.Line(sampler)}; give default or first_n");
        split = config.TryGetValue("split", out var own) ? TaskFile.SplitOf(own) : split;
        var samples = Its("samples") is { } list ? Rows(list) : null;
        var doubts = new List<Doubt>();
        if (Its("fewshot_indices") is { } indices)
            doubts.Add(Unused(indices, "the harness takes other rows, the first or those drawn"));
        if (samples is not null && split is not null)
            doubts.Add(Unused(Its("samples")!, $"the examples come from the split {split}"));
        return new(split, new(
            Its("doc_to_text") is { } text ? AskedForm.TextField(text) : asked.Text,
            Its("doc_to_target") is { } target ? AskedForm.TargetField(target) : asked.Target,
            Its("doc_to_choice") is { } choices ? AskedForm.ChoicesOf(choices) : config.ContainsKey("doc_to_choice") ? null : asked.Choices,
            Its("gen_prefix") is { } prefix ? DocField.Of(prefix) : config.ContainsKey("gen_prefix") ? null : asked.Prefix,
            Its("target_delimiter")?.Text() ?? asked.TargetDelimiter, Its("fewshot_delimiter")?.Text() ?? asked.FewshotDelimiter),
            sampler == "first_n", split is null ? samples : null, doubts);
    }

    public static Doubt Unused(Said said, string why) => new(
        TaskKeys.UnusedKey, $"{said.Origin}: {said.Key} has no effect: {why}", "remove it", said.Key);

    private static Row[] Rows(Said list) =>
    [
        .. list.List().Select((item, i) => item.Value() is IReadOnlyDictionary<string, object?> cells
            ? new Row($"{item.Origin} (sample {i})", cells) : throw item.Wrong($"is {item.Kind()}; give each sample as column: value")),
    ];
}
