using System.Globalization;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Results;

/// <summary>What keeps a run from being a leaderboard score: one sentence a fact.</summary>
public static class Caveats
{
    public static IReadOnlyList<string> Find(
        IReadOnlyList<Questions> asked, IReadOnlyList<Column> columns, Protocol protocol, DataRoot data, Limit? limit)
    {
        var said = new List<string>();
        if (data.IsSamples)
            said.Add($"samples: rows written for this project, not the benchmarks; no score on them is {protocol.Standing}");
        if (limit is not null && asked.Any(task => task.Docs.Count < task.SplitRows))
            said.Add($"--limit {limit}: only the first documents of each task; not {protocol.Standing}");
        foreach (var column in columns)
            if (asked.Where(task => task.Task.Column == column).ToList() is { Count: > 0 } mine)
                said.AddRange(Find(column, mine, protocol, data.IsSamples));
        if (protocol.Average([0.0]) is null)
            return said;
        var missing = columns.Where(column => asked.All(task => task.Task.Column != column)).ToList();
        if (missing.Count > 0)
            said.Add($"no average: {string.Join(", ", missing.Select(column => column.Key))} not asked");
        return said;
    }

    /// <summary>What is said of tasks that show fewer examples than were asked for, as there are no more.</summary>
    /// <param name="shots">As asked for; null means the task's own number.</param>
    public static IEnumerable<string> OfFewerShots(IEnumerable<Questions> asked, int? shots) => asked
        .Where(task => task.Task.ShotOrder == ShotOrder.First && task.Shots < (shots ?? task.Task.Shots))
        .GroupBy(task => (task.Task.ColumnKey, task.Shots), (same, tasks) => (Key: same.ColumnKey, same.Shots, Split: tasks.First().Task.ShotSplit))
        .Select(it => $"{it.Key}: {it.Split} has {it.Shots} rows, so {it.Shots} shots stand in the prompts, not "
            + $"{shots?.ToString(CultureInfo.InvariantCulture) ?? "the task's"}");

    /// <summary>What a run says of rows that are not the lock's; counts are said elsewhere.</summary>
    public static IEnumerable<string> OfRows(IEnumerable<Questions> asked, DatasetLock locked, Protocol protocol) =>
        from task in asked
        from split in task.DataSha256
        let rows = split.Key == task.Task.Split ? task.SplitRows : task.ShotRows ?? 0
        where RowCheck.Compare(locked.Of(task.Task.Dataset, split.Key), rows, split.Value) == LockedRows.OtherDigest
        select $"{task.Task}: the rows of {split.Key} are not those of datasets.lock.json (digest {split.Value[..12]}, "
            + $"not {locked.Of(task.Task.Dataset, split.Key)!.RowsSha256![..12]}); not {protocol.Standing}";

    private static IEnumerable<string> Find(Column column, List<Questions> tasks, Protocol protocol, bool samples)
    {
        if (tasks.Count < column.Tasks)
            yield return $"{column.Key}: {tasks.Count} of {column.Tasks} tasks; not {protocol.Standing}";
        if (protocol.FixesShots && tasks[0].Shots != column.Shots)
            yield return $"{column.Key}: {tasks[0].Shots} shots, {protocol.Owner} are {column.Shots}; not {protocol.Standing}";
        if (samples)
            yield break;
        foreach (var task in tasks.Where(task => task.SplitRows != task.PublishedRows))
            yield return $"{task.Task}: {task.SplitRows} rows in {task.Task.Split}, {task.PublishedRows} were published; "
                + $"not {protocol.Standing}";
        foreach (var task in tasks.Where(task => task.ShotRows != task.PublishedShotRows))
            yield return $"{task.Task}: {task.ShotRows} rows in {task.Task.ShotSplit}, {task.PublishedShotRows} were published, "
                + $"so other examples are drawn; not {protocol.Standing}";
    }
}
