using System.Numerics;
using System.Text;

namespace Cognito.Eval.Templates;

/// <content>Filters of texts. What is no text is one first, as it prints.</content>
internal static partial class TemplateFilters
{
    private static Dictionary<string, Filter> OfTexts() => new()
    {
        ["upper"] = (value, arguments, context) => Method(value, "upper", arguments, context),
        ["lower"] = (value, arguments, context) => Method(value, "lower", arguments, context),
        ["capitalize"] = (value, arguments, context) => Method(value, "capitalize", arguments, context),
        ["title"] = (value, arguments, context) => Title(Bind("title", arguments, 0) is not null ? context.Str(value) : ""),
        ["trim"] = (value, arguments, context) => TextMethods.Strip(context.Str(value), Bind("trim", arguments, 0, "chars").TextOrNone("chars"), "strip"),
        ["replace"] = Replace,
        ["regex_replace"] = RegexReplace,
        ["format"] = (value, arguments, context) => arguments switch
        {
            { Positional.Count: > 0, Named.Count: > 0 } => throw new TemplateException("FilterArgumentError", "|format takes values with or without names, not both"),
            { Named.Count: > 0 } => PercentFormat.Apply(context.Str(value), Dict(arguments.Named), context.Budget),
            _ => PercentFormat.Apply(context.Str(value), new PythonTuple(arguments.Positional), context.Budget),
        },
        ["center"] = (value, arguments, context) =>
            TextMethods.Pad(context.Str(value), Bind("center", arguments, 0, "width").Integer("width", 80), "center", " ", context.Budget),
        ["indent"] = Indent,
        ["truncate"] = Truncate,
        ["wordcount"] = (value, arguments, context) => Bind("wordcount", arguments, 0) is not null ? WordCount(context.Str(value)) : null,
        ["wordwrap"] = (value, arguments, context) => WordWrap.Apply(Text("wordwrap", value), Bind(
            "wordwrap", arguments, 0, "width", "break_long_words", "wrapstring", "break_on_hyphens"), context.Budget),
        ["striptags"] = (value, arguments, context) => Bind("striptags", arguments, 0) is not null ? StripTags(context.Str(value)) : null,
    };

    private static string Text(string filter, object? value) => value as string
        ?? throw (value is PythonUndefined undefined ? undefined.Error() : TemplateException.Type($"|{filter} takes text, not {PythonValue.TypeName(value)}"));

    private static object? Method(object? value, string method, Arguments arguments, FilterContext context) =>
        TextMethods.Call(context.Str(value), method, arguments, context.Budget);

    private static PythonDict Dict(IEnumerable<(string Name, object? Value)> named) =>
        PythonDict.Of(named.Select(entry => KeyValuePair.Create(entry.Name, entry.Value)));

    private static string Replace(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("replace", arguments, 2, "old", "new", "count");
        var count = bound["count"] is null ? -1 : bound.Integer("count", -1);
        return TextMethods.Replace(context.Str(value), context.Str(bound["old"]), context.Str(bound["new"]), count, context.Budget);
    }

    private static string RegexReplace(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("regex_replace", arguments, 2, "pattern", "repl", "count");
        try
        {
            return PythonRegex.Parse(bound.Text("pattern")).Replace(Text("regex_replace", value), bound.Text("repl"), bound.Count("count", 0));
        }
        catch (PythonRegexException e)
        {
            throw new TemplateException(e.Kind, $"|regex_replace: {e.Message}");
        }
    }

    /// <summary>Jinja's own: a word begins after a hyphen, white space or an opening bracket.</summary>
    private static string Title(string text)
    {
        var to = new StringBuilder();
        for (var start = 0; start < text.Length;)
        {
            var isGap = IsGap(text[start]);
            var end = start;
            while (end < text.Length && IsGap(text[end]) == isGap)
                end++;
            var first = end - start > 1 && char.IsSurrogatePair(text[start], text[start + 1]) ? 2 : 1;
            to.Append(PythonText.Upper(text.Substring(start, first))).Append(PythonText.Lower(text[(start + first)..end]));
            start = end;
        }
        return to.ToString();
    }

    private static bool IsGap(char c) => PythonText.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<';

    private static string Indent(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("indent", arguments, 0, "width", "first", "blank");
        var width = bound["width"] as string ?? new string(' ', bound.Count("width", 4) is > Budget.MostLength
            ? throw new TemplateException(TemplateException.Limit, "an indent is too wide")
            : Math.Max(0, bound.Count("width", 4)));
        string[] lines = [.. TextMethods.Lines(Text("indent", value) + "\n", keepEnds: false)];
        context.Budget.Spend((long)lines.Length * width.Length);
        var isBlank = bound.IsTrue("blank");
        var text = string.Join('\n', lines.Select((line, i) => i > 0 && (isBlank || line.Length > 0) ? width + line : line));
        return bound.IsTrue("first") ? width + text : text;
    }

    private static string Truncate(object? value, Arguments arguments, FilterContext context)
    {
        var bound = Bind("truncate", arguments, 0, "length", "killwords", "end", "leeway");
        var text = Text("truncate", value);
        var (length, end) = (bound.Integer("length", 255), bound.Text("end", "..."));
        var leeway = bound["leeway"] is null ? 5 : bound.Integer("leeway", 5);
        var kept = length - PythonText.Length(end);
        if (kept < 0 || leeway < 0)
            throw new TemplateException("AssertionError", "|truncate's length is less than its end's, or its leeway is less than 0");
        if (PythonText.Length(text) <= length + leeway)
            return text;
        var cut = CodePoints.Slice(text, null, kept, 1);
        var space = bound.IsTrue("killwords") ? -1 : cut.LastIndexOf(' ');
        return (space >= 0 ? cut[..space] : cut) + end;
    }

    /// <summary>Runs of letters, digits and underscores.</summary>
    private static long WordCount(string text)
    {
        var (count, isWithin) = (0L, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var isWord = rune.Value == '_' || PythonUnicode.IsAlpha(rune) || PythonUnicode.IsNumeric(rune);
            count += isWord && !isWithin ? 1 : 0;
            isWithin = isWord;
        }
        return count;
    }

    private static string StripTags(string text)
    {
        if (text.Contains("<!--", StringComparison.Ordinal) || text.Index().Any(c => c.Item == '&' && c.Index + 1 < text.Length
            && (text[c.Index + 1] == '#' || char.IsAsciiLetter(text[c.Index + 1]))))
            throw TemplateException.Refused("|striptags of text with comments or '&' before a letter");
        var to = new StringBuilder();
        for (var at = 0; at < text.Length;)
            if (text[at] == '<' && text.IndexOf('>', at) is >= 0 and var end)
                at = end + 1;
            else
                to.Append(text[at++]);
        return string.Join(' ', SplitAtSpaces(to.ToString()));
    }

    private static IEnumerable<string> SplitAtSpaces(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var start = at;
            while (at < text.Length && !PythonText.IsSpace(text[at]))
                at++;
            if (at > start)
                yield return text[start..at];
            at++;
        }
    }
}

/// <summary>Python's <c>textwrap</c> as Jinja calls it, for text without hyphens.</summary>
internal static class WordWrap
{
    public static string Apply(string text, Bound bound, Budget budget)
    {
        var width = bound.Count("width", 79);
        var breaks = !bound.Has("break_long_words") || bound.IsTrue("break_long_words");
        var onHyphens = !bound.Has("break_on_hyphens") || bound.IsTrue("break_on_hyphens");
        if (onHyphens && text.Contains('-', StringComparison.Ordinal))
            throw TemplateException.Refused("|wordwrap of text with hyphens");
        if (width <= 0)
            throw TemplateException.Value("|wordwrap takes a width above 0");
        var joint = bound.TextOrNone("wrapstring") ?? "\n";
        var wrapped = string.Join(joint, TextMethods.Lines(text, keepEnds: false).Select(line => string.Join(joint, Lines(line, width, breaks))));
        budget.Spend(wrapped.Length);
        return wrapped;
    }

    private static List<string> Lines(string text, int width, bool breaks)
    {
        var chunks = new Stack<string[]>(Chunks(text).Reverse().Select(chunk => CodePoints.Of(chunk).ToArray()));
        var lines = new List<string>();
        while (chunks.Count > 0)
        {
            var (line, length) = (new List<string[]>(), 0);
            if (lines.Count > 0 && IsBlank(chunks.Peek()))
                chunks.Pop();
            while (chunks.Count > 0 && length + chunks.Peek().Length <= width)
            {
                length += chunks.Peek().Length;
                line.Add(chunks.Pop());
            }
            if (chunks.Count > 0 && chunks.Peek().Length > width)
                if (breaks)
                {
                    var chunk = chunks.Pop();
                    line.Add(chunk[..(width - length)]);
                    chunks.Push(chunk[(width - length)..]);
                }
                else if (line.Count == 0)
                    line.Add(chunks.Pop());
            if (line.Count > 0 && IsBlank(line[^1]))
                line.RemoveAt(line.Count - 1);
            if (line.Count > 0)
                lines.Add(string.Concat(line.SelectMany(part => part)));
        }
        return lines;
    }

    private static bool IsBlank(string[] chunk) => chunk.All(point => point.Length == 1 && PythonText.IsSpace(point[0]));

    private static IEnumerable<string> Chunks(string text)
    {
        static bool IsSpace(char c) => c is '\t' or '\n' or '\v' or '\f' or '\r' or ' ';
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && IsSpace(text[end]) == IsSpace(text[start]))
                end++;
            yield return text[start..end];
            start = end;
        }
    }
}
