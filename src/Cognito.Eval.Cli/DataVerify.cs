using System.CommandLine;
using System.Text.Json;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval data verify</c>: whether the bytes and rows on disk are the right ones.</summary>
internal static class DataVerify
{
    /// <summary>A split's rows against the lock's.</summary>
    public sealed record Split(string Dataset, string Name, int Rows, string RowsSha256, LockedRows State, int Published)
    {
        public bool IsRight => State is LockedRows.Equal or LockedRows.Unchecked;

        public string Text => $"{Dataset} {Name}: " + State switch
        {
            LockedRows.Equal => $"{Rows} rows, those of datasets.lock.json",
            LockedRows.Unchecked => $"{Rows} rows, as published; datasets.lock.json has no digest to hold them against",
            LockedRows.OtherCount => $"{Rows} rows, {Published} were published; not for a leaderboard score",
            LockedRows.OtherDigest => $"{Rows} rows, as published, but others than those of datasets.lock.json",
            _ => $"{Rows} rows; not in datasets.lock.json",
        };
    }

    public static Command Create()
    {
        var (tasks, model, data, json) = (DataCommand.Tasks(), DataCommand.Model(), Inputs.Data(), Inputs.Json());
        data.Description = "Check the rows of this folder of datasets in place of the cache's files.";
        var command = new Command("verify", "Hash every file on disk and check the rows of each split; makes no request.")
        {
            tasks, model, data, RunOptions.Unbounded, RunOptions.Quiet, json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () =>
        {
            var chosen = DataCommand.Chosen(parsed.GetValue(tasks), parsed.GetValue(model));
            var bounds = RunOptions.Bounds(parsed);
            using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet), parsed.GetValue(Session.Verbose));
            if (parsed.GetValue(data) is { } folder)
                return Report(DataRoot.Open(folder) with { Bounds = bounds }, chosen, parsed.GetValue(json));
            using var fetching = new Fetching(narrator, offline: true);
            var files = new FileCheck(0, []);
            if (DataCommand.Repo(parsed.GetValue(model)) is { } repo)
                files = files.And(FileCheck.Checkpoint(fetching.Hub, repo, narrator.Warn));
            // Files before rows: a flipped byte is named by its file.
            if (chosen.Count > 0)
                files = files.And(FileCheck.Datasets(fetching.Hub, chosen, narrator.Warn))
                    .And(FileCheck.Imports(fetching.Hub.Settings, narrator.Warn));
            files.Require(Tell);
            if (chosen.Count == 0)
            {
                Terminal.Line($"{files.Right} files are right");
                return Session.Done;
            }
            narrator.Say($"{files.Right} files are right");
            return Report(fetching.Datasets(chosen, cancel) with { Bounds = bounds }, chosen, parsed.GetValue(json));
        })));
        return command;
    }

    /// <summary>Every split that the tasks read.</summary>
    /// <param name="unread">Takes what is said of splits that cannot be read; without it the first ends it.</param>
    public static IReadOnlyList<Split> Rows(DataRoot root, IEnumerable<EvalTask> tasks, List<string>? unread = null)
    {
        var splits = new List<Split>();
        var named = from task in tasks
                    where !root.IsSamples || root.Has(task.Dataset)
                    from name in new[] { task.Split, task.ShotSplit }.OfType<string>().Distinct()
                    select (task.Dataset, Name: name);
        foreach (var (dataset, name) in named)
            try
            {
                var (split, locked) = (root.Read(dataset, name), Fetching.Lock.Of(dataset, name));
                splits.Add(new(dataset.Name, name, split.Rows.Count, split.Sha256,
                    RowCheck.Compare(locked, split.Rows.Count, split.Sha256), locked?.Rows ?? 0));
            }
            catch (InputException e) when (unread is not null)
            {
                unread.Add(e.Message);
            }
        return splits;
    }

    private static int Report(DataRoot root, IReadOnlyList<EvalTask> tasks, bool json)
    {
        var unread = new List<string>();
        var splits = Rows(root, tasks, unread);
        Print(splits, unread.Count, json);
        var wrong = splits.Where(split => !split.IsRight).Select(split => $"{split.Text}; fetch or import it again").ToList();
        // Those that are read were told already.
        FileCheck.Require([.. unread, .. wrong], splits.Count + unread.Count, "splits", unread.Count, Tell);
        return Session.Done;
    }

    private static void Tell(string line) => Terminal.Tell(Printable.Line(line));

    private static void Print(IReadOnlyList<Split> splits, int unread, bool json)
    {
        if (json)
            Terminal.Print(JsonSerializer.Serialize(
                splits.Select(split => new
                {
                    dataset = split.Dataset,
                    split = split.Name,
                    rows = split.Rows,
                    rows_sha256 = split.RowsSha256,
                    state = JsonNamingPolicy.SnakeCaseLower.ConvertName(split.State.ToString()),
                }), Terminal.Json));
        else
            foreach (var split in splits.Where(split => split.State != LockedRows.Equal))
                Terminal.Line(split.Text);
        if (!json)
            Terminal.Line($"{splits.Count(split => split.State == LockedRows.Equal)} of {splits.Count + unread} splits hold "
                + "the rows of datasets.lock.json");
    }
}
