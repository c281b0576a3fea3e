using System.Reflection;
using System.Security.Cryptography;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tokenizers;
using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Weights;

namespace Cognito.Eval.Cli;

/// <summary>Where a run is kept: run.json says what it is, its journal what was answered, results.json what came of it.</summary>
/// <param name="IsNew">Nobody began it yet: there is no folder.</param>
internal sealed record RunFolder(string Path, Manifest Manifest, bool IsNew)
{
    private const int DigestLength = 10;

    /// <summary>Begins the name of a folder that is not there yet; hidden, so that nobody lists it.</summary>
    private const string Prepared = ".begin-";

    public string Results => System.IO.Path.Combine(Path, RunFile.Name);

    public bool IsFinished => !IsNew && RegularFile.Exists(Results) && RegularFile.Fault(Results) is null;

    /// <summary>Looks again, as others may have begun it meanwhile.</summary>
    private Func<RunFolder>? Again { get; init; }

    /// <summary>The folder of a model's runs.</summary>
    /// <exception cref="InputException">The model's name would lead elsewhere.</exception>
    public static string Parent(string output, string model) => System.IO.Path.Combine(output, RunWatch.Plain(model));

    /// <summary>The newest run, or shard, of the same key under the results; else one to be begun.</summary>
    /// <param name="fresh">Whether to begin anew whatever there is.</param>
    public static RunFolder Find(
        string output, string model, RunKey key, RunArguments arguments, Budget budget, Shard? shard, DateTimeOffset started, bool fresh)
    {
        var (digest, parent) = (key.Digest(), Parent(output, model));
        var same = Under(parent, 1).Where(found => found.Manifest.Key.Digest() == digest).ToList();
        if (!fresh && same.Where(found => found.Manifest.Shard == shard).MaxBy(found => found.Manifest.Started) is { } known)
            return known;
        var manifest = new Manifest
        {
            Started = started,
            // Shards of one run cut the same batches, whatever memory is free where they run.
            Budget = shard is null ? budget : same.FirstOrDefault(found => found.Manifest.Shard is not null)?.Manifest.Budget ?? budget,
            Shard = shard,
            Arguments = arguments,
            Key = key,
        };
        return new(shard is { } part
            ? Free(System.IO.Path.Combine(parent, $"shard-{part.Index}-of-{part.Count}-{digest[..DigestLength]}"))
            : RunWatch.Folder(output, model, started), manifest, IsNew: true)
        {
            Again = () => Find(output, model, key, arguments, budget, shard, started, fresh),
        };
    }

    /// <summary>All runs and shards in a folder, so many levels down.</summary>
    /// <param name="unreadable">Told of each run.json that cannot be read, or is no run's.</param>
    public static IEnumerable<RunFolder> Under(string folder, int depth, Action<InputException>? unreadable = null)
    {
        if (!Directory.Exists(folder))
            yield break;
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = depth };
        foreach (var file in Directory.EnumerateFiles(folder, Manifest.Name, options).Order(StringComparer.Ordinal))
        {
            var path = System.IO.Path.GetDirectoryName(file)!;
            Manifest manifest;
            try
            {
                manifest = Manifest.Require(path);
            }
            catch (InputException e)
            {
                unreadable?.Invoke(e);
                continue;
            }
            yield return new(path, manifest, IsNew: false);
        }
    }

    /// <summary>
    /// Makes the folder if need be, by renaming one that has its run.json: it is there whole or not at all. Where another
    /// process has begun the same run meanwhile, that one's folder; where a different run took the name, one beside it.
    /// </summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    /// <exception cref="OutputException">The disk is full or fails.</exception>
    public RunFolder Begin()
    {
        for (var place = Again?.Invoke() ?? this; ; place = place.Again!())
            if (!place.IsNew)
                return place;
            else if (place.IsMade())
                return place with { IsNew = false, Again = null };
    }

    /// <summary>False if another process has taken the name.</summary>
    private bool IsMade()
    {
        var parent = System.IO.Path.GetDirectoryName(Path)!;
        var prepared = System.IO.Path.Combine(
            parent, $"{Prepared}{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        try
        {
            RemoveOld(parent);
            Directory.CreateDirectory(prepared);
            Manifest.Write(prepared);
            Directory.Move(prepared, Path);
            return true;
        }
        catch (IOException) when (System.IO.Path.Exists(Path))
        {
            Remove(prepared);
            return false;
        }
        catch (Exception e) when (OutputFile.IsFailure(e))
        {
            Remove(prepared);
            throw OutputFile.Failed(Path, e, "name another folder with --output DIR");
        }
    }

    /// <summary>What a process left that was killed between making a folder and renaming it.</summary>
    private static void RemoveOld(string parent)
    {
        if (!Directory.Exists(parent))
            return;
        foreach (var folder in Directory.EnumerateDirectories(parent, Prepared + "*"))
            if (Directory.GetLastWriteTimeUtc(folder) < DateTime.UtcNow - TimeSpan.FromHours(1))
                Remove(folder);
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is in nobody's way: its name is not used again.
        }
    }

    /// <summary>The build of every assembly that an answer hangs on; what is asked stands in the key by itself.</summary>
    internal static string Build { get; } = string.Join(' ', new[]
    {
        typeof(RegularFile), typeof(CheckpointTokenizer), typeof(Scorer), typeof(TorchModel),
    }.Select(type => type.Assembly.ManifestModule.ModuleVersionId));

    /// <summary>What answers of this checkpoint, placed so, depend on.</summary>
    public static RunKey Key(
        Checkpoint checkpoint, Provenance provenance, IReadOnlyList<Questions> asked, Limit? limit, int? batchTokens,
        bool routing)
    {
        using var weights = WeightFiles.Open(checkpoint.Folder);
        return new(
            provenance with { BatchTokens = null, CacheTokens = null }, weights.Fingerprint(),
            ConfigSha256(checkpoint),
            checkpoint.EndIds, limit?.Value, batchTokens, routing,
            Build,
            RunKey.Of(asked));
    }

    public static string ConfigSha256(Checkpoint checkpoint) => Convert.ToHexStringLower(
        SHA256.HashData(RegularFile.Read(System.IO.Path.Combine(checkpoint.Folder, "config.json"), FileKind.Config)));

    private static string Free(string stem)
    {
        var folder = stem;
        for (var n = 2; System.IO.Path.Exists(folder); n++)
            folder = $"{stem}-{n}";
        return folder;
    }
}
