using System.Globalization;
using System.Text;

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
    public static string Number(double number)
    {
        if (!double.IsFinite(number))
            return double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
        if (number == 0)
            return double.IsNegative(number) ? "-0.0" : "0.0";
        // The shortest digits that bring it back.
        var text = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var point = text[0].IndexOf('.') is >= 0 and var at ? at : text[0].Length;
        var all = text[0].Replace(".", "", StringComparison.Ordinal);
        var leading = all.Length - all.TrimStart('0').Length;
        var exponent = point - leading - 1 + (text.Length > 1 ? int.Parse(text[1], CultureInfo.InvariantCulture) : 0);
        return (number < 0 ? "-" : "") + Plain(all.Trim('0'), exponent);
    }

    /// <param name="exponent">Of the first digit.</param>
    private static string Plain(string digits, int exponent)
    {
        if (exponent is < -4 or >= 16)
            return $"{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        if (exponent < 0)
            return $"0.{new string('0', -exponent - 1)}{digits}";
        return digits.Length <= exponent + 1 ? $"{digits.PadRight(exponent + 1, '0')}.0" : $"{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }
}
