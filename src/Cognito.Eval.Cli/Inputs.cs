using System.CommandLine;
using System.Globalization;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary>What commands take in common: tasks, data, checkpoint; and the embedded ones that stand in for them.</summary>
internal static class Inputs
{
    public const string DataVariable = "COGNITO_EVAL_DATA";

    public static Option<string?> Model() => new("--model", "-m")
    {
        Description = "The checkpoint: a folder (config.json, *.safetensors, tokenizer.model or tokenizer.json), or an id on the hub, org/name or "
            + "org/name@revision. Default: the embedded cognito-nano.",
        HelpName = "DIR|ID",
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
        if (Directory.Exists(given))
            return new(Path.GetFullPath(given), null, IsEmbedded: false);
        return HubRepo.Model(given) is { } repo
            ? new(null, repo, IsEmbedded: false)
            : throw new InputException($"{given}: no such folder, and no id on the hub such as org/name or org/name@revision; "
                + "--model names the folder that holds config.json, or an id");
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
            : model.IsEmbedded ? Samples : fetching.Datasets(tasks, cancel);
        return root with { Bounds = bounds };
    }

    /// <summary>The datasets' folder, if one was named.</summary>
    public static string? RowsGiven(string? given) =>
        given ?? (Environment.GetEnvironmentVariable(DataVariable) is { Length: > 0 } named ? named : null);

    public static DataRoot Samples => DataRoot.Open(Path.Combine(AppContext.BaseDirectory, "samples"));

    /// <summary>
    /// Builds every task's prompts. Tasks that the samples do not hold are left out and named; tasks that take no
    /// examples keep none, and that is said too, unless they are all that was asked for.
    /// </summary>
    public static (IReadOnlyList<Questions> Asked, IReadOnlyList<string> Notes) Ask(
        IReadOnlyList<EvalTask> tasks, DataRoot data, int? shots, Limit? limit)
    {
        var notes = new List<string>();
        EvalTask[] held = [.. tasks.Where(task => !data.IsSamples || data.Has(task.Dataset))];
        if (held.Length == 0)
            throw new InputException(
                $"the samples hold none of the tasks asked ({string.Join(", ", tasks.Take(3))}...); give --data DIR");
        if (held.Length < tasks.Count)
            notes.Add($"not in the samples: {string.Join(", ", tasks.Except(held))}");
        var fixedShots = held.Where(task => task.ShotOrder == ShotOrder.None).ToList();
        if (shots > 0 && fixedShots.Count > 0 && fixedShots.Count < held.Length)
            notes.Add($"{string.Join(", ", fixedShots)} takes no examples and keeps 0 shots");
        else
            fixedShots.Clear();
        var asked = new Questions[held.Length];
        Parallel.For(0, held.Length, i => asked[i] = Questions.Ask(
            held[i], data, Protocol.LeaderboardV1, fixedShots.Contains(held[i]) ? null : shots, limit));
        notes.AddRange(asked.Where(task => task.Task.ShotOrder == ShotOrder.First && task.Shots < (shots ?? task.Task.Shots))
            .GroupBy(task => (task.Task.Column.Key, task.Shots), (same, tasks) => (same.Key, same.Shots, Split: tasks.First().Task.ShotSplit))
            .Select(it => $"{it.Key}: {it.Split} has {it.Shots} rows, so {it.Shots} shots stand in the prompts, not {shots?.ToString(CultureInfo.InvariantCulture) ?? "the task's"}"));
        return (asked, [.. Caveats.Find(asked, TaskRegistry.Columns, data, limit),
            .. data.IsSamples ? [] : Caveats.OfRows(asked, Fetching.Lock), .. notes]);
    }
}

/// <summary>The checkpoint as it was named: a folder, or a repository of the hub.</summary>
internal sealed record NamedModel(string? Folder, HubRepo? Repo, bool IsEmbedded)
{
    /// <summary>As it may be named again, from anywhere; null for the embedded one.</summary>
    public string? Given => IsEmbedded ? null : Folder ?? Repo!.ToString();

    public string Name => Repo?.Name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder!));

    /// <summary>The folder, after fetching what the cache lacks.</summary>
    /// <param name="weights">Whether the weights are needed, or only what planning needs.</param>
    public string Fetch(Fetching fetching, bool weights, CancellationToken cancel) =>
        Folder ?? fetching.Checkpoint(Repo!, weights, cancel);
}
