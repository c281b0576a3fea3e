using System.Globalization;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>Jinja's |tojson: Python's <c>json.dumps</c>, keys sorted, ASCII, with what HTML would read escaped.</summary>
internal static class TemplateJson
{
    public static string Write(object? value, Bound bound, Budget budget)
    {
        if (bound["indent"] is not null)
            throw TemplateException.Refused("|tojson with an indent");
        var to = new StringBuilder();
        Append(to, value, budget);
        return to.ToString();
    }

    private static void Append(StringBuilder to, object? value, Budget budget)
    {
        budget.Enter();
        switch (value)
        {
            case null: to.Append("null"); break;
            case bool flag: to.Append(flag ? "true" : "false"); break;
            case double number: to.Append(Number(number)); break;
            case string text: Quote(to, text, budget); break;
            case SafeText markup: Quote(to, markup.Text, budget); break;
            case PythonDict dict: Entries(to, dict, budget); break;
            case IReadOnlyList<object?> list:
                to.Append('[');
                foreach (var (i, item) in list.Index())
                    Append(i > 0 ? to.Append(", ") : to, item, budget);
                to.Append(']');
                break;
            case PythonUndefined: throw TemplateException.Type("|tojson of an undefined value");
            case var _ when PythonNumber.IsInteger(value): to.Append(PythonNumber.Text(value)); break;
            default: throw TemplateException.Type($"|tojson of a {PythonValue.TypeName(value)}");
        }
        budget.Leave();
    }

    private static void Entries(StringBuilder to, PythonDict dict, Budget budget)
    {
        to.Append('{');
        foreach (var (i, entry) in PythonSequence.Sorted(new PythonView("dict_items", dict).Items, item => ((PythonTuple)item!)[0], false, budget).Index())
        {
            var (key, value) = (((PythonTuple)entry!)[0], ((PythonTuple)entry!)[1]);
            Quote(i > 0 ? to.Append(", ") : to, key switch
            {
                string text => text,
                null => "null",
                bool flag => flag ? "true" : "false",
                double number => Number(number),
                _ when PythonNumber.IsInteger(key) => PythonNumber.Text(key),
                _ => throw TemplateException.Type($"|tojson of a mapping with a key of type {PythonValue.TypeName(key)}"),
            }, budget);
            Append(to.Append(": "), value, budget);
        }
        to.Append('}');
    }

    private static string Number(double number) =>
        double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? number > 0 ? "Infinity" : "-Infinity" : PythonFloat.Repr(number);

    private static void Quote(StringBuilder to, string text, Budget budget)
    {
        budget.Spend(text.Length);
        to.Append('"');
        foreach (var c in text)
            to.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                '<' or '>' or '&' or '\'' or < ' ' or >= '\x7f' => c == '\x7f' ? "\x7f" : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        to.Append('"');
    }
}
