namespace Cognito.Eval.Results;

/// <summary>What no run.json of ours holds: it may be anybody's, and its numbers decide how much is done.</summary>
internal static class ManifestCheck
{
    /// <summary>As much as --batch-tokens and --max-length take, and 32 times it for what is kept.</summary>
    private const int MostTokens = 1 << 24;

    private const long MostCacheTokens = 1L << 40;
    private const int MostShots = 1_000_000, MostTasks = 10_000, MostEndIds = 10_000;

    /// <summary>In characters; paths are the longest.</summary>
    private const int LongestText = 4096;

    /// <summary>The first thing that is wrong, with its key; null if all is well.</summary>
    public static string? Fault(Manifest manifest)
    {
        var (key, arguments) = (manifest.Key, manifest.Arguments);
        return manifest switch
        {
            { Shard: { } shard } when !shard.IsOne => $"shard {shard.Index} of {shard.Count} is none",
            { Budget: { BatchTokens: var tokens } } when tokens is < 1 or > MostTokens => $"budget.batch_tokens is {tokens}",
            { Budget: { CacheTokens: var tokens } } when tokens is < 1 or > MostCacheTokens => $"budget.cache_tokens is {tokens}",
            _ when arguments.Shots is < 0 or > MostShots => $"arguments.shots is {arguments.Shots}",
            _ when IsNoLimit(arguments.Limit) => $"arguments.limit is {arguments.Limit}",
            _ when IsNoLimit(key.Limit) => $"key.limit is {key.Limit}",
            _ when key.BatchTokens is < 1 or > MostTokens => $"key.batch_tokens is {key.BatchTokens}",
            _ when key.Provenance.MaxLength is < 1 or > MostTokens => $"key.provenance.max_length is {key.Provenance.MaxLength}",
            _ when arguments.Tasks.Count is 0 or > MostTasks => $"arguments.tasks has {arguments.Tasks.Count} names",
            _ when key.Tasks.Count > MostTasks => $"key.tasks has {key.Tasks.Count} names",
            _ when key.EndIds.Count > MostEndIds || key.EndIds.Any(id => id < 0) => "key.end_ids are none",
            _ when key.Tasks.Values.Any(task => task is not { Shots: >= 0 and <= MostShots, DataSha256.Count: <= MostTasks }) =>
                "key.tasks holds a task without its shots and rows",
            _ => Texts(manifest).Any(text => text is null) ? "null where a text belongs"
                : Texts(manifest).FirstOrDefault(text => text!.Length > LongestText) is { } text ? $"a text of {text.Length} characters"
                : null,
        };
    }

    private static bool IsNoLimit(double? limit) => limit is { } value && !(value > 0 && double.IsFinite(value));

    private static IEnumerable<string?> Texts(Manifest manifest)
    {
        var (key, arguments, about) = (manifest.Key, manifest.Arguments, manifest.Key.Provenance);
        string?[] optional =
        [
            arguments.Model, arguments.Data, about.Source, about.Architecture, about.WeightsSha256, about.TokenizerSha256, about.Protocol,
            about.Reference, about.Data, about.Dtype, about.LogprobDtype, about.Device,
        ];
        return
        [
            about.Model, about.Kind, key.Weights, key.ConfigSha256, key.Build, .. optional.OfType<string>(), .. arguments.Tasks,
            .. arguments.TaskPaths ?? [], .. arguments.Allow ?? [], .. key.Tasks.Values.Select(task => task.File).OfType<string>(),
            .. about.Versions?.SelectMany(version => (string?[])[version.Key, version.Value]) ?? [],
            .. key.Tasks.SelectMany(task => (string?[])[task.Key, task.Value.RequestsSha256,
                .. task.Value.DataSha256.SelectMany(split => (string?[])[split.Key, split.Value])]),
        ];
    }
}
