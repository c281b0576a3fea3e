using System.CommandLine;
using System.Text.Json;
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
            tasks, model, data, RunOptions.Quiet, json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Session.Guard(parsed, () =>
        {
            var chosen = DataCommand.Chosen(parsed.GetValue(tasks), parsed.GetValue(model));
            using var narrator = new Narrator(parsed.GetValue(RunOptions.Quiet));
            if (parsed.GetValue(data) is { } folder)
                return Report(Rows(DataRoot.Open(folder), chosen), parsed.GetValue(json));
            using var fetching = new Fetching(narrator, offline: true);
            var files = 0;
            if (DataCommand.Repo(parsed.GetValue(model)) is { } repo)
                files += FileCheck.Checkpoint(fetching.Hub, repo, narrator.Warn);
            if (chosen.Count == 0)
            {
                Terminal.Line($"{files} files are right");
                return Session.Done;
            }
            // Files before rows: a flipped byte is named by its file.
            files += FileCheck.Datasets(fetching.Hub, chosen, narrator.Warn)
                + FileCheck.Imports(fetching.Hub.Settings, narrator.Warn);
            narrator.Say($"{files} files are right");
            return Report(Rows(fetching.Datasets(chosen, cancel), chosen), parsed.GetValue(json));
        })));
        return command;
    }

    /// <summary>Every split that the tasks read.</summary>
    public static IReadOnlyList<Split> Rows(DataRoot root, IEnumerable<EvalTask> tasks) =>
    [
        .. from task in tasks
           where !root.IsSamples || root.Has(task.Dataset)
           from name in new[] { task.Split, task.ShotSplit }.OfType<string>().Distinct()
           let split = root.Read(task.Dataset, name)
           let locked = Fetching.Lock.Of(task.Dataset, name)
           select new Split(
               task.Dataset.Name, name, split.Rows.Count, split.Sha256, RowCheck.Of(locked, split.Rows.Count, split.Sha256),
               locked?.Rows ?? 0),
    ];

    private static int Report(IReadOnlyList<Split> splits, bool json)
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
        var wrong = splits.Where(split => !split.IsRight).ToList();
        if (!json)
            Terminal.Line($"{splits.Count(split => split.State == LockedRows.Equal)} of {splits.Count} splits hold the rows "
                + "of datasets.lock.json");
        return wrong.Count == 0 ? Session.Done : throw new InputException(
            $"{wrong[0].Text}{(wrong.Count > 1 ? $" (and {wrong.Count - 1} more splits)" : "")}; fetch or import it again");
    }
}
