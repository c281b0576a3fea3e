using System.Numerics;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>The methods of Python's texts.</summary>
internal static class TextMethods
{
    public static object? Call(string text, string method, Arguments arguments, Budget budget)
    {
        budget.Spend(text.Length / 4);
        return method switch
        {
            "upper" or "lower" or "capitalize" or "title" or "casefold" or "swapcase" => Cased(text, method, arguments),
            "strip" or "lstrip" or "rstrip" => Strip(text, method, arguments),
            "split" or "rsplit" => Split(text, method, arguments, budget),
            "splitlines" => new PythonList(Lines(text, arguments.Bind("splitlines()", 0, "keepends").IsTrue("keepends"))),
            "replace" => Replace(text, arguments, budget),
            "join" => Join(text, arguments.Positionals("join", 1, 1)[0], budget),
            "find" or "rfind" or "index" or "rindex" or "count" => Find(text, method, arguments),
            "startswith" or "endswith" => Begins(text, method, arguments),
            "center" or "ljust" or "rjust" or "zfill" => Pad(text, method, arguments, budget),
            "partition" or "rpartition" => Partition(text, method, arguments),
            "removeprefix" => Part(arguments, method) is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text,
            "removesuffix" => Part(arguments, method) is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text,
            "expandtabs" => ExpandTabs(text, arguments.Bind("expandtabs()", 0, "tabsize").Count("tabsize", 8), budget),
            "format" => FormatMethod.Apply(text, arguments, budget),
            _ when method.StartsWith("is", StringComparison.Ordinal) => Is(text, method, arguments),
            _ => throw TemplateException.Refused($"str.{method}()"),
        };
    }

    private static string Part(Arguments arguments, string method) => Text(arguments.Positionals(method, 1, 1)[0], method);

    private static string Text(object? value, string method) => value as string
        ?? throw (value is PythonUndefined undefined ? undefined.Error() : TemplateException.Type($"{method}() takes text, not {PythonValue.TypeName(value)}"));

    private static BigInteger? Number(IReadOnlyList<object?> values, int at, string method) => at >= values.Count || values[at] is null ? null
        : PythonNumber.IsInteger(values[at]) ? PythonNumber.Integer(values[at])
        : throw TemplateException.Type($"{method}() takes a whole number, not {PythonValue.TypeName(values[at])}");

    private static string Cased(string text, string method, Arguments arguments)
    {
        arguments.Positionals(method, 0, 0);
        return method switch
        {
            "upper" => PythonText.Upper(text),
            "lower" => PythonText.Lower(text),
            "capitalize" => PythonText.Capitalize(text),
            "title" => PythonText.Title(text),
            "casefold" => PythonText.CaseFold(text),
            _ => PythonText.SwapCase(text),
        };
    }

    private static string Strip(string text, string method, Arguments arguments) =>
        Strip(text, arguments.Positionals(method, 0, 1) is [{ } marks] ? Text(marks, method) : null, method);

    /// <param name="marks">The characters that go; null for white space.</param>
    public static string Strip(string text, string? marks, string method)
    {
        if (marks is null)
            return method switch { "lstrip" => PythonText.TrimStart(text), "rstrip" => PythonText.TrimEnd(text), _ => PythonText.Strip(text) };
        var set = CodePoints.Of(marks).ToHashSet();
        string[] points = [.. CodePoints.Of(text)];
        var (start, end) = (0, points.Length);
        while (method != "rstrip" && start < end && set.Contains(points[start]))
            start++;
        while (method != "lstrip" && end > start && set.Contains(points[end - 1]))
            end--;
        return string.Concat(points[start..end]);
    }

    private static PythonList Split(string text, string method, Arguments arguments, Budget budget)
    {
        var bound = arguments.Bind(method + "()", 0, "sep", "maxsplit");
        var most = bound.Count("maxsplit", -1) is >= 0 and var given ? given : int.MaxValue;
        var parts = bound.TextOrNone("sep") is { } separator ? SplitAt(text, separator, most, method == "rsplit") : SplitAtSpace(text, most, method == "rsplit");
        budget.Spend(parts.Count);
        return new(parts);
    }

    private static List<object?> SplitAt(string text, string separator, int most, bool fromEnd)
    {
        if (separator.Length == 0)
            throw TemplateException.Value("a text is split at an empty one");
        var parts = new List<object?>();
        var rest = (Start: 0, End: text.Length);
        while (most-- > 0 && rest.End - rest.Start >= separator.Length)
        {
            var at = fromEnd
                ? text.AsSpan(rest.Start, rest.End - rest.Start).LastIndexOf(separator)
                : text.AsSpan(rest.Start, rest.End - rest.Start).IndexOf(separator);
            if (at < 0)
                break;
            at += rest.Start;
            parts.Add(fromEnd ? text[(at + separator.Length)..rest.End] : text[rest.Start..at]);
            rest = fromEnd ? (rest.Start, at) : (at + separator.Length, rest.End);
        }
        parts.Add(text[rest.Start..rest.End]);
        if (fromEnd)
            parts.Reverse();
        return parts;
    }

    private static List<object?> SplitAtSpace(string text, int most, bool fromEnd)
    {
        var parts = new List<object?>();
        var (start, end) = (0, text.Length);
        while (true)
        {
            while (start < end && PythonText.IsSpace(text[fromEnd ? end - 1 : start]))
                (start, end) = fromEnd ? (start, end - 1) : (start + 1, end);
            if (start == end)
                break;
            var (first, last) = (start, end);
            if (most-- <= 0)
                (start, end) = (0, 0);
            while (start < end && !PythonText.IsSpace(text[fromEnd ? end - 1 : start]))
                (start, end) = fromEnd ? (start, end - 1) : (start + 1, end);
            parts.Add(fromEnd ? text[Math.Max(end, first)..last] : text[first..(start == 0 ? last : start)]);
        }
        if (fromEnd)
            parts.Reverse();
        return parts;
    }

    public static IEnumerable<string> Lines(string text, bool keepEnds)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && text[end] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029'))
                end++;
            var next = end + (end + 1 < text.Length && text[end] == '\r' && text[end + 1] == '\n' ? 2 : end < text.Length ? 1 : 0);
            yield return text[start..(keepEnds ? next : end)];
            start = next;
        }
    }

    private static string Replace(string text, Arguments arguments, Budget budget)
    {
        var values = arguments.Positionals("replace", 2, 3);
        return Replace(text, Text(values[0], "replace"), Text(values[1], "replace"), Number(values, 2, "replace") ?? -1, budget);
    }

    /// <param name="most">Negative for all.</param>
    public static string Replace(string text, string old, string with, BigInteger most, Budget budget)
    {
        var left = most < 0 ? BigInteger.Pow(2, 62) : most;
        var result = new StringBuilder();
        var at = 0;
        while (left > 0)
        {
            var found = old.Length == 0 ? at : text.IndexOf(old, at, StringComparison.Ordinal);
            if (found < 0)
                break;
            result.Append(text, at, found - at).Append(with);
            at = found + old.Length;
            left -= 1;
            budget.Spend(1 + with.Length);
            if (old.Length > 0)
                continue;
            if (at == text.Length)
                break;
            var width = char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;
            result.Append(text, at, width);
            at += width;
        }
        return result.Append(text, at, text.Length - at).ToString();
    }

    public static string Join(string separator, object? items, Budget budget)
    {
        var result = new StringBuilder();
        foreach (var (i, item) in PythonSequence.Items(items, budget).Index())
        {
            if (i > 0)
                result.Append(separator);
            result.Append(item as string ?? throw (item is PythonUndefined undefined ? undefined.Error()
                : item is SafeText ? TemplateException.Refused("join() of text of |e, |safe or |tojson")
                : TemplateException.Type($"join() takes texts; item {i} is {PythonValue.TypeName(item)}")));
            budget.Spend(separator.Length + ((string)item!).Length);
        }
        return result.ToString();
    }

    private static object Find(string text, string method, Arguments arguments)
    {
        var values = arguments.Positionals(method, 1, 3);
        var part = Text(values[0], method);
        var window = Window(text, values, method);
        var within = window is (var low, var high) ? text.AsSpan(low, high - low) : [];
        if (method == "count")
            return window is null ? 0L : part.Length == 0 ? PythonText.Length(within.ToString()) + 1L : (long)within.Count(part);
        var at = window is null ? -1 : method[0] == 'r' ? within.LastIndexOf(part) : within.IndexOf(part);
        if (at >= 0)
            return (long)CodePoints.Before(text, window!.Value.Low + at);
        return method.EndsWith("index", StringComparison.Ordinal) ? throw TemplateException.Value("what index() looks for is not in the text") : -1L;
    }

    /// <summary>The places between which a part is looked for; null where the first is past the last.</summary>
    private static (int Low, int High)? Window(string text, IReadOnlyList<object?> values, string method)
    {
        BigInteger length = PythonText.Length(text);
        BigInteger FromEnd(BigInteger bound) => bound < 0 ? BigInteger.Max(0, bound + length) : bound;
        var start = FromEnd(Number(values, 1, method) ?? 0);
        var stop = BigInteger.Min(length, FromEnd(Number(values, 2, method) ?? length));
        return start > stop ? null : (CodePoints.Place(text, (int)start), CodePoints.Place(text, (int)stop));
    }

    private static bool Begins(string text, string method, Arguments arguments)
    {
        var values = arguments.Positionals(method, 1, 3);
        string[] parts = values[0] is PythonTuple tuple ? [.. tuple.Select(part => Text(part, method))] : [Text(values[0], method)];
        return Window(text, values, method) is (var low, var high) && text[low..high] is var within && parts.Any(part =>
            method == "startswith" ? within.StartsWith(part, StringComparison.Ordinal) : within.EndsWith(part, StringComparison.Ordinal));
    }

    private static string Pad(string text, string method, Arguments arguments, Budget budget)
    {
        var values = arguments.Positionals(method, 1, method == "zfill" ? 1 : 2);
        var width = Number(values, 0, method) ?? throw TemplateException.Type($"{method}() takes a whole number");
        var fill = values.Count > 1 ? Text(values[1], method) : " ";
        if (PythonText.Length(fill) != 1)
            throw TemplateException.Type($"{method}() fills with one character");
        return Pad(text, width, method, fill, budget);
    }

    public static string Pad(string text, BigInteger width, string method, string fill, Budget budget)
    {
        var length = PythonText.Length(text);
        if (width <= length)
            return text;
        budget.Spend(width > Budget.MostLength ? long.MaxValue : (long)width);
        var missing = (int)width - length;
        string Fill(int count) => string.Concat(Enumerable.Repeat(fill, count));
        var left = missing / 2 + (missing & (int)width & 1);
        return method switch
        {
            "ljust" => text + Fill(missing),
            "rjust" => Fill(missing) + text,
            "zfill" when text is ['+' or '-', ..] => text[0] + new string('0', missing) + text[1..],
            "zfill" => new string('0', missing) + text,
            _ => Fill(left) + text + Fill(missing - left),
        };
    }

    private static PythonTuple Partition(string text, string method, Arguments arguments)
    {
        var separator = Part(arguments, method);
        if (separator.Length == 0)
            throw TemplateException.Value("a text is split at an empty one");
        var at = method == "partition" ? text.IndexOf(separator, StringComparison.Ordinal) : text.LastIndexOf(separator, StringComparison.Ordinal);
        return at >= 0 ? new([text[..at], separator, text[(at + separator.Length)..]])
            : method == "partition" ? new([text, "", ""])
            : new(["", "", text]);
    }

    private static string ExpandTabs(string text, int size, Budget budget)
    {
        var result = new StringBuilder();
        var column = 0;
        foreach (var point in CodePoints.Of(text))
            if (point == "\t")
            {
                var spaces = size > 0 ? size - column % size : 0;
                budget.Spend(spaces);
                result.Append(' ', spaces);
                column += spaces;
            }
            else
            {
                result.Append(point);
                column = point is "\n" or "\r" ? 0 : column + 1;
            }
        return result.ToString();
    }

    private static bool Is(string text, string method, Arguments arguments)
    {
        arguments.Positionals(method, 0, 0);
        return method switch
        {
            "isalpha" => PythonText.IsAll(text, PythonUnicode.IsAlpha),
            "isdigit" => PythonText.IsAll(text, PythonUnicode.IsDigit),
            "isdecimal" => PythonText.IsAll(text, PythonUnicode.IsDecimal),
            "isnumeric" => PythonText.IsAll(text, PythonUnicode.IsNumeric),
            "isalnum" => PythonText.IsAll(text, rune => PythonUnicode.IsAlpha(rune) || PythonUnicode.IsNumeric(rune)),
            "isspace" => PythonText.IsAll(text, PythonUnicode.IsSpace),
            "isascii" => text.All(char.IsAscii),
            "isprintable" => text.Length == 0 || PythonText.IsAll(text, PythonUnicode.IsPrintable) && !HasHalf(text),
            "islower" => PythonText.IsOneCase(text, PythonUnicode.IsLower),
            "isupper" => PythonText.IsOneCase(text, PythonUnicode.IsUpper),
            "istitle" => PythonText.IsTitle(text),
            "isidentifier" => throw TemplateException.Refused("str.isidentifier()"),
            _ => throw TemplateException.Refused($"str.{method}()"),
        };
    }

    private static bool HasHalf(string text) => CodePoints.Of(text).Any(point => point.Length == 1 && char.IsSurrogate(point[0]));
}
