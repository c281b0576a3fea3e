using System.Reflection;
using System.Security.Cryptography;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary>Where a run is kept: run.json says what it is, its journal what was answered, results.json what came of it.</summary>
/// <param name="IsNew">Nobody began it yet: there is no folder.</param>
internal sealed record RunFolder(string Path, Manifest Manifest, bool IsNew)
{
    private const int DigestLength = 10;

    public string Results => System.IO.Path.Combine(Path, RunFile.Name);

    public bool IsFinished => !IsNew && RegularFile.Exists(Results);

    /// <summary>The newest run, or shard, of the same key under the results; else one to be begun.</summary>
    /// <param name="fresh">Whether to begin anew whatever there is.</param>
    public static RunFolder Find(
        string output, string model, RunKey key, RunArguments arguments, Budget budget, Shard? shard, DateTimeOffset started, bool fresh)
    {
        var (digest, parent) = (key.Digest(), System.IO.Path.Combine(output, model));
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
            : RunWatch.Folder(output, model, started), manifest, IsNew: true);
    }

    /// <summary>All runs and shards in a folder, so many levels down.</summary>
    public static IEnumerable<RunFolder> Under(string folder, int depth)
    {
        if (!Directory.Exists(folder))
            return [];
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = depth };
        return Directory.EnumerateFiles(folder, Manifest.Name, options).Order(StringComparer.Ordinal)
            .Select(file => System.IO.Path.GetDirectoryName(file)!)
            .Select(path => (Path: path, Manifest: Manifest.Read(path))).Where(found => found.Manifest is not null)
            .Select(found => new RunFolder(found.Path, found.Manifest!, IsNew: false));
    }

    /// <summary>Makes the folder if need be; where a different run has made it meanwhile, one beside it.</summary>
    public RunFolder Begin()
    {
        if (!IsNew)
            return this;
        for (var path = Path; ; path = Free(Path))
        {
            Directory.CreateDirectory(path);
            try
            {
                // Of several processes one writes it.
                Manifest.Write(path);
            }
            catch (IOException) when (RegularFile.Exists(System.IO.Path.Combine(path, Manifest.Name)))
            {
                if (Manifest.Read(path) is not { } theirs || !theirs.IsSame(Manifest))
                    continue;
            }
            return this with { Path = path, IsNew = false };
        }
    }

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
            $"{typeof(Scorer).Assembly.ManifestModule.ModuleVersionId} {typeof(TorchModel).Assembly.ManifestModule.ModuleVersionId}",
            RunKey.Of(asked));
    }

    public static string ConfigSha256(Checkpoint checkpoint) => Convert.ToHexStringLower(
        SHA256.HashData(RegularFile.Read(System.IO.Path.Combine(checkpoint.Folder, "config.json"), FileKind.Config)));

    private static string Free(string stem)
    {
        var folder = stem;
        for (var n = 2; Directory.Exists(folder); n++)
            folder = $"{stem}-{n}";
        return folder;
    }
}
