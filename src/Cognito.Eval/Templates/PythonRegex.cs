using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Cognito.Eval.Files;

namespace Cognito.Eval.Templates;

/// <summary>A pattern that is wrong, that asks for what is not done, or that takes too long on a text.</summary>
/// <param name="Kind">"error" as Python has it, "unsupported" or "limit".</param>
public sealed class PythonRegexException(string kind, string message) : Exception(Printable.Line(message))
{
    public string Kind { get; } = kind;

    internal static PythonRegexException Wrong(string message) => new("error", message);
    internal static PythonRegexException Refused(string what) => new(TemplateException.Unsupported, $"{what} is not supported");
}

/// <summary>
/// A pattern of Python's <c>re</c>, run by .NET's. It is read by Python's rules and written anew, so that classes, places, groups and
/// case are Python's. Texts outside the first plane are mapped into it and back, so that a character is one unit.
/// </summary>
public sealed class PythonRegex
{
    /// <summary>Of a pattern, in characters.</summary>
    private const int MostLength = 5_000;

    /// <summary>For one text.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly RegexParser _parsed;
    private readonly RegexNode _root;
    private readonly Lazy<(Regex Any, Lazy<Regex> NotEmpty)> _plain;

    private PythonRegex(string pattern)
    {
        Pattern = pattern;
        (_parsed, _root) = RegexParser.Parse(pattern);
        _plain = new(() => Compile(RegexSubstitution.None));
    }

    public string Pattern { get; }

    /// <summary>How many groups catch something.</summary>
    public int Groups => _parsed.Groups;

    /// <exception cref="PythonRegexException">It is wrong, or asks for what is not done.</exception>
    public static PythonRegex Parse(string pattern)
    {
        if (pattern.Length > MostLength)
            throw new PythonRegexException(TemplateException.Limit, $"a pattern has more than {MostLength} characters");
        try
        {
            var regex = new PythonRegex(pattern);
            _ = regex._plain.Value;
            return regex;
        }
        catch (TemplateException e)
        {
            throw new PythonRegexException(e.Kind, e.Message);
        }
    }

    private (Regex Any, Lazy<Regex> NotEmpty) Compile(RegexSubstitution substitution)
    {
        try
        {
            var text = RegexWriter.Write(_root, substitution);
            return (new(text, RegexOptions.CultureInvariant, Patience),
                new(() => new($@"\G(?:{text})(?!\G)", RegexOptions.CultureInvariant, Patience)));
        }
        catch (ArgumentException)
        {
            throw PythonRegexException.Refused($"the pattern {Pattern}");
        }
    }

    /// <summary>Python's <c>findall</c>: for each match its text, its one group's, or a <see cref="PythonTuple"/> of its groups'.</summary>
    /// <exception cref="PythonRegexException">It takes too long.</exception>
    public IReadOnlyList<object?> FindAll(string text)
    {
        var substitution = RegexSubstitution.For(text, _root);
        string Caught(Match match, int group) => substitution.Back(match.Groups[group.ToString(System.Globalization.CultureInfo.InvariantCulture)].Value);
        return [.. Matches(text, substitution).Select(match => Groups switch
        {
            0 => substitution.Back(match.Value),
            1 => (object?)Caught(match, 1),
            _ => new PythonTuple([.. Enumerable.Range(1, Groups).Select(group => (object?)Caught(match, group))]),
        })];
    }

    /// <summary>Python's <c>sub</c>.</summary>
    /// <param name="count">The most that are replaced; 0 for all.</param>
    /// <exception cref="PythonRegexException">The replacement is wrong, or it takes too long.</exception>
    public string Replace(string text, string replacement, int count = 0)
    {
        if (count < 0)
            throw PythonRegexException.Refused("a negative count");
        var parts = RegexReplacement.Parse(replacement, _parsed);
        var substitution = RegexSubstitution.For(text, _root);
        var source = substitution.To(text);
        var (to, at) = (new StringBuilder(), 0);
        foreach (var match in Matches(text, substitution).Take(count == 0 ? int.MaxValue : count))
        {
            to.Append(substitution.Back(source[at..match.Index]));
            foreach (var (literal, group) in parts)
                to.Append(literal).Append(group is { } number
                    ? substitution.Back(number == 0 ? match.Value : match.Groups[number.ToString(System.Globalization.CultureInfo.InvariantCulture)].Value)
                    : "");
            at = match.Index + match.Length;
            if (to.Length > Budget.MostLength)
                throw new PythonRegexException(TemplateException.Limit, "a replacement makes too long a text");
        }
        return to.Append(substitution.Back(source[at..])).ToString();
    }

    /// <summary>Matches as Python goes from one to the next: after an empty one, one that is not empty may begin at the same place.</summary>
    private List<Match> Matches(string text, RegexSubstitution substitution)
    {
        var source = substitution.To(text);
        var (any, notEmpty) = substitution.IsNone ? _plain.Value : Compile(substitution);
        var matches = new List<Match>();
        var started = Stopwatch.GetTimestamp();
        try
        {
            var (at, isAfterEmpty) = (0, false);
            while (at <= source.Length)
            {
                var match = isAfterEmpty ? notEmpty.Value.Match(source, at) : any.Match(source, at);
                if (Stopwatch.GetElapsedTime(started) > Patience)
                    throw TooLong(text);
                if (isAfterEmpty && !match.Success)
                {
                    isAfterEmpty = false;
                    at++;
                    continue;
                }
                if (!match.Success)
                    break;
                matches.Add(match);
                (at, isAfterEmpty) = (match.Index + match.Length, match.Length == 0);
            }
        }
        catch (RegexMatchTimeoutException)
        {
            throw TooLong(text);
        }
        return matches;
    }

    private PythonRegexException TooLong(string text) =>
        new(TemplateException.Limit, $"the pattern {Pattern} takes too long on a text of {text.Length} characters");

    /// <summary>Python's <c>re.escape</c>.</summary>
    public static string Escape(string text) =>
        string.Concat(text.Select(c => @"()[]{}?*+-|^$\.&~# ".Contains(c, StringComparison.Ordinal) || c is '\t' or '\n' or '\r' or '\v' or '\f' ? $"\\{c}" : c.ToString()));
}

/// <summary>What a match is replaced with: texts and groups.</summary>
internal static class RegexReplacement
{
    public static IReadOnlyList<(string Literal, int? Group)> Parse(string template, RegexParser groups)
    {
        var parts = new List<(string, int?)>();
        for (var at = 0; at < template.Length;)
            if (template[at] != '\\')
                parts.Add((template[at++].ToString(), null));
            else
                at = Escape(template, at + 1, parts, groups);
        return parts;
    }

    private static int Escape(string template, int at, List<(string, int?)> parts, RegexParser groups)
    {
        if (at == template.Length)
            throw PythonRegexException.Wrong("a replacement ends with a backslash");
        var c = template[at];
        if (c == 'g')
        {
            var end = at + 1 < template.Length && template[at + 1] == '<' ? template.IndexOf('>', at) : -1;
            if (end < 0)
                throw PythonRegexException.Wrong(@"a replacement's \g needs a group in <>");
            parts.Add(("", groups.Number(template[(at + 2)..end])));
            return end + 1;
        }
        if (char.IsAsciiDigit(c))
            return Number(template, at, parts, groups);
        var plain = c switch { 'a' => "\a", 'b' => "\b", 'f' => "\f", 'n' => "\n", 'r' => "\r", 't' => "\t", 'v' => "\v", '\\' => "\\", _ => null };
        if (plain is null && char.IsAsciiLetter(c))
            throw PythonRegexException.Wrong($@"a replacement has the escape \{c}, which there is none of");
        parts.Add((plain ?? $"\\{c}", null));
        return at + 1;
    }

    private static int Number(string template, int at, List<(string, int?)> parts, RegexParser groups)
    {
        static bool IsOctal(char c) => c is >= '0' and <= '7';
        var end = at + 1;
        if (template[at] == '0')
        {
            while (end < template.Length && end < at + 3 && IsOctal(template[end]))
                end++;
            parts.Add((((char)Convert.ToInt32(template[at..end], 8)).ToString(), null));
            return end;
        }
        if (end < template.Length && char.IsAsciiDigit(template[end]))
        {
            if (end + 1 < template.Length && IsOctal(template[at]) && IsOctal(template[end]) && IsOctal(template[end + 1]))
            {
                var value = Convert.ToInt32(template[at..(end + 2)], 8);
                parts.Add((value <= 0xff ? ((char)value).ToString() : throw PythonRegexException.Wrong("an octal escape is above 0o377"), null));
                return end + 2;
            }
            end++;
        }
        parts.Add(("", groups.Number(template[at..end])));
        return end;
    }
}
