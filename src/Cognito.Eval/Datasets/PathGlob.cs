using Cognito.Eval.Files;

namespace Cognito.Eval.Datasets;

/// <summary>
/// A pattern of paths, as the datasets library's file systems read it: <c>*</c>, <c>?</c> and <c>[...]</c> within a part, and
/// <c>**</c> for any parts.
/// </summary>
internal sealed class PathGlob
{
    private const int Longest = 1000;

    private readonly string _pattern;

    /// <summary>By part its marks; null where it stands for any parts.</summary>
    private readonly Mark[]?[] _parts;

    /// <summary>What stands for one character, or for any number of them.</summary>
    /// <param name="Fits">Whether a character is one of these; null where any number of any may stand there.</param>
    private readonly record struct Mark(Func<char, bool>? Fits);

    /// <exception cref="InputException">It is none.</exception>
    /// <param name="where">What stands before a message.</param>
    public PathGlob(string pattern, string where)
    {
        _pattern = pattern;
        var parts = pattern.Split('/');
        if (pattern.Length is 0 or > Longest || pattern.StartsWith('/') || pattern.Contains("://", StringComparison.Ordinal)
            || parts.Any(part => part is "." or ".." || part != "**" && part.Contains("**", StringComparison.Ordinal)))
            throw new InputException($"{where}: {Printable.Line(pattern)} is no pattern of files in the repository; give the rows with --data DIR");
        // Any parts at the end are one at least: a file.
        _parts = [.. (parts[^1] == "**" ? [.. parts, "*"] : parts).Select(part => part == "**" ? null : Marks(part).ToArray())];
    }

    /// <summary>Whether it stands for any number of files, none too.</summary>
    public bool HasMarks => _pattern.AsSpan().ContainsAny('*', '?', '[');

    /// <summary>Of these paths those that it means. Hidden ones, and those of folders like <c>__this</c>, only where it names such.</summary>
    public IEnumerable<string> Of(IEnumerable<string> paths) => paths.Where(path => (HasMarks ? IsMatch(path) : path == _pattern)
        && Hidden(path) == Hidden(_pattern) && Special(path) == Special(_pattern));

    private static int Hidden(string path) => path.Split('/').Count(part => part.StartsWith('.'));

    private static int Special(string path) => path.Split('/')[..^1].Count(part => part.StartsWith("__", StringComparison.Ordinal));

    private bool IsMatch(string path) => path.Split('/') is var found
        && IsMatch(_parts.Length, found.Length, p => _parts[p] is null, (p, i) => IsMatch(_parts[p]!, found[i]));

    private static bool IsMatch(Mark[] marks, string part) =>
        part.Length > 0 && IsMatch(marks.Length, part.Length, m => marks[m].Fits is null, (m, i) => marks[m].Fits!(part[i]));

    /// <summary>Whether a pattern, some of whose items stand for any number, fits all of a sequence: in time of the one's length times the other's.</summary>
    private static bool IsMatch(int pattern, int length, Func<int, bool> isAny, Func<int, int, bool> fits)
    {
        var (p, i, any, from) = (0, 0, -1, 0);
        while (i < length)
            if (p < pattern && isAny(p))
                (any, from, p) = (p, i, p + 1);
            else if (p < pattern && fits(p, i))
                (p, i) = (p + 1, i + 1);
            else if (any >= 0)
                // What stands for any number takes one more.
                (p, i, from) = (any + 1, from + 1, from + 1);
            else
                return false;
        while (p < pattern && isAny(p))
            p++;
        return p == pattern;
    }

    private static IEnumerable<Mark> Marks(string part)
    {
        for (var i = 0; i < part.Length; i++)
            if (part[i] == '[' && EndOfClass(part, i) is { } end)
            {
                yield return new(Class(part[(i + 1)..end]));
                i = end;
            }
            else
            {
                var c = part[i];
                yield return c switch { '*' => new(null), '?' => new(_ => true), _ => new(found => found == c) };
            }
    }

    /// <summary>Where a class ends that begins here; null where it does not. A bracket right at its beginning is one of its characters.</summary>
    private static int? EndOfClass(string part, int start)
    {
        var first = start + (start + 1 < part.Length && part[start + 1] == '!' ? 2 : 1);
        return first + 1 <= part.Length && part.IndexOf(']', Math.Min(first + 1, part.Length)) is >= 0 and var end ? end : null;
    }

    /// <summary>What stands between brackets: characters and ranges of them; <c>!</c> in front turns it round.</summary>
    private static Func<char, bool> Class(string inside)
    {
        var (isNot, rest, ranges) = (inside[0] == '!', inside[0] == '!' ? inside[1..] : inside, new List<(char From, char To)>());
        for (var i = 0; i < rest.Length; i++)
            if (i + 2 < rest.Length && rest[i + 1] == '-')
            {
                ranges.Add((rest[i], rest[i + 2]));
                i += 2;
            }
            else
                ranges.Add((rest[i], rest[i]));
        return c => ranges.Exists(range => c >= range.From && c <= range.To) != isNot;
    }
}
