using System.Text;
using System.Text.RegularExpressions;
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
    private readonly Regex? _regex;

    /// <exception cref="InputException">It is none.</exception>
    /// <param name="where">What stands before a message.</param>
    public PathGlob(string pattern, string where)
    {
        _pattern = pattern;
        if (pattern.Length is 0 or > Longest || pattern.StartsWith('/') || pattern.Contains("://", StringComparison.Ordinal)
            || pattern.Split('/').Any(part => part is "." or ".." || part != "**" && part.Contains("**", StringComparison.Ordinal)))
            throw new InputException($"{where}: {Printable.Line(pattern)} is no pattern of files in the repository; give the rows with --data DIR");
        // Without backtracking: a pattern from elsewhere must not cost more than its length.
        _regex = HasMarks ? new(Translated(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant) : null;
    }

    /// <summary>Whether it stands for any number of files, none too.</summary>
    public bool HasMarks => _pattern.AsSpan().ContainsAny('*', '?', '[');

    /// <summary>Of these paths those that it means. Hidden ones, and those of folders like <c>__this</c>, only where it names such.</summary>
    public IEnumerable<string> Of(IEnumerable<string> paths) => paths.Where(path => (_regex?.IsMatch(path) ?? path == _pattern)
        && Hidden(path) == Hidden(_pattern) && Special(path) == Special(_pattern));

    private static int Hidden(string path) => path.Split('/').Count(part => part.StartsWith('.'));

    private static int Special(string path) => path.Split('/')[..^1].Count(part => part.StartsWith("__", StringComparison.Ordinal));

    private static string Translated(string pattern)
    {
        var parts = pattern.Split('/');
        return $@"\A(?s:{string.Concat(parts.Select((part, i) => (part, i < parts.Length - 1) switch
        {
            ("**", true) => "(?:.+/)?",
            ("**", false) => ".*",
            ("*", var goesOn) => $"[^/]+{(goesOn ? "/" : "")}",
            (_, var goesOn) => OfPart(part) + (goesOn ? "/" : ""),
        }))})\z";
    }

    private static string OfPart(string part)
    {
        var to = new StringBuilder();
        for (var i = 0; i < part.Length; i++)
            if (part[i] == '[' && part.IndexOf(']', Math.Min(part.Length, i + (i + 1 < part.Length && part[i + 1] == '!' ? 3 : 2))) is var end and > 0)
            {
                to.Append(OfClass(part[(i + 1)..end]));
                i = end;
            }
            else
                to.Append(part[i] switch { '*' => "[^/]*", '?' => "[^/]", var c => Escaped(c) });
        return to.ToString();
    }

    /// <summary>What stands between brackets: characters and ranges of them; <c>!</c> in front turns it round.</summary>
    private static string OfClass(string inside)
    {
        var (isNot, rest, set) = (inside[0] == '!', inside[0] == '!' ? inside[1..] : inside, new StringBuilder());
        for (var i = 0; i < rest.Length; i++)
            if (i + 2 < rest.Length && rest[i + 1] == '-')
            {
                if (rest[i] <= rest[i + 2])
                    set.Append($"{Escaped(rest[i])}-{Escaped(rest[i + 2])}");
                i += 2;
            }
            else
                set.Append(Escaped(rest[i]));
        return set.Length > 0 ? $"[{(isNot ? "^" : "")}{set}]" : isNot ? "." : @"[^\s\S]";
    }

    private static string Escaped(char c) => $@"\u{(int)c:x4}";
}
