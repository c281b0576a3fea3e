using Cognito.Eval.Planning;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>A run.json of a run that was never made.</summary>
internal static class MadeManifest
{
    public static Manifest Of(Shard? shard) => new()
    {
        Started = DateTimeOffset.UnixEpoch,
        Budget = new(512, 2048),
        Shard = shard,
        Arguments = new(null, null, ["arc"], 5, 0.5),
        Key = new(new() { Model = "nano", MaxLength = 64, Versions = new Dictionary<string, string> { ["libtorch"] = "2" } },
            "w", "c", [2], 0.5, 512, false, "build", new Dictionary<string, TaskKey>
            {
                ["arc"] = new(5, "r", new Dictionary<string, string> { ["test"] = "d" }),
            }),
    };
}
