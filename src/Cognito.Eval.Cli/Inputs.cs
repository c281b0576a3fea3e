using System.CommandLine;
using System.Globalization;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Served;
using Cognito.Eval.Tasks;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Cli;

/// <summary>What commands take in common: tasks, data, checkpoint; and the embedded ones that stand in for them.</summary>
internal static class Inputs
{
    public const string DataVariable = "COGNITO_EVAL_DATA";

    public static Option<string?> Model() => new("--model", "-m")
    {
        Description = "The checkpoint: a folder (config.json, *.safetensors, tokenizer.model or tokenizer.json), or an id on the hub, org/name or "
            + "org/name@revision; of a run also a server, http://HOST:PORT. Default: the embedded cognito-nano.",
        HelpName = "DIR|ID|URL",
    };

    public static Option<string?> Data() => new("--data", "-d")
    {
        Description = $"Folder of the datasets. Default: {DataVariable}; else without --model the embedded samples, with it the hub's.",
        HelpName = "DIR",
    };

    public static Option<int?> Shots() => new("--num-fewshot", "-k")
    {
        Description = "Examples in each prompt. Default: as the leaderboard asks each task.",
        HelpName = "K",
    };

    public static Option<string?> LimitOption() => new("--limit", "-l")
    {
        Description = "Ask only the first N documents of each task, or a fraction of each below 1.",
        HelpName = "N",
    };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON instead of a table." };

    public static string EmbeddedModel => Path.Combine(AppContext.BaseDirectory, "checkpoints", "cognito-nano");

    /// <summary>A folder, or a repository of the hub.</summary>
    public static NamedModel Named(string? given)
    {
        if (given is null)
            return new(EmbeddedModel, null, IsEmbedded: true);
        if (ServerAddress.IsMeant(given))
            throw new InputException("--model: an address names a served model, which a run alone asks; name a checkpoint's folder or its id on the hub");
        if (Directory.Exists(given))
            return new(Path.GetFullPath(given), null, IsEmbedded: false);
        var near = NearNames.NearPath(given);
        if (HubRepo.Model(given) is not { } repo)
            throw new InputException($"{given}: no such folder, and no id on the hub such as org/name or org/name@revision; "
                + $"{(near is null ? "" : $"did you mean {near}? ")}--model names the folder that holds config.json, or an id");
        if (near is not null && RegularFile.Exists(Path.Combine(near, "config.json")))
            Terminal.Warn($"note: {given} is no folder, so it is an id on the hub; the folder {near} is another");
        return new(null, repo, IsEmbedded: false);
    }

    /// <summary>
    /// --data, else COGNITO_EVAL_DATA, else the samples where the embedded checkpoint is used, else the hub's datasets:
    /// from the cache where they are there.
    /// </summary>
    public static DataRoot Rows(
        string? given, NamedModel model, IReadOnlyList<EvalTask> tasks, Fetching fetching, RowBounds bounds,
        CancellationToken cancel)
    {
        var root = RowsGiven(given) is { } folder ? DataRoot.Open(folder)
            // The samples hold no rows of task files, whose own are where they say, or on the hub.
            : tasks.Any(task => task.Reads is not null) ? fetching.Datasets(tasks, cancel)
            : model.IsEmbedded ? Samples : fetching.Datasets(tasks, cancel);
        return root with { Bounds = bounds };
    }

    public static Limit? LimitOf(string? given) => given is null ? null : Limit.Parse(given);

    /// <summary>The datasets' folder, if one was named.</summary>
    public static string? RowsGiven(string? given) =>
        given ?? (Environment.GetEnvironmentVariable(DataVariable) is { Length: > 0 } named ? named : null);

    public static DataRoot Samples => DataRoot.Open(Path.Combine(AppContext.BaseDirectory, "samples")) with { Given = null };
}

/// <summary>The checkpoint as it was named: a folder, or a repository of the hub. Neither is named where a server has the model.</summary>
internal sealed record NamedModel(string? Folder, HubRepo? Repo, bool IsEmbedded)
{
    /// <summary>As it may be named again, from anywhere; null for the embedded one.</summary>
    public string? Given => IsEmbedded ? null : Folder ?? Repo!.ToString();

    public string Name => Repo?.Name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder!));

    /// <summary>Reads its folder, but for the weights.</summary>
    public Checkpoint Open(string folder, int? maxLength, Protocol protocol) => Checkpoint.Open(folder, maxLength, protocol.Tokenization) with { Name = Name, Given = Given };

    /// <summary>The folder, after fetching what the cache lacks.</summary>
    /// <param name="weights">Whether the weights are needed, or only what planning needs.</param>
    public string Fetch(Fetching fetching, bool weights, CancellationToken cancel) =>
        Folder ?? fetching.Checkpoint(Repo!, weights, cancel);
}
