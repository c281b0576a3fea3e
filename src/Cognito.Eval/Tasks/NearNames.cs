namespace Cognito.Eval.Tasks;

/// <summary>Known names that are near to one that is not.</summary>
internal static class NearNames
{
    /// <summary>The nearest first: those that hold it, then by edit distance.</summary>
    public static IEnumerable<string> Of(string name, IEnumerable<string> known) => known.Distinct()
        .OrderByDescending(its => its.Contains(name, StringComparison.OrdinalIgnoreCase))
        .ThenBy(its => Distance(name.ToLowerInvariant(), its.ToLowerInvariant()))
        .ThenBy(its => its, StringComparer.Ordinal);

    /// <summary>The nearest by edit distance alone, as a misspelt key has it.</summary>
    public static string Nearest(string name, IEnumerable<string> known) => known
        .OrderBy(its => Distance(name.ToLowerInvariant(), its.ToLowerInvariant())).ThenBy(its => its, StringComparer.Ordinal).First();

    /// <summary>Levenshtein's edit distance; of a long name's beginning, as no known one is long.</summary>
    private static int Distance(string name, string b)
    {
        const int Most = 256;
        var a = name.Length > Most ? name[..Most] : name;
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(
                    Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}
