using System.Text.Json;

namespace Cognito.Eval;

/// <summary>Per-document scores that lm-evaluation-harness 0.4 logged: samples_&lt;task&gt;_&lt;date&gt;.jsonl (protocol 9.6).</summary>
internal sealed record HarnessSamples(IReadOnlyList<int> DocIds, IReadOnlyList<double> Scores, RequestDigest Digest)
{
    /// <summary>Those beside a results file and of its date; null where none were logged.</summary>
    public static HarnessSamples? Beside(string results, string theirs, EvalTask task, string metric, string filter)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(results))!;
        var stem = Path.GetFileNameWithoutExtension(results);
        var date = stem.IndexOf('_') is >= 0 and var at ? stem[(at + 1)..] : "";
        if (!PlainName.Is(theirs))
            throw new InputException($"{results}: \"{theirs}\" is no name of a task; give an undamaged file");
        var file = Path.Combine(folder, $"samples_{theirs}_{date}.jsonl");
        return RegularFile.Exists(file) ? Read(file, task, metric, filter) : null;
    }

    private static HarnessSamples Read(string file, EvalTask task, string metric, string filter)
    {
        var docs = new List<int>();
        var scores = new List<double>();
        var requests = new List<Request>();
        var line = 0;
        try
        {
            foreach (var text in RegularFile.ReadLines(file, FileKind.Rows).Where(text => text.Length > 0))
            {
                line++;
                using var doc = JsonDocument.Parse(text);
                if (doc.RootElement.TryGetProperty("filter", out var its) && its.GetString() is { } named && named != filter && filter.Length > 0)
                    continue;
                docs.Add(doc.RootElement.GetProperty("doc_id").GetInt32());
                scores.Add(Score(doc.RootElement.GetProperty(metric)));
                requests.AddRange(Arguments(doc.RootElement.GetProperty("arguments")).Select(pair => Request(pair.First, pair.Second)));
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new InputException($"{file}, line {line}: not a document that lm-evaluation-harness logged ({e.Message.Split('\n')[0].TrimEnd('.')}); "
                + $"give an undamaged file, or remove it to compare {task} by its mean", e);
        }
        return docs.Count == docs.Distinct().Count() && docs.Count > 0
            ? new(docs, scores, RequestDigest.Of(requests))
            : throw new InputException($"{file}: no document, or one twice; give an undamaged file");
    }

    private static double Score(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => value.GetDouble() is >= 0 and <= 1 + 1e-9 and var score ? score : throw new FormatException("a score that is not between 0 and 1"),
    };

    /// <summary>An object of {"arg_0", "arg_1"} a request; a list of pairs in versions before 0.4.3.</summary>
    private static IEnumerable<(JsonElement First, JsonElement Second)> Arguments(JsonElement arguments) => arguments.ValueKind == JsonValueKind.Array
        ? arguments.EnumerateArray().Select(pair => (pair[0], pair[1]))
        : arguments.EnumerateObject().Select(pair => (pair.Value.GetProperty("arg_0"), pair.Value.GetProperty("arg_1")));

    private static Request Request(JsonElement context, JsonElement answer) => answer.ValueKind == JsonValueKind.String
        ? new LogLikelihood(Text(context), Text(answer))
        : new GreedyUntil(Text(context), answer.TryGetProperty("until", out var until) && until.ValueKind == JsonValueKind.Array
            ? [.. until.EnumerateArray().Select(Text)] : []);

    private static string Text(JsonElement value) => value.GetString() ?? throw new FormatException("null where a text belongs");
}
