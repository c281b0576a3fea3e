using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>
/// Looks at a task's questions before they are asked: what lm-evaluation-harness would score without a word, though nobody means
/// it, is an error with file, line and document, unless it is let pass by name (protocol 11.5).
/// </summary>
internal static class FileChecks
{
    /// <summary>Fewer documents may have one right answer by chance.</summary>
    private const int EnoughForOneAnswer = 5;

    /// <returns>What was let pass, one sentence a name.</returns>
    /// <exception cref="InputException">Something that was not.</exception>
    public static IReadOnlyList<string> Of(TaskFile file, AskedRows asked, IReadOnlyCollection<string> allowed)
    {
        FiledDoc[] docs = [.. asked.Docs.Cast<FiledDoc>()];
        RequireComputable(file, docs, asked);
        var passed = new List<string>();
        foreach (var same in Doubts(file, docs, asked).GroupBy(doubt => doubt.Name))
            passed.Add(allowed.Contains(same.Key)
                ? Doubt.Passed(file.Name, [.. same])
                : throw new InputException($"{same.First().Fact}; {same.First().Fix}, or let it pass with --allow {same.Key}"));
        return passed;
    }

    private static IEnumerable<Doubt> Doubts(TaskFile file, FiledDoc[] docs, AskedRows asked) =>
    [
        .. Constant(file, docs, asked), .. Prompts(file, asked), .. docs.Index().SelectMany(doc => Choices(file, doc.Item, Place(asked, doc.Index), $"document {doc.Index}")),
        .. OwnExamples(file, asked),
    ];

    private static string Place(AskedRows asked, int doc) => $"document {doc} ({asked.Rows[doc].Origin})";

    private static IEnumerable<Doubt> Constant(TaskFile file, FiledDoc[] docs, AskedRows asked)
    {
        var (text, target) = (file.Form.Text, file.Form.Target);
        bool Lacks(DocField field) => !asked.Rows.Any(row => field.Value is string name && row.Cells.ContainsKey(name));
        // A file that leaves its text empty says so.
        if (text.IsPlainText && text.Value is string { Length: > 0 } said && Lacks(text) && !file.IsRolling)
            yield return new(TaskKeys.ConstantText, $"{text.Said.Origin}: doc_to_text is {DocField.Short(said)} for every document: no column of that name, "
                + $"and no {{{{placeholder}}}} in it{Near(said, asked)}", "name a column, or write a template such as \"{{question}}\"", "doc_to_text");
        if (target.IsPlainText && target.Value is string right && Lacks(target))
            yield return new(TaskKeys.ConstantText, $"{target.Said.Origin}: doc_to_target is {DocField.Short(right)} for every document: no column of that name, "
                + $"and no {{{{placeholder}}}} in it{Near(right, asked)}", "name a column, or write a template such as \"{{answer}}\"", "doc_to_target");
        else if (target.Value is string && asked.Whole && docs.Length >= EnoughForOneAnswer && docs.Select(doc => PythonValue.Repr(doc.Answer)).Distinct().Count() == 1)
            yield return new(TaskKeys.ConstantText, $"{target.Said.Origin}: doc_to_target is {DocField.Short(PythonValue.Repr(docs[0].Answer))} for all {docs.Length} documents",
                "see that it names the right column", "doc_to_target");
        if (!text.IsPlainText && docs.Length > 1 && !file.IsRolling && asked.Requests.All(requests => requests[0].Context == asked.Requests[0][0].Context)
            && asked.Requests[0][0].Context.Length > 0)
            yield return new(TaskKeys.ConstantText, $"{text.Said.Origin}: doc_to_text makes one prompt, {DocField.Short(asked.Requests[0][0].Context)}, of all {docs.Length} documents",
                "see that it names the right columns", "doc_to_text");
    }

    private static string Near(string text, AskedRows asked) => text.Length > 40 || text.Any(char.IsWhiteSpace) || asked.Rows[0].Cells.Count == 0 ? ""
        : $"; did you mean {NearNames.Nearest(text, asked.Rows[0].Cells.Keys)}?";

    private static IEnumerable<Doubt> Prompts(TaskFile file, AskedRows asked)
    {
        var text = file.Form.Text;
        var isMeantEmpty = text.Value is "" || file.IsRolling;
        var first = new Dictionary<string, int>();
        for (var i = 0; i < asked.Requests.Count; i++)
        {
            if (!isMeantEmpty && asked.Requests[i][0].Context.Length == 0)
                yield return new(TaskKeys.EmptyPrompt, $"{text.Said.Origin}: the prompt of {Place(asked, i)} is empty", "correct the row, or doc_to_text", $"document {i}");
            if (!first.TryAdd(Whole(asked.Requests[i]), i))
                yield return new(TaskKeys.RepeatedPrompt, $"{text.Said.Origin}: {Place(asked, i)} asks the same as {Place(asked, first[Whole(asked.Requests[i])])}",
                    "remove one row, or have doc_to_text tell them apart", $"document {i}");
        }
    }

    private static string Whole(IReadOnlyList<Request> requests) => string.Join('\u0001', requests.Select(request => request switch
    {
        LogLikelihood pair => $"{pair.Context}\0{pair.Continuation}",
        LogLikelihoodRolling { Text: var text } => text,
        _ => request.Context,
    }));

    private static IEnumerable<Doubt> Choices(TaskFile file, FiledDoc doc, string place, string document)
    {
        if (!file.IsChoice)
            yield break;
        var field = file.Form.Choices!;
        if (doc.Choices.Index().GroupBy(choice => choice.Item).FirstOrDefault(same => same.Count() > 1) is { } equal)
            yield return new(TaskKeys.EqualChoices, $"{field.Said.Origin}: {place} has the choice {DocField.Short(equal.Key)} "
                + $"{equal.Count()} times ({string.Join(", ", equal.Select(choice => choice.Index))})", "correct the row", document);
        if (doc.Choices.Index().FirstOrDefault(choice => choice.Item.Length == 0) is { Item: not null, Index: var empty })
            yield return new(TaskKeys.EmptyChoice, $"{field.Said.Origin}: choice {empty} of {place} is empty", "correct the row", document);
        if (doc.Doubt is { } fact)
            yield return new(TaskKeys.GoldOutside, $"{file.Form.Target.Said.Origin}: the right answer of {place} is no choice: {fact}", "correct the row, or doc_to_target", document);
    }

    private static IEnumerable<Doubt> OwnExamples(TaskFile file, AskedRows asked)
    {
        for (var i = 0; i < asked.Shots.Count; i++)
            if (asked.Shots[i].Any(shot => asked.Examples[shot].HasSameCells(asked.Rows[i])))
                yield return new(TaskKeys.OwnExample, $"{file.Keys.File}: {Place(asked, i)} is shown among its own examples, with its answer",
                    $"take the examples from a split that is not asked, or say fewshot_split: {file.Split}, and the document is left out", $"document {i}");
    }

    /// <summary>Refuses what would end in an error after all answers are in.</summary>
    private static void RequireComputable(TaskFile file, FiledDoc[] docs, AskedRows asked)
    {
        foreach (var metric in file.Metrics)
            if (metric.Aggregation is "f1" && docs.Index().FirstOrDefault(doc => doc.Item.Choices.Count != 2) is { Item: { } doc, Index: var at })
                throw metric.Wrong($"is of two choices, and {Place(asked, at)} has {doc.Choices.Count}; give another metric");
            else if (metric.Name is "brier_score" && docs.Index().FirstOrDefault(doc => doc.Item.Choices.Count != docs[0].Choices.Count) is { Item: { } other, Index: var i })
                throw metric.Wrong($"needs as many choices in every document, and {Place(asked, i)} has {other.Choices.Count}, document 0 {docs[0].Choices.Count}; give another metric");
    }
}
