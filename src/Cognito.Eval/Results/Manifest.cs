using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Results;

/// <summary>What a run, or a shard of one, is: run.json, written before the first answer.</summary>
internal sealed record Manifest
{
    public const string Name = "run.json";
    public const int CurrentSchema = 1;


    public int SchemaVersion { get; init; } = CurrentSchema;
    public required DateTimeOffset Started { get; init; }

    /// <summary>How much goes through together: chosen when the run began, and kept to by whoever goes on with it.</summary>
    public required Budget Budget { get; init; }

    /// <summary>The part of the run that is answered here; null for all of it.</summary>
    public Shard? Shard { get; init; }

    public required RunArguments Arguments { get; init; }
    public required RunKey Key { get; init; }

    /// <summary>Whether two processes may answer into one journal.</summary>
    public bool IsSame(Manifest other) =>
        Shard == other.Shard && Budget == other.Budget && Key.Digest() == other.Key.Digest();

    /// <summary>Writes it into a folder, which must not hold one yet.</summary>
    /// <exception cref="IOException">It holds one, or it cannot be written.</exception>
    public void Write(string folder)
    {
        using var file = new FileStream(Path.Combine(folder, Name), FileMode.CreateNew, FileAccess.Write);
        file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(this, RunFile.Options) + "\n"));
        file.Flush(flushToDisk: true);
    }

    /// <summary>A folder's, or null where none is or can be read.</summary>
    public static Manifest? Read(string folder)
    {
        try
        {
            return RegularFile.Exists(Path.Combine(folder, Name)) ? Require(folder) : null;
        }
        catch (InputException)
        {
            return null;
        }
    }

    /// <summary>A folder's: its numbers are such as a run can have, its texts such as people give.</summary>
    /// <exception cref="InputException">It is not there, damaged, or holds what no run has.</exception>
    public static Manifest Require(string folder)
    {
        var path = Path.Combine(folder, Name);
        try
        {
            var manifest = JsonSerializer.Deserialize<Manifest>(RegularFile.Read(path, FileKind.Manifest), RunFile.Options) ?? throw Damaged(path, "null");
            return manifest.SchemaVersion != CurrentSchema
                ? throw new InputException(
                    $"{path}: schema version {manifest.SchemaVersion}, this build reads {CurrentSchema}; use the matching version")
                : ManifestCheck.Fault(manifest) is { } fault ? throw Damaged(path, fault) : manifest;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw Damaged(path, e is JsonException { Path: { } at } ? $"{Printable.Line(at)} is missing, or is not what belongs there"
                : "it is not what a run writes", e);
        }
    }

    private static InputException Damaged(string path, string fact, Exception? e = null) =>
        new($"{path}: not a run's ({fact}); remove its folder, and the run's command begins anew", e);
}

/// <summary>What was asked for on the command line: enough to ask the same questions again.</summary>
/// <param name="Model">The checkpoint's folder, or its id on the hub; null for the embedded one.</param>
/// <param name="Data">The datasets' folder; null for the embedded samples, or the hub's datasets.</param>
internal sealed record RunArguments(
    string? Model, string? Data, IReadOnlyList<string> Tasks, int? Shots, double? Limit)
{
    /// <summary>The rule of beginnings, where the protocol has one and it is not the usual one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Bos { get; init; }

    /// <summary>Task files, and folders of them, that the tasks are of.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? TaskPaths { get; init; }

    /// <summary>What these may do that is else an error.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Allow { get; init; }
}

/// <summary>All that an answer may depend on. Two processes work on one run if and only if theirs are equal.</summary>
/// <param name="Provenance">Without the weights' hash, which is not known at once, and without the budget.</param>
/// <param name="Weights">A quick look at the weights; the journal holds the hash of all.</param>
/// <param name="ConfigSha256">Of config.json.</param>
/// <param name="EndIds">Ids that end a generated answer.</param>
/// <param name="Limit">As given.</param>
/// <param name="BatchTokens">As given; null leaves the budget to the free memory.</param>
/// <param name="Routing">Whether routing is recorded too.</param>
/// <param name="Build">Which build of the program computes.</param>
internal sealed record RunKey(
    Provenance Provenance, string Weights, string ConfigSha256, IReadOnlyList<int> EndIds, double? Limit, int? BatchTokens,
    bool Routing, string Build, IReadOnlyDictionary<string, TaskKey> Tasks)
{
    /// <summary>What results say of the checkpoint's files; null where there is nothing to say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Remarks { get; init; }

    /// <summary>The protocol, with what may be set of it.</summary>
    public string? Rules { get; init; }

    /// <summary>sha256 in lower-case hex.</summary>
    public string Digest() => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(this, RunFile.Options))));

    /// <summary>The build of every assembly that an answer or a score hangs on, but for the model's own: ours, the tasks' and the protocol's.</summary>
    private static string Builds(IReadOnlyList<Questions> asked, Protocol protocol) => string.Join(' ', new[]
    {
        typeof(RegularFile).Module, typeof(CheckpointTokenizer).Module, typeof(RunKey).Module, protocol.GetType().Module,
    }.Concat(asked.Select(task => task.Task.ToDoc.Method.Module)).Select(module => module.ModuleVersionId).Distinct());

    /// <summary>What answers of this model to these questions depend on.</summary>
    public static RunKey Create(
        ILanguageModel model, IReadOnlyList<Questions> asked, Protocol protocol, DataRoot data, Limit? limit)
    {
        var identity = model.Identity;
        return new(
            Provenance.Create(model, protocol, data, generates: asked.Any(task => task.Generates)), identity.Weights, identity.ConfigSha256,
            identity.EndIds, limit?.Value, identity.BatchTokens, identity.RecordsRouting, $"{Builds(asked, protocol)} {identity.Build}".TrimEnd(), Of(asked))
        {
            Rules = $"{protocol}",
            Remarks = identity.Remarks.Count == 0 ? null : identity.Remarks,
        };
    }

    public static IReadOnlyDictionary<string, TaskKey> Of(IReadOnlyList<Questions> asked) => asked.ToDictionary(
        task => task.Task.Name, task => new TaskKey(task.Shots, task.Digest.Raw, task.DataSha256)
        {
            // Of a task file all that it says, as its grades hang on it too.
            File = task.Task.LmEval?.Dumped is not { } dumped ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
                PythonJsonText.Write(dumped(task.Shots)) + task.Digest.Harness + string.Join('\n', task.Notes)))),
        });
}

/// <summary>What a task asks.</summary>
internal sealed record TaskKey(int Shots, string RequestsSha256, IReadOnlyDictionary<string, string> DataSha256)
{
    /// <summary>Digest of what its task file says; null where it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? File { get; init; }
}
