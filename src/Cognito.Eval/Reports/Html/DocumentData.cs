using System.IO.Compression;
using System.Text.Json;
using Cognito.Eval.Comparison;
using Cognito.Eval.Results;

namespace Cognito.Eval.Reports.Html;

/// <summary>What the page's browser of documents reads: JSON in columns, gzip, base64.</summary>
internal static class DocumentData
{
    public static string Packed(RunScores scores, DocTexts? texts)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        using (var json = new Utf8JsonWriter(zip))
            Write(json, scores, texts);
        return Convert.ToBase64String(packed.GetBuffer(), 0, (int)packed.Length);
    }

    private static void Write(Utf8JsonWriter json, RunScores scores, DocTexts? texts)
    {
        var runs = scores.Runs;
        json.WriteStartObject();
        Array(json, "runs", runs, run => json.WriteStringValue(run.Label));
        Array(json, "averages", Averages(scores), columns => Strings(json, columns));
        json.WriteStartArray("tasks");
        foreach (var task in runs.SelectMany(run => run.Run.Tasks.Keys).Distinct())
            WriteTask(json, task, runs, texts?.Tasks.GetValueOrDefault(task));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>By run the columns that its average is of; of the later ones the difference's from the first.</summary>
    private static IEnumerable<IEnumerable<string>> Averages(RunScores scores) =>
    [
        scores.Averages[0] is null ? [] : scores.Runs[0].Run.Leaderboard.Columns.Keys,
        .. scores.Pairs.Select(pair => pair.Comparison?.Average?.Averaged ?? []),
    ];

    private static void WriteTask(
        Utf8JsonWriter json, string name, IReadOnlyList<DetailedRun> runs, IReadOnlyDictionary<int, DocText>? texts)
    {
        var records = runs.Select(run => run.Run.Tasks.GetValueOrDefault(name)).ToList();
        var first = records.OfType<TaskRecord>().First();
        int[] ids = [.. records.OfType<TaskRecord>().SelectMany(record => record.DocIds).Distinct()];
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("column", first.Column);
        json.WriteString("split", first.Split);
        json.WriteString("headline", first.Headline);
        Array(json, "ids", ids, json.WriteNumberValue);
        var known = runs.Select(run => run.Details.GetValueOrDefault(name)?.ToDictionary(doc => doc.DocId)).ToList();
        var facts = ids.Select(id =>
            known.Select(docs => docs?.GetValueOrDefault(id)).FirstOrDefault(doc => doc is not null)).ToList();
        if (facts.Any(doc => doc is not null))
            WriteFacts(json, facts);
        if (texts is not null)
        {
            Array(json, "question", ids, id => json.WriteStringValue(texts.GetValueOrDefault(id)?.Question));
            Array(json, "choices", ids, id => Strings(json, texts.GetValueOrDefault(id)?.Choices ?? []));
            if (texts.Values.Any(text => text.Solution is not null))
                Array(json, "solution", ids, id => json.WriteStringValue(texts.GetValueOrDefault(id)?.Solution));
        }
        json.WriteStartArray("runs");
        foreach (var (record, docs) in records.Zip(known))
            WriteRun(json, record, docs, ids, records[0]);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>What does not depend on the run.</summary>
    private static void WriteFacts(Utf8JsonWriter json, List<DocDetail?> docs)
    {
        Array(json, "gold", docs, doc => Whole(json, doc?.Gold));
        if (docs.Any(doc => doc?.Labels is not null))
        {
            Array(json, "labels", docs, doc => Numbers(json, doc?.Labels?.Select(label => label ? 1.0 : 0), 0));
            Array(json, "mc1", docs, doc => Whole(json, doc?.Mc1Choices));
        }
        if (docs.Any(doc => doc?.GoldAnswer is not null))
            Array(json, "goldAnswer", docs, doc => json.WriteStringValue(doc?.GoldAnswer));
    }

    private static void WriteRun(
        Utf8JsonWriter json, TaskRecord? record, Dictionary<int, DocDetail>? docs, int[] ids, TaskRecord? first)
    {
        if (record is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        json.WriteNumber("near", Finite(record.NearTies.Margin));
        Array(json, "right", Scores(record, Verdict(record), ids), score => Whole(json, score is null ? null : score > 0.5 ? 1 : 0));
        json.WriteStartObject("scores");
        foreach (var metric in record.Scores.Keys)
            Array(json, metric, Scores(record, metric, ids), score => Number(json, score, 4));
        json.WriteEndObject();
        if (first is not null && first != record && (Verdict(first) != first.Headline || Verdict(record) != record.Headline))
            Array(json, "moved", Scores(first, first.Headline, ids).Zip(Scores(record, record.Headline, ids)), scores => Whole(json, Moved(scores)));
        if (docs is not null)
            WriteDetails(json, [.. ids.Select(docs.GetValueOrDefault)]);
        json.WriteEndObject();
    }

    /// <summary>By document; null where it has none.</summary>
    private static IEnumerable<double?> Scores(TaskRecord record, string metric, int[] ids)
    {
        var scores = record.Scores.GetValueOrDefault(metric) ?? [];
        var places = record.DocIds.Index().ToDictionary(doc => doc.Item, doc => doc.Index);
        return ids.Select(id => places.TryGetValue(id, out var at) && at < scores.Count ? scores[at] : (double?)null);
    }

    /// <summary>Whether a document scores higher (1) or lower (-1) than in the first run, as the comparison counts it.</summary>
    private static int? Moved((double? Before, double? After) scores)
    {
        if (scores is not ({ } before, { } after))
            return null;
        var by = (double.IsFinite(after) ? after : 0) - (double.IsFinite(before) ? before : 0);
        return by >= Stratum.Tie ? 1 : by <= -Stratum.Tie ? -1 : 0;
    }

    private static void WriteDetails(Utf8JsonWriter json, DocDetail?[] docs)
    {
        if (docs.Any(doc => doc?.Prediction is not null))
        {
            Array(json, "prediction", docs, doc => Whole(json, doc?.Prediction));
            Array(json, "margin", docs, doc => Number(json, doc?.Margin, 3));
        }
        if (docs.Any(doc => doc?.ChoiceLogprobs.Count > 0))
        {
            Array(json, "lps", docs, doc => Numbers(json, doc?.ChoiceLogprobs, 3));
            Array(json, "lengths", docs, doc => Numbers(json, doc?.ChoiceLengths.Select(length => (double)length), 0));
        }
        Array(json, "prompt", docs, doc => Whole(json, doc?.PromptTokens));
        Array(json, "truncated", docs, doc => Whole(json, doc?.Truncated));
        if (docs.Any(doc => doc?.GeneratedText is not null))
        {
            Array(json, "text", docs, doc => json.WriteStringValue(doc?.GeneratedText is { } text ? DocTexts.Cut(text) : null));
            Array(json, "answer", docs, doc => json.WriteStringValue(doc?.PredictedAnswer));
        }
    }

    /// <summary>
    /// The metric that says whether a document is right: the headline. Where that is a share, it is the first that is none.
    /// </summary>
    internal static string Verdict(TaskRecord record)
    {
        bool Decides(string metric) =>
            record.Scores.TryGetValue(metric, out var scores) && scores.All(score => score is 0 or 1);
        return Decides(record.Headline) ? record.Headline : record.Scores.Keys.FirstOrDefault(Decides, record.Headline);
    }

    private static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
            write(item);
        json.WriteEndArray();
    }

    private static void Strings(Utf8JsonWriter json, IEnumerable<string> texts)
    {
        json.WriteStartArray();
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void Numbers(Utf8JsonWriter json, IEnumerable<double>? values, int digits)
    {
        json.WriteStartArray();
        foreach (var value in values ?? [])
            Number(json, value, digits);
        json.WriteEndArray();
    }

    private static void Whole(Utf8JsonWriter json, int? value)
    {
        if (value is { } number)
            json.WriteNumberValue(number);
        else
            json.WriteNullValue();
    }

    /// <summary>Rounded; JSON has no infinity and no NaN, so these are words.</summary>
    private static void Number(Utf8JsonWriter json, double? value, int digits)
    {
        if (value is not { } number)
            json.WriteNullValue();
        else if (double.IsFinite(number))
            json.WriteNumberValue(Math.Round(number, digits));
        else
            json.WriteStringValue(double.IsNaN(number) ? "not a number" : number > 0 ? "∞" : "−∞");
    }

    private static double Finite(double value) => double.IsFinite(value) ? value : 0;
}
