using Cognito.Eval.Files;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Cli;

/// <summary>Which part of a run a process answers, by itself or by what a cluster says.</summary>
internal static class Shards
{
    /// <summary>Reads --shard; auto takes Slurm's array, else Kubernetes' indexed job.</summary>
    public static Shard? Parse(string? given) => given switch
    {
        null => null,
        "auto" => Slurm() ?? Kubernetes() ?? throw new InputException(
            "--shard auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set; give i/n"),
        _ => Shard.Parse(given),
    };

    private static Shard? Slurm() => Number("SLURM_ARRAY_TASK_ID") is { } id
        ? Shard.Parse($"{id - (Number("SLURM_ARRAY_TASK_MIN") ?? 0)}/{Number("SLURM_ARRAY_TASK_COUNT") ?? 1}") : null;

    /// <summary>Kubernetes gives a pod its index; the job's file says how many there are.</summary>
    private static Shard? Kubernetes() => Number("JOB_COMPLETION_INDEX") is { } index
        ? Shard.Parse($"{index}/{Number("JOB_COMPLETIONS") ?? throw new InputException(
            "--shard auto: JOB_COMPLETION_INDEX is set but JOB_COMPLETIONS is not; set it to the job's number of completions")}")
        : null;

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : null;
}
