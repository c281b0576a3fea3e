using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Comparison;

/// <summary>Per-document scores that lm-evaluation-harness 0.4 logged: samples_&lt;task&gt;_&lt;date&gt;.jsonl (protocol 9.6).</summary>
internal sealed record HarnessSamples(IReadOnlyList<int> DocIds, IReadOnlyList<double> Scores, RequestDigest Digest)
{
    /// <summary>What each document is known by (<see cref="LmEvalHashes.Key"/>); null before 0.4.3, which does not say it.</summary>
    public IReadOnlyList<string>? Keys { get; init; }

    /// <summary>Those beside a results file and of its date; null where none were logged.</summary>
    /// <param name="theirs">The task in the results.</param>
    /// <param name="filters">The task's filters in the order in which documents were logged; none if that is not known.</param>
    /// <param name="mean">The metric's mean in the results.</param>
    public static HarnessSamples? Beside(
        string results, string theirs, EvalTask task, string metric, string filter, IReadOnlyList<string>? filters = null, double? mean = null)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(results))!;
        var stem = Path.GetFileNameWithoutExtension(results);
        var date = stem.IndexOf('_') is >= 0 and var at ? stem[(at + 1)..] : "";
        if (!PlainName.Is(theirs))
            throw new InputException($"{results}: \"{theirs}\" is no name of a task; give an undamaged file");
        var file = Path.Combine(folder, $"samples_{theirs}_{date}.jsonl");
        if (!RegularFile.Exists(file))
            return null;
        var logged = Lines(file, task, metric).ToList();
        var mine = logged.Any(doc => doc.Filter is not null)
            ? logged.Where(doc => filter.Length == 0 || doc.Filter is null || doc.Filter == filter).ToList()
            : OfFilter(file, logged, filters ?? [], filter, mean);
        return mine.Count > 0 && mine.Select(doc => doc.Id).Distinct().Count() == mine.Count
            ? new(
                [.. mine.Select(doc => doc.Id)],
                [.. mine.Select(doc => doc.Score ?? throw new InputException($"{file}, line {doc.Line}: there is no \"{metric}\"; give an undamaged file"))],
                RequestDigest.Compute(mine.SelectMany(doc => doc.Requests)))
            {
                Keys = mine.All(doc => doc.Key is not null) ? [.. mine.Select(doc => doc.Key!)] : null,
            }
            : throw new InputException($"{file}: no document, or one twice; give an undamaged file");
    }

    /// <param name="Filter">Null in versions before 0.4.7, which do not say it.</param>
    /// <param name="Score">A NaN where it is no number; null where the line has none of the metric.</param>
    /// <param name="Key">Null where the hashes it is made of are not there.</param>
    private sealed record Logged(int Line, int Id, string? Filter, double? Score, IReadOnlyList<Request> Requests, string? Key);

    private static IEnumerable<Logged> Lines(string file, EvalTask task, string metric)
    {
        var line = 0;
        foreach (var text in RegularFile.ReadLines(file, FileKind.Rows))
        {
            line++;
            if (text.Length > 0)
                yield return Parsed(file, line, text, task, metric);
        }
    }

    private static Logged Parsed(string file, int line, string text, EvalTask task, string metric)
    {
        try
        {
            using var json = PythonJson.Parse(System.Text.Encoding.UTF8.GetBytes(text));
            var doc = json.RootElement;
            var id = HarnessValue.Part(doc, "doc_id");
            return new(
                line, HarnessValue.Count(id, "doc_id") ?? throw new HarnessValue.Flaw($"doc_id is {HarnessValue.Show(id)}, no number"),
                doc.TryGetProperty("filter", out var filter) && !HarnessValue.IsNone(filter) ? HarnessValue.Text(filter, "filter") : null,
                doc.TryGetProperty(metric, out var score) ? Score(score, metric) : null,
                [.. Arguments(HarnessValue.Part(doc, "arguments")).Select(pair => Request(pair.First, pair.Second))],
                doc.TryGetProperty("doc_hash", out var hash) && doc.TryGetProperty("prompt_hash", out var prompt)
                    ? LmEvalHashes.KeyOf(HarnessValue.Text(hash, "doc_hash"), HarnessValue.Text(prompt, "prompt_hash")) : null);
        }
        catch (Exception e) when (e is JsonException or HarnessValue.Flaw or InvalidOperationException)
        {
            throw new InputException($"{file}, line {line}: not a document that lm-evaluation-harness logged ({HarnessValue.Said(e)}); "
                + $"give an undamaged file, or remove it to compare {task} by its mean", e);
        }
    }

    /// <summary>
    /// Before 0.4.7 each document comes once for each filter, and no line says which: a document's n-th line is of the n-th
    /// filter, however many processes logged. Where the means tell the filters apart, the result's own mean decides.
    /// </summary>
    private static List<Logged> OfFilter(string file, IReadOnlyList<Logged> logged, IReadOnlyList<string> filters, string filter, double? mean)
    {
        if (filters.Count < 2 || logged.Count == 0)
            return [.. logged];
        var seen = new Dictionary<int, int>();
        var parts = filters.Select(_ => new List<Logged>()).ToList();
        foreach (var doc in logged)
        {
            var nth = seen[doc.Id] = seen.GetValueOrDefault(doc.Id) + 1;
            if (nth > parts.Count)
                throw new InputException($"{file}, line {doc.Line}: document {doc.Id} is there more often than the {parts.Count} filters "
                    + $"({string.Join(", ", filters)}); give an undamaged file");
            parts[nth - 1].Add(doc);
        }
        if (seen.FirstOrDefault(doc => doc.Value != parts.Count) is { Value: > 0 } odd)
            throw new InputException($"{file}: document {odd.Key} is there {odd.Value} times, not once for each of the {parts.Count} filters "
                + $"({string.Join(", ", filters)}); give an undamaged file");
        const double Close = 1e-9;
        var equal = parts.Where(part => mean is { } value && Math.Abs(part.Average(doc => doc.Score ?? double.NaN) - value) < Close).ToList();
        return equal is [var only] ? only : parts[Math.Max(0, filters.ToList().IndexOf(filter))];
    }

    private static double? Score(JsonElement value, string metric) => value.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => HarnessValue.Share(value, metric, slack: 1e-9) ?? double.NaN,
    };

    /// <summary>An object of {"arg_0", "arg_1"} a request; a list of pairs in versions before 0.4.3.</summary>
    private static IEnumerable<(JsonElement First, JsonElement Second)> Arguments(JsonElement arguments) => arguments.ValueKind switch
    {
        JsonValueKind.Array => arguments.EnumerateArray().Select(pair => pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() >= 2
            ? (pair[0], pair[1]) : throw new HarnessValue.Flaw($"arguments hold {HarnessValue.Show(pair)}, no pair")),
        JsonValueKind.Object => arguments.EnumerateObject().Select(pair => (
            HarnessValue.Part(pair.Value, "arg_0", "arguments: "), HarnessValue.Part(pair.Value, "arg_1", "arguments: "))),
        _ => throw new HarnessValue.Flaw($"arguments are {HarnessValue.Show(arguments)}, no requests"),
    };

    private static Request Request(JsonElement context, JsonElement answer) => answer.ValueKind == JsonValueKind.String
        ? new LogLikelihood(HarnessValue.Text(context, "arguments"), HarnessValue.Text(answer, "arguments"))
        : new GreedyUntil(HarnessValue.Text(context, "arguments"), answer.ValueKind == JsonValueKind.Object
            && answer.TryGetProperty("until", out var until) && until.ValueKind == JsonValueKind.Array
                ? [.. until.EnumerateArray().Select(stop => HarnessValue.Text(stop, "until"))] : []);
}
