using Cognito.Eval.Files;

namespace Cognito.Eval.Journal;

/// <summary>A journal copied to be looked into, while a process may be at work on it.</summary>
internal static class JournalCopy
{
    /// <summary>How often one that changes meanwhile is copied again: commits are a second apart.</summary>
    private const int Most = 20;

    private static readonly string[] suffixes = ["", "-wal"];

    /// <summary>Copies the database and its log as they were at one moment.</summary>
    /// <exception cref="InputException">It is larger than a journal may be.</exception>
    public static void Make(string path, string copy)
    {
        for (var n = 1; n <= Most && !IsMade(path, copy); n++)
            // Nothing tells when another process has ended its commit, which takes some milliseconds. A copy that never stood
            // still is looked at all the same: SQLite tells a torn one.
            Thread.Sleep(n);
    }

    /// <summary>In bytes; 0 where there is no file.</summary>
    public static long Length(string path) => RegularFile.Length(path);

    /// <summary>False if either file changed meanwhile.</summary>
    private static bool IsMade(string path, string copy)
    {
        (long, DateTime)[] before = [.. suffixes.Select(suffix => Stamp(path + suffix))];
        foreach (var suffix in suffixes)
        {
            File.Delete(copy + suffix);
            if (RegularFile.Exists(path + suffix))
                Copy(path + suffix, copy + suffix);
        }
        return suffixes.Select(suffix => Stamp(path + suffix)).SequenceEqual(before);
    }

    private static void Copy(string from, string to)
    {
        using var source = RegularFile.Open(from, FileKind.Journal);
        using var target = File.Create(to);
        source.CopyTo(target);
    }

    private static (long, DateTime) Stamp(string path) => (Length(path), File.GetLastWriteTimeUtc(path));
}
