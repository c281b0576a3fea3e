using System.Globalization;
using System.Text;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Protocols;

/// <summary>JSON as Python's <c>json.dumps(value, ensure_ascii=False)</c> writes it.</summary>
internal static class PythonJsonText
{
    /// <param name="value">Null, a bool, long, int, double or string, or a list or dictionary of these.</param>
    /// <param name="indent">Spaces of each level, on a line an item; null puts all on one line.</param>
    public static string Write(object? value, int? indent = null) => Append(new(), value, indent, 0).ToString();

    private static StringBuilder Append(StringBuilder to, object? value, int? indent, int level) => value switch
    {
        null => to.Append("null"),
        bool flag => to.Append(flag ? "true" : "false"),
        long or int => to.Append(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture)),
        double number => to.Append(Number(number)),
        string text => to.Append(RequestDigest.Quoted(text, ascii: false)),
        IEnumerable<KeyValuePair<string, object?>> part => Items(to, '{', part, '}', indent, level, (inner, level) =>
            Append(to.Append(RequestDigest.Quoted(inner.Key, ascii: false)).Append(": "), inner.Value, indent, level)),
        System.Collections.IEnumerable list => Items(to, '[', list.Cast<object?>(), ']', indent, level, (inner, level) =>
            Append(to, inner, indent, level)),
        _ => throw new NotSupportedException($"a value may not be a {value.GetType()}"),
    };

    private static StringBuilder Items<T>(
        StringBuilder to, char open, IEnumerable<T> items, char close, int? indent, int level, Action<T, int> append)
    {
        to.Append(open);
        var isEmpty = true;
        foreach (var item in items)
        {
            if (!isEmpty)
                to.Append(indent is null ? ", " : ",");
            Line(to, indent, level + 1);
            append(item, level + 1);
            isEmpty = false;
        }
        if (!isEmpty)
            Line(to, indent, level);
        return to.Append(close);
    }

    private static void Line(StringBuilder to, int? indent, int level)
    {
        if (indent is { } spaces)
            to.Append('\n').Append(' ', spaces * level);
    }

    /// <summary>Python's <c>repr</c> of a float; its JSON has bare words for what is no number.</summary>
    public static string Number(double number) => double.IsFinite(number) ? PythonFloat.Repr(number)
        : double.IsNaN(number) ? "NaN"
        : number > 0 ? "Infinity"
        : "-Infinity";
}
