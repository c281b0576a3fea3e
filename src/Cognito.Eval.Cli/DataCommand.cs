using System.CommandLine;
using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Hub;
using Cognito.Eval.Protocols;
using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval data</c>: the datasets and checkpoints of the hub that are on disk.</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "List, fetch, verify or import datasets and checkpoints.")
    {
        List(), Fetch(), DataVerify.Create(), DataImport.Create(),
    };

    public static Option<string[]> Tasks() => new("--tasks", "-t")
    {
        Description = "Tasks whose datasets are meant: names, patterns, all. Default: all, or none where --model is given.",
        AllowMultipleArgumentsPerToken = true,
        HelpName = "LIST",
    };

    public static Option<string?> Model() => new("--model", "-m")
    {
        Description = "A checkpoint on the hub: org/name or org/name@revision.",
        HelpName = "ID",
    };

    /// <param name="files">The tasks of task files that are named; null where none are.</param>
    public static IReadOnlyList<EvalTask> Chosen(string[]? tasks, string? model, TaskSet? files = null) => tasks switch
    {
        _ when files is not null => files.Select(tasks is { Length: > 0 } ? tasks : ["all"]).Tasks,
        // Benchmarks of other protocols have rows too.
        { Length: > 0 } => (tasks.SelectMany(list => list.Split(',')).Any(TaskSet.Registered.Elsewhere.ContainsKey)
            ? TaskSet.Of(LmEval04.Rules) : TaskSet.Registered).Select(tasks).Tasks,
        _ => model is null ? TaskSet.Leaderboard.Tasks : [],
    };

    public static HubRepo? Repo(string? model) => model is null ? null : HubRepo.Model(model) ?? throw new InputException(
        $"--model {model}: not an id on the hub; give org/name or org/name@revision");

    private static Command List()
    {
        var json = Inputs.Json();
        var command = new Command("list", "Show each repository, its licence, and whether its files are on disk.") { json };
        command.SetAction(parsed => Session.Guard(parsed, () =>
        {
            using var hub = new HubFetch(HubSettings.FromEnvironment(offline: true));
            var states = Fetching.Lock.Repositories.Select(locked => DatasetState.Read(hub, locked)).ToList();
            if (parsed.GetValue(json))
                Terminal.Print(JsonSerializer.Serialize(states, Terminal.Json));
            else
                states.Aggregate(
                    new Terminal.Table(6, "Repository", "Published rows", "Licence", "Files", "Size", "Commit"),
                    (table, it) => table.Add(
                        it.Repository, $"{it.Rows}", it.Licence, $"{it.FilesHere} of {it.Files}", Sizes.Show(it.Bytes),
                        it.Revision?[..12] ?? "")).Print();
            return Session.Done;
        }));
        return command;
    }

    private static Command Fetch()
    {
        var (tasks, model) = (Tasks(), Model());
        var command = new Command("fetch", "Fetch what is not on disk into Hugging Face's cache, and check its rows.")
        {
            tasks, TaskFileOptions.Paths, model, Fetching.Offline, RunOptions.Quiet,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () =>
        {
            using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet), parsed.GetValue(Session.Verbose));
            using var fetching = new Fetching(narrator, parsed.GetValue(Fetching.Offline));
            var chosen = Chosen(parsed.GetValue(tasks), parsed.GetValue(model),
                parsed.GetValue(TaskFileOptions.Paths) is { Length: > 0 } paths ? TaskFileSet.Read(paths, TaskSet.LmEval, ["all"]) : null);
            if (chosen.Count > 0)
            {
                var root = fetching.Datasets(chosen, cancel);
                foreach (var line in DataVerify.Rows(root, chosen).Where(it => !it.IsRight).Select(it => it.Text))
                    narrator.Warn(line);
                Terminal.Line($"datasets: {root.Shown}");
            }
            if (Repo(parsed.GetValue(model)) is { } repo)
                Terminal.Line($"{repo}: {fetching.Checkpoint(repo, weights: true, cancel)}");
            return Session.Done;
        })));
        return command;
    }
}

/// <summary>A repository of datasets, and what of it is on disk.</summary>
internal sealed record DatasetState(
    string Repository, string Licence, int Rows, int Files, int FilesHere, long Bytes, string? Revision)
{
    public static DatasetState Read(HubFetch hub, LockedRepository locked)
    {
        var (repo, commit) = (HubDatasets.Repo(locked), HubDatasets.Commit(hub, locked));
        string[] here = commit is null ? [] : [.. locked.AllFiles.Select(path => new HubFile(repo, commit, path))
            .Where(hub.Cache.Has).Select(hub.Cache.At)];
        return new(
            locked.Id, locked.Licence, locked.Datasets.Values.SelectMany(splits => splits.Values).Sum(split => split.Rows),
            locked.AllFiles.Count(), here.Length, here.Sum(RegularFile.Length), commit);
    }
}
