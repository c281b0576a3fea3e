using Cognito.Eval.Data;
using Cognito.Eval.Files;

namespace Cognito.Eval.Results;

/// <summary>
/// Reads what <see cref="DetailsFile"/> wrote, or somebody else under its name: nothing in it is believed unseen.
/// </summary>
public static class DetailsReader
{
    /// <summary>A task's documents in evaluation order; null where the run kept none.</summary>
    /// <param name="run">The run's folder.</param>
    /// <exception cref="InputException">The file is damaged, or of other documents than the run.</exception>
    public static IReadOnlyList<DocDetail>? Read(string run, string task, TaskRecord record) => Read(run, task, record, texts: false);

    /// <param name="texts">Whether prompts and choices are read too, where they were kept: they take much memory.</param>
    internal static IReadOnlyList<DocDetail>? Read(string run, string task, TaskRecord record, bool texts)
    {
        var path = DetailsFile.Path(run, task);
        // The name is a file's word: it leads nowhere else.
        if (!PlainName.Is(task) || !RegularFile.Exists(path))
            return null;
        string[] metrics = [.. record.Scores.Keys];
        DocDetail[] docs = [.. ParquetRows.Read(path).Select(row => Detail(row, metrics, texts))];
        return docs.Select(doc => doc.DocId).SequenceEqual(record.DocIds) ? docs : throw new InputException(
            $"{path}: its documents are not those of the run's results.json; keep the two together");
    }

    private static DocDetail Detail(Row row, string[] metrics, bool texts)
    {
        var (lls, gold) = (Numbers(row, "choice_logprobs"), Whole(row, "gold"));
        var detail = new DocDetail
        {
            DocId = Whole(row, "doc_id") ?? throw Wrong(row, "doc_id"),
            Gold = gold,
            Labels = Has(row, "labels") ? Items<bool>(row, "labels") : null,
            Mc1Choices = Whole(row, "mc1_choices"),
            Prediction = Whole(row, "prediction"),
            Scores = metrics.ToDictionary(metric => metric, metric => Number(row, metric) ?? throw Wrong(row, metric)),
            Margin = Number(row, "margin") ?? double.NaN,
            ChoiceLogprobs = lls,
            ChoiceLengths = Counts(row, "choice_lengths"),
            ChoiceTokens = Counts(row, "choice_tokens"),
            ChoiceGreedy = Items<bool>(row, "choice_greedy"),
            PromptTokens = Whole(row, "prompt_tokens") ?? 0,
            Truncated = Whole(row, "truncated") ?? 0,
            GoldAnswer = Text(row, "gold_answer"),
            PredictedAnswer = Text(row, "predicted_answer"),
            GeneratedText = Text(row, "generated_text"),
            GeneratedTokens = Whole(row, "generated_tokens"),
            Prompts = !texts ? [] : Text(row, "full_prompt") is { } prompt ? [prompt] : Items<string>(row, "full_prompts"),
            Choices = texts ? Items<string>(row, "choices") : [],
        };
        Check(row, detail, lls.Length);
        return detail;
    }

    private static void Check(Row row, DocDetail doc, int choices)
    {
        if (doc.ChoiceLengths.Count != choices)
            throw Wrong(row, "choice_lengths");
        if (doc.ChoiceTokens.Count != 0 && doc.ChoiceTokens.Count != choices)
            throw Wrong(row, "choice_tokens");
        if (doc.ChoiceGreedy.Count != choices)
            throw Wrong(row, "choice_greedy");
        if (doc.Labels is { } labels && (labels.Count != choices || doc.Mc1Choices is not >= 0 || doc.Mc1Choices > choices
            || doc.Mc1Choices == 0 && doc.Gold is not null))
            throw Wrong(row, "labels");
        if (doc.Gold is < 0 || doc.Gold >= choices)
            throw Wrong(row, "gold");
        if (doc.Prediction is < 0 || doc.Prediction >= choices)
            throw Wrong(row, "prediction");
    }

    private static InputException Wrong(Row row, string column) =>
        new($"{row.Origin}: column \"{column}\" does not fit the others; give details as a run wrote them");

    private static bool Has(Row row, string column) => row.Cells.GetValueOrDefault(column) is not null;

    private static int? Whole(Row row, string column) => row.Cells.GetValueOrDefault(column) switch
    {
        null => null,
        long whole and >= int.MinValue and <= int.MaxValue => (int)whole,
        _ => throw Wrong(row, column),
    };

    private static double? Number(Row row, string column) => row.Cells.GetValueOrDefault(column) switch
    {
        null => null,
        double number => number,
        _ => throw Wrong(row, column),
    };

    private static string? Text(Row row, string column) => row.Cells.GetValueOrDefault(column) switch
    {
        null => null,
        string text => text,
        _ => throw Wrong(row, column),
    };

    private static double[] Numbers(Row row, string column) => Items<double>(row, column);

    private static int[] Counts(Row row, string column) => [.. Items<long>(row, column).Select(count =>
        count is >= 0 and <= int.MaxValue ? (int)count : throw Wrong(row, column))];

    private static T[] Items<T>(Row row, string column) => row.Cells.GetValueOrDefault(column) switch
    {
        null => [],
        IReadOnlyList<object?> list => [.. list.Select(item => item is T value ? value : throw Wrong(row, column))],
        _ => throw Wrong(row, column),
    };
}
