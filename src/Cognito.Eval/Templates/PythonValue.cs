using System.Globalization;
using System.Numerics;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>
/// Python's printing, truth and equality of values: null, bool, long, <see cref="BigInteger"/>, double, string, lists, dictionaries
/// by name, and the classes beside this one.
/// </summary>
public static class PythonValue
{
    /// <summary>Python's <c>repr</c>.</summary>
    /// <exception cref="TemplateException">Nested too deep, too long, or of a kind whose text changes from run to run.</exception>
    public static string Repr(object? value) => Repr(value, new());

    /// <summary>Python's <c>str</c>.</summary>
    /// <inheritdoc cref="Repr(object)"/>
    public static string Str(object? value) => Str(value, new());

    internal static string Str(object? value, Budget budget)
    {
        if (value is string text)
            return text;
        if (value is SafeText markup)
            return markup.Text;
        if (value is PythonUndefined undefined)
            return undefined.Lenient("");
        return Repr(value, budget);
    }

    internal static string Repr(object? value, Budget budget)
    {
        var to = new StringBuilder();
        Append(to, value, budget);
        return to.ToString();
    }

    private static void Append(StringBuilder to, object? value, Budget budget)
    {
        budget.Enter();
        var before = to.Length;
        switch (value)
        {
            case null: to.Append("None"); break;
            case bool flag: to.Append(flag ? "True" : "False"); break;
            case long or int or BigInteger: to.Append(PythonNumber.Text(value)); break;
            case double number: to.Append(PythonFloat.Repr(number)); break;
            case float number: to.Append(PythonFloat.Repr(number)); break;
            case string text: Quote(to, text); break;
            case SafeText markup: Quote(to.Append("Markup").Append('('), markup.Text).Append(')'); break;
            case PythonTuple { Count: 1 } one: Append(to.Append('('), one[0], budget); to.Append(",)"); break;
            case PythonTuple tuple: Items(to, '(', tuple, ')', budget); break;
            case PythonDict dict: Entries(to, dict.Entries, budget); break;
            case IReadOnlyDictionary<string, object?> named:
                Entries(to, named.Select(entry => KeyValuePair.Create((object?)entry.Key, entry.Value)), budget);
                break;
            case IReadOnlyList<object?> list: Items(to, '[', list, ']', budget); break;
            case PythonView view: Items(to.Append(view.TypeName).Append('('), '[', view.Items, ']', budget); to.Append(')'); break;
            case PythonSet { Items: [var only] }: Append(to.Append('{'), only, budget); to.Append('}'); break;
            case PythonRange { Step.IsOne: true } range: to.Append(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop})"); break;
            case PythonRange range: to.Append(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop}, {range.Step})"); break;
            case PythonType type: to.Append(CultureInfo.InvariantCulture, $"<class '{type.Name}'>"); break;
            case PythonOpaque opaque: to.Append(opaque.Text); break;
            case PythonUndefined: to.Append("Undefined"); break;
            default: throw TemplateException.Refused($"printing a {TypeName(value)}, whose text changes from run to run,");
        }
        budget.Spend(Math.Max(0, to.Length - before) / 8);
        if (to.Length > Budget.MostLength)
            budget.Spend(long.MaxValue);
        budget.Leave();
    }

    private static void Items(StringBuilder to, char open, IEnumerable<object?> items, char close, Budget budget)
    {
        to.Append(open);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst)
                to.Append(", ");
            isFirst = false;
            Append(to, item, budget);
        }
        to.Append(close);
    }

    private static void Entries(StringBuilder to, IEnumerable<KeyValuePair<object?, object?>> entries, Budget budget)
    {
        to.Append('{');
        var isFirst = true;
        foreach (var (key, value) in entries)
        {
            if (!isFirst)
                to.Append(", ");
            isFirst = false;
            Append(to, key, budget);
            to.Append(": ");
            Append(to, value, budget);
        }
        to.Append('}');
    }

    private static StringBuilder Quote(StringBuilder to, string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        to.Append(quote);
        for (var at = 0; at < text.Length;)
        {
            var isRune = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var width) == System.Buffers.OperationStatus.Done;
            var value = isRune ? rune.Value : text[at];
            if (value == quote || value == '\\')
                to.Append('\\').Append((char)value);
            else if (value is '\n' or '\r' or '\t')
                to.Append('\\').Append(value switch { '\n' => 'n', '\r' => 'r', _ => 't' });
            else if (isRune && PythonText.IsPrintable(rune))
                to.Append(text, at, width);
            else
                to.Append(value switch
                {
                    < 0x100 => $"\\x{value:x2}",
                    < 0x10000 => $"\\u{value:x4}",
                    _ => $"\\U{value:x8}",
                });
            at += isRune ? width : 1;
        }
        return to.Append(quote);
    }

    /// <summary>Python's <c>bool</c> of it.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool flag => flag,
        long number => number != 0,
        int number => number != 0,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        string text => text.Length > 0,
        SafeText markup => markup.Text.Length > 0,
        PythonDict dict => dict.Count > 0,
        IReadOnlyDictionary<string, object?> named => named.Count > 0,
        IReadOnlyCollection<object?> list => list.Count > 0,
        PythonSet set => set.Items.Count > 0,
        PythonView view => view.Dict.Count > 0,
        PythonRange range => !range.Count.IsZero,
        PythonUndefined undefined => undefined.Lenient(false),
        _ => true,
    };

    /// <summary>Python's <c>==</c>.</summary>
    public static bool AreEqual(object? left, object? right) => AreEqual(left, right, new());

    internal static bool AreEqual(object? left, object? right, Budget budget)
    {
        if (left is PythonUndefined { IsStrict: true } a)
            throw a.Error();
        if (right is PythonUndefined { IsStrict: true } b)
            throw b.Error();
        if (left is not double && ReferenceEquals(left, right))
            return true;
        budget.Enter();
        var equal = (left, right) switch
        {
            (PythonUndefined, PythonUndefined) => true,
            _ when PythonNumber.IsNumber(left) && PythonNumber.IsNumber(right) => PythonNumber.Compare(left, right) == 0,
            (string or SafeText, string or SafeText) => Str(left, budget) == Str(right, budget),
            (PythonTuple x, PythonTuple y) => Same(x, y, budget),
            (PythonTuple, _) or (_, PythonTuple) => false,
            (IReadOnlyDictionary<string, object?> x, _) => AreEqual(PythonDict.Of(x), right, budget),
            (_, IReadOnlyDictionary<string, object?> y) => AreEqual(left, PythonDict.Of(y), budget),
            (PythonDict x, PythonDict y) => x.Count == y.Count
                && x.Items.All(item => y.Items.TryGetValue(item.Key, out var other) && AreEqual(item.Value, other, budget)),
            (IReadOnlyList<object?> x, IReadOnlyList<object?> y) => Same(x, y, budget),
            (PythonRange x, PythonRange y) => x.Count == y.Count && (x.Count.IsZero || x.Start == y.Start && (x.Count.IsOne || x.Step == y.Step)),
            (PythonView, PythonView) or (PythonSet, PythonSet) => throw TemplateException.Refused("comparing views or sets"),
            (PythonType x, PythonType y) => x == y,
            (PythonOpaque x, PythonOpaque y) => x == y,
            _ => false,
        };
        budget.Leave();
        return equal;
    }

    private static bool Same(IReadOnlyList<object?> left, IReadOnlyList<object?> right, Budget budget)
    {
        if (left.Count != right.Count)
            return false;
        for (var i = 0; i < left.Count; i++)
            if (!AreEqual(left[i], right[i], budget))
                return false;
        return true;
    }

    /// <summary>Python's name of its class.</summary>
    internal static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long or int or BigInteger => "int",
        double or float => "float",
        string => "str",
        SafeText => "Markup",
        PythonTuple => "tuple",
        PythonDict or IReadOnlyDictionary<string, object?> => "dict",
        IReadOnlyList<object?> => "list",
        PythonSet => "set",
        PythonRange => "range",
        PythonIterator iterator => iterator.TypeName,
        PythonView view => view.TypeName,
        PythonOpaque opaque => opaque.TypeName,
        PythonUndefined { IsStrict: true } => "StrictUndefined",
        PythonUndefined => "Undefined",
        PythonType => "type",
        PythonFunction => "function",
        PythonMethod => "builtin_function_or_method",
        PythonNamespace => "Namespace",
        _ => "object",
    };
}
