namespace Cognito.Eval.Datasets;

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
    public static LockedRows Compare(LockedSplit? locked, int rows, string sha256) => locked switch
    {
        null => LockedRows.Unlocked,
        { RowsSha256: { } right } when right == sha256 => LockedRows.Equal,
        _ when locked.Rows != rows => LockedRows.OtherCount,
        { RowsSha256: null } => LockedRows.Unchecked,
        _ => LockedRows.OtherDigest,
    };
}
