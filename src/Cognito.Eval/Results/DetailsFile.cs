using System.IO.Compression;
using Cognito.Eval.Files;
using Parquet;
using Parquet.Schema;

namespace Cognito.Eval.Results;

/// <summary>
/// Documents on disk, a Parquet file a task: <c>details/&lt;task&gt;.parquet</c> beside results.json, in evaluation order.
/// The same documents make the same bytes.
/// </summary>
public static class DetailsFile
{
    public const string Folder = "details";

    private static readonly ParquetOptions Options = new()
    {
        CompressionMethod = CompressionMethod.Zstd,
        // The default asks zstd for its slowest level.
        CompressionLevel = CompressionLevel.Optimal,
    };

    /// <summary>Where a task's documents lie, beside the results in a run's folder.</summary>
    public static string Path(string run, string task) => System.IO.Path.Combine(run, Folder, task + ".parquet");

    /// <summary>Writes a task's documents into a run's folder.</summary>
    /// <exception cref="InputException">They cannot be written there.</exception>
    /// <exception cref="OutputException">The disk is full or fails.</exception>
    public static void Write(string run, string task, IReadOnlyList<DocDetail> docs) =>
        OutputFile.Write(Path(run, task), file => Write(file, docs).GetAwaiter().GetResult());

    private static async Task Write(Stream file, IReadOnlyList<DocDetail> docs)
    {
        Column[] columns = [.. Columns(docs)];
        var schema = new Parquet.Schema.ParquetSchema(columns.Select(column => column.Field));
        await using var writer = await ParquetWriter.CreateAsync(schema, file, Options).ConfigureAwait(false);
        using var group = writer.CreateRowGroup();
        foreach (var column in columns)
            await column.Write(group).ConfigureAwait(false);
        group.CompleteValidate();
    }

    private sealed record Column(Field Field, Func<ParquetRowGroupWriter, Task> Write);

    /// <summary>Columns that the documents have; their kind decides, and a task's documents are of one kind.</summary>
    private static IEnumerable<Column> Columns(IReadOnlyList<DocDetail> docs)
    {
        var first = docs[0];
        yield return Values("doc_id", docs.Select(doc => doc.DocId));
        var haveGold = docs.All(doc => doc.Gold is not null);
        if (haveGold)
            yield return Values("gold", docs.Select(doc => doc.Gold!.Value));
        if (first.Labels is not null)
        {
            yield return Lists("labels", docs.Select(doc => doc.Labels!));
            yield return Values("mc1_choices", docs.Select(doc => doc.Mc1Choices!.Value));
        }
        if (docs.All(doc => doc.Prediction is not null))
            yield return Values("prediction", docs.Select(doc => doc.Prediction!.Value));
        foreach (var metric in first.Scores.Keys)
            yield return Values(metric, docs.Select(doc => doc.Scores[metric]));
        if (haveGold)
            yield return Values("margin", docs.Select(doc => doc.Margin));
        if (first.ChoiceLogprobs.Count > 0)
        {
            yield return Lists("choice_logprobs", docs.Select(doc => doc.ChoiceLogprobs));
            yield return Lists("choice_lengths", docs.Select(doc => doc.ChoiceLengths));
            if (first.ChoiceTokens.Count > 0)
                yield return Lists("choice_tokens", docs.Select(doc => doc.ChoiceTokens));
            yield return Lists("choice_greedy", docs.Select(doc => doc.ChoiceGreedy));
        }
        yield return Values("prompt_tokens", docs.Select(doc => doc.PromptTokens));
        yield return Values("truncated", docs.Select(doc => doc.Truncated));
        if (first.GeneratedText is not null)
        {
            yield return Texts("gold_answer", docs.Select(doc => doc.GoldAnswer));
            yield return Texts("predicted_answer", docs.Select(doc => doc.PredictedAnswer));
            yield return Texts("generated_text", docs.Select(doc => doc.GeneratedText));
            yield return Values("generated_tokens", docs.Select(doc => doc.GeneratedTokens ?? 0));
        }
        if (first.Prompts.Count > 0 && docs.All(doc => doc.Prompts.Count == 1))
            yield return Texts("full_prompt", docs.Select(doc => (string?)doc.Prompts[0]));
        else if (first.Prompts.Count > 0)
            yield return Lists("full_prompts", docs.Select(doc => doc.Prompts));
        if (first.Choices.Count > 0)
            yield return Lists("choices", docs.Select(doc => doc.Choices));
    }

    private static Column Values<T>(string name, IEnumerable<T> values) where T : struct
    {
        var field = new DataField<T>(name);
        return new(field, group => group.WriteAsync<T>(field, new ReadOnlyMemory<T>([.. values])));
    }

    private static Column Texts(string name, IEnumerable<string?> values)
    {
        var field = new DataField<string>(name, nullable: true);
        return new(field, group => group.WriteAsync(field, [.. values.Select(Whole!)]));
    }

    private static Column Lists<T>(string name, IEnumerable<IReadOnlyList<T>> rows) where T : struct
    {
        var field = new DataField<T>("element");
        return new(new ListField(name, field), group => Write(group, field, [.. rows.SelectMany(row => row)], rows));
    }

    private static Column Lists(string name, IEnumerable<IReadOnlyList<string>> rows)
    {
        var field = new DataField<string>("element", nullable: true);
        return new(new ListField(name, field), group => Write(
            group, field, [.. rows.SelectMany(row => row).Select(text => Whole(text).AsMemory())], rows));
    }

    /// <summary>Lists in Parquet's levels: no list is empty, no item null; 0 where a list begins, 1 where it goes on.</summary>
    private static Task Write<TItem, T>(
        ParquetRowGroupWriter group, DataField field, TItem[] items, IEnumerable<IReadOnlyList<T>> rows) where TItem : struct
    {
        var definitions = new int[items.Length];
        Array.Fill(definitions, field.MaxDefinitionLevel);
        int[] repetitions = [.. rows.SelectMany(row => row.Select((_, i) => i == 0 ? 0 : 1))];
        return group.WriteAllPartsAsync<TItem>(
            field, items, new ReadOnlyMemory<int>(definitions), new ReadOnlyMemory<int>(repetitions), CancellationToken.None);
    }

    /// <summary>Text that UTF-8 can hold: half a surrogate pair, which a cut may leave, becomes U+FFFD.</summary>
    private static string Whole(string? text) => text is null ? null!
        : System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
}
