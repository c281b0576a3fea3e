namespace Cognito.Eval;

/// <summary>How a split's rows compare with the lock's.</summary>
public enum LockedRows
{
    Equal,

    /// <summary>As many as were published; no digest is known to hold them against.</summary>
    Unchecked,
    OtherCount,
    OtherDigest,

    /// <summary>The lock does not name the split.</summary>
    Unlocked,
}

/// <summary>Holds rows against the lock.</summary>
public static class RowCheck
{
    public static LockedRows Of(LockedSplit? locked, int rows, string sha256) => locked switch
    {
        null => LockedRows.Unlocked,
        { RowsSha256: { } right } when right == sha256 => LockedRows.Equal,
        _ when locked.Rows != rows => LockedRows.OtherCount,
        { RowsSha256: null } => LockedRows.Unchecked,
        _ => LockedRows.OtherDigest,
    };

    /// <summary>What a run says of rows that are not the lock's; counts are said elsewhere.</summary>
    public static IEnumerable<string> Doubts(IEnumerable<Questions> asked, DatasetLock locked) =>
        from task in asked
        from split in task.DataSha256
        let rows = split.Key == task.Task.Split ? task.SplitRows : task.ShotRows ?? 0
        where Of(locked.Of(task.Task.Dataset, split.Key), rows, split.Value) == LockedRows.OtherDigest
        select $"{task.Task}: the rows of {split.Key} are not those of datasets.lock.json (digest {split.Value[..12]}, "
            + $"not {locked.Of(task.Task.Dataset, split.Key)!.RowsSha256![..12]}); not a leaderboard score";
}
