namespace Cognito.Eval.Files;

/// <summary>Known names that are near to one that is not: of options, commands, tasks, keys and files alike.</summary>
internal static class NearNames
{
    /// <summary>The nearest by edit distance, as a misspelt key has it.</summary>
    public static string Nearest(string name, IEnumerable<string> known) => known
        .OrderBy(its => Distance(Plain(name), Plain(its))).ThenBy(its => its, StringComparer.Ordinal).First();

    /// <summary>The nearest, if one is near enough to be what was meant: a third of its letters may differ, or it holds the name.</summary>
    public static string? Near(string name, IEnumerable<string> known)
    {
        const int LeastPart = 3, LettersAnError = 3;
        var plain = Plain(name);
        return known.Distinct().Select(its => (Name: its, Plain: Plain(its), Distance: Distance(plain, Plain(its))))
            .Where(it => it.Plain.Length > 0
                && (it.Distance <= Math.Max(1, Math.Min(plain.Length, it.Plain.Length) / LettersAnError) && it.Distance < it.Plain.Length
                    || plain.Length >= LeastPart && it.Plain.Contains(plain, StringComparison.Ordinal)))
            .OrderBy(it => it.Distance).ThenBy(it => it.Name, StringComparer.Ordinal).Select(it => it.Name).FirstOrDefault();
    }

    /// <summary>"did you mean NAME? " for a message, before what else may be done; nothing where none is near.</summary>
    public static string Hint(string name, IEnumerable<string> known) => Asked(Near(name, known));

    /// <summary>The same of a path that is not there: the first of its parts that is missing, by what lies beside it.</summary>
    public static string PathHint(string path) => Asked(NearPath(path));

    private static string Asked(string? near) => near is null ? "" : $"did you mean {near}? ";

    /// <summary>A path like this one that is there; null where none is.</summary>
    public static string? NearPath(string path)
    {
        try
        {
            var parts = path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
            var there = Path.IsPathRooted(path) ? Path.GetPathRoot(path)! : "";
            foreach (var part in parts)
            {
                var next = Path.Combine(there, part);
                if (Path.Exists(next))
                    there = next;
                else if (Near(part, Directory.EnumerateFileSystemEntries(there.Length == 0 ? "." : there).Take(MostEntries).Select(entry => Path.GetFileName(entry))) is { } near)
                    there = Path.Combine(there, near);
                else
                    return null;
            }
            return parts.Length > 0 ? there : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private const int MostEntries = 10_000;

    /// <summary>Without what names differ in without being misspelt: letters' size, dashes before and between.</summary>
    private static string Plain(string name) => name.TrimStart('-').Replace('_', '-').ToLowerInvariant();

    /// <summary>
    /// Edit distance in which neighbours that changed places are one error (optimal string alignment); of a long name's beginning, as no
    /// known one is long.
    /// </summary>
    private static int Distance(string name, string b)
    {
        const int Most = 256;
        var a = name.Length > Most ? name[..Most] : name;
        var (before, last, row) = (new int[b.Length + 1], Enumerable.Range(0, b.Length + 1).ToArray(), new int[b.Length + 1]);
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
            (before, last, row) = (last, row, before);
        }
        return last[^1];
    }
}
