using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cognito.Eval.Files;

namespace Cognito.Eval.Results;

/// <summary>Runs on disk: results.json, written whole or not at all.</summary>
public static class RunFile
{
    public const string Name = "results.json";

    /// <summary>Beyond any metric; and a hundred times as much is still a number with two decimals.</summary>
    private const double LargestMetric = 1e9;

    internal static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new OneLine<int>(), new OneLine<double>() },
    };

    public static string ToJson(Run run) => JsonSerializer.Serialize(run, Options) + "\n";

    /// <summary>Writes a run into a folder, by way of a temporary file beside it. Returns the file's path.</summary>
    /// <exception cref="InputException">It cannot be written there.</exception>
    /// <exception cref="OutputException">The disk is full or fails.</exception>
    public static string Write(Run run, string folder)
    {
        var path = Path.Combine(folder, Name);
        OutputFile.Write(path, file => file.Write(System.Text.Encoding.UTF8.GetBytes(ToJson(run))));
        return path;
    }

    /// <summary>Reads a run: a results.json, its folder, or a folder of runs, of which it is the newest.</summary>
    /// <exception cref="InputException">It is not there, or not a run.</exception>
    public static Run Read(string path)
    {
        var file = Find(path);
        if (!RegularFile.Exists(file))
            throw new InputException($"{file}: no such file; {NearNames.PathHint(path)}give a results.json or the folder of a run");
        try
        {
            var run = JsonSerializer.Deserialize<Run>(RegularFile.Read(file, FileKind.Results), Options)
                ?? throw new InputException($"{file}: holds null; give a results.json of cognito-eval");
            if (run.Leaderboard.Columns.Values.Append(run.Leaderboard.Average).Any(x => x is { } value && value is not (>= 0 and <= 100))
                || run.Results.Values.Any(task => task is null || task.Any(x => x.Value is { } value && !(Math.Abs(value) <= (Tasks.Metric.IsPercent(x.Key) ? LargestMetric : double.MaxValue))))
                || run.Tasks.Values.Any(task => task is null) || run.Leaderboard.Notes.Any(note => note is null))
                throw new InputException($"{file}: a score that is no percentage, or a task that is null; give an undamaged results.json");
            if (run.Tasks.Select(task => Fault(task.Value) is { } fault ? $"{task.Key}: {fault}" : null).FirstOrDefault(fault => fault is not null) is { } found)
                throw new InputException($"{file}: {found}; give an undamaged results.json");
            return run.SchemaVersion == Run.CurrentSchema ? run : throw new InputException(
                $"{file}: schema version {run.SchemaVersion}, this build reads {Run.CurrentSchema}; use the matching version");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InputException($"{file}: not a run of cognito-eval ({Fact.Of(e)}); give its results.json", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{file}: cannot be read ({Fact.Of(e)}); check its permissions", e);
        }
    }

    /// <summary>A share of probability may be above 1 by rounding.</summary>
    private const double Slack = 1e-9;

    /// <summary>What cannot be in a task's documents and scores; null if all is well.</summary>
    private static string? Fault(TaskRecord task) => task switch
    {
        _ when task.Documents != task.DocIds.Count => $"{task.Documents} documents, but {task.DocIds.Count} doc_ids",
        _ when task.DocIds.Distinct().Count() != task.DocIds.Count => "a document twice in doc_ids",
        _ when task.DocKeys is { } keys && (keys.Count != task.DocIds.Count || keys.Any(key => key is null)) => "not as many doc_keys as documents",
        _ when !task.Scores.ContainsKey(task.Headline) => $"no scores of {task.Headline}, its headline",
        _ when task.Scores.Any(scores => scores.Value is null || scores.Value.Count != task.DocIds.Count) =>
            $"not as many {task.Scores.First(scores => scores.Value?.Count != task.DocIds.Count).Key} scores as documents",
        _ when task.Weights is { } weights && weights.Any(its => its.Value is null || its.Value.Count != task.DocIds.Count || !task.Scores.ContainsKey(its.Key)) =>
            "weights of other documents than its scores",
        // Log-likelihoods and labels may be any number.
        _ when !task.LowerIsBetter && task.Weights?.ContainsKey(task.Headline) is not true && task.Scores[task.Headline].Any(score => score is < -Slack or > 1 + Slack) => $"a score of {task.Headline} that is not between 0 and 1",
        _ => null,
    };

    /// <summary>The file that a path means: a results.json, a run's, or of a folder of runs the newest's.</summary>
    public static string Find(string path) => Directory.Exists(path) ? Newest(path) : path;

    /// <summary>A run's own file, or of a folder of runs the last one's: run folders are named by their start.</summary>
    private static string Newest(string folder) =>
        Directory.EnumerateFiles(folder, Name, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 })
            .MaxBy(file => Path.GetFileName(Path.GetDirectoryName(file)), StringComparer.Ordinal)
        ?? Path.Combine(folder, Name);

    /// <summary>Lists of numbers on one line: a document a line would bury the rest of the file.</summary>
    private sealed class OneLine<T> : JsonConverter<IReadOnlyList<T>>
    {
        private static readonly JsonSerializerOptions Flat = new()
        {
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        };

        public override IReadOnlyList<T> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<T[]>(ref reader, Flat) ?? throw new JsonException("null where a list belongs");

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options) =>
            writer.WriteRawValue(JsonSerializer.SerializeToUtf8Bytes<IEnumerable<T>>(value, Flat));
    }
}
