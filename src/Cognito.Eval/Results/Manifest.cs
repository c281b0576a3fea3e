using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cognito.Eval;

/// <summary>What a run, or a shard of one, is: run.json, written before the first answer.</summary>
public sealed record Manifest
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
    /// <exception cref="IOException">It holds one.</exception>
    public void Write(string folder)
    {
        var path = Path.Combine(folder, Name);
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllText(temporary, JsonSerializer.Serialize(this, RunFile.Options) + "\n");
        try
        {
            File.Move(temporary, path, overwrite: false);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>A folder's, or null where none can be read.</summary>
    public static Manifest? Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<Manifest>(RegularFile.Read(Path.Combine(folder, Name), FileKind.Manifest), RunFile.Options) is
            { SchemaVersion: CurrentSchema } manifest ? manifest : null;
        }
        catch (Exception e) when (e is InputException or JsonException or NotSupportedException)
        {
            return null;
        }
    }
}

/// <summary>What was asked for on the command line: enough to ask the same questions again.</summary>
/// <param name="Model">The checkpoint's folder, or its id on the hub; null for the embedded one.</param>
/// <param name="Data">The datasets' folder; null for the embedded samples, or the hub's datasets.</param>
public sealed record RunArguments(
    string? Model, string? Data, IReadOnlyList<string> Tasks, int? Shots, double? Limit);

/// <summary>All that an answer may depend on. Two processes work on one run if and only if theirs are equal.</summary>
/// <param name="Provenance">Without the weights' hash, which is not known at once, and without the budget.</param>
/// <param name="Weights">A quick look at the weights; the journal holds the hash of all.</param>
/// <param name="ConfigSha256">Of config.json.</param>
/// <param name="EndIds">Ids that end a generated answer.</param>
/// <param name="Limit">As given.</param>
/// <param name="BatchTokens">As given; null leaves the budget to the free memory.</param>
/// <param name="Routing">Whether routing is recorded too.</param>
/// <param name="Build">Which build of the program computes.</param>
public sealed record RunKey(
    Provenance Provenance, string Weights, string ConfigSha256, IReadOnlyList<int> EndIds, double? Limit, int? BatchTokens,
    bool Routing, string Build, IReadOnlyDictionary<string, TaskKey> Tasks)
{
    /// <summary>What results say of the checkpoint's files; null where there is nothing to say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Remarks { get; init; }

    /// <summary>sha256 in lower-case hex.</summary>
    public string Digest() => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(this, RunFile.Options))));

    public static IReadOnlyDictionary<string, TaskKey> Of(IReadOnlyList<Questions> asked) => asked.ToDictionary(
        task => task.Task.Name, task => new TaskKey(task.Shots, task.Digest.Raw, task.DataSha256));
}

/// <summary>What a task asks.</summary>
public sealed record TaskKey(int Shots, string RequestsSha256, IReadOnlyDictionary<string, string> DataSha256);
