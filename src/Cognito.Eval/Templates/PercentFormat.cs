using System.Numerics;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>Python's <c>text % values</c>.</summary>
internal static class PercentFormat
{
    /// <summary>One field: its flags, width, precision and letter.</summary>
    private sealed record Field(string Flags, int Width, int? Precision, char Letter)
    {
        public bool Has(char flag) => Flags.Contains(flag, StringComparison.Ordinal);
    }

    public static string Apply(string format, object? values, Budget budget)
    {
        var to = new StringBuilder();
        var positional = values as PythonTuple ?? new PythonTuple([values]);
        var (used, byName) = (0, false);
        for (var at = 0; at < format.Length;)
        {
            if (format[at] != '%')
            {
                to.Append(format[at++]);
                continue;
            }
            at = Read(format, at + 1, out var name, out var field);
            if (field.Letter == '%')
            {
                to.Append('%');
                continue;
            }
            byName |= name is not null;
            object? value = name is not null ? ByName(values, name)
                : used < positional.Count ? positional[used++]
                : throw TemplateException.Type("a format has more fields than values");
            to.Append(One(field, value, budget));
            budget.Spend(to.Length / 64 + field.Width);
        }
        if (used < positional.Count && !byName && values is not (PythonDict or PythonList or PythonRange or PythonUndefined))
            throw TemplateException.Type("a format has fewer fields than values");
        return to.ToString();
    }

    private static object? ByName(object? values, string name) => values is PythonDict dict
        ? dict.Items.TryGetValue(new(name), out var value) ? value : throw new TemplateException("KeyError", $"a format's values have no '{name}'")
        : throw TemplateException.Type("a format with names needs a mapping");

    private static int Read(string format, int at, out string? name, out Field field)
    {
        name = null;
        if (at < format.Length && format[at] == '(')
        {
            var end = format.IndexOf(')', at);
            if (end < 0)
                throw TemplateException.Value("a format's name is not closed");
            name = format[(at + 1)..end];
            if (name.Contains('(', StringComparison.Ordinal))
                throw TemplateException.Refused("a bracket in a format's name");
            at = end + 1;
        }
        var start = at;
        while (at < format.Length && format[at] is '-' or '+' or ' ' or '#' or '0')
            at++;
        var flags = format[start..at];
        at = Number(format, at, out var width);
        int? precision = null;
        if (at < format.Length && format[at] == '.')
        {
            at = Number(format, at + 1, out var given);
            precision = given;
        }
        while (at < format.Length && format[at] is 'l' or 'h' or 'L')
            at++;
        if (at >= format.Length)
            throw TemplateException.Value("a format ends within a field");
        if (format[at] == '*')
            throw TemplateException.Refused("* in a format");
        field = new(flags, width, precision, format[at]);
        return at + 1;
    }

    private static int Number(string format, int at, out int number)
    {
        BigInteger value = 0;
        for (; at < format.Length && char.IsAsciiDigit(format[at]); at++)
            value = BigInteger.Min(value * 10 + (format[at] - '0'), int.MaxValue);
        number = value <= Budget.MostLength ? (int)value : throw new TemplateException(TemplateException.Limit, "a format's width is too large");
        return at;
    }

    private static string One(Field field, object? value, Budget budget)
    {
        switch (field.Letter)
        {
            case 's' or 'r':
                var text = field.Letter == 's' ? PythonValue.Str(value, budget) : PythonValue.Repr(value, budget);
                return Pad(field, "", field.Precision is { } most ? CodePoints.Slice(text, null, most, 1) : text, mayZero: false);
            case 'c':
                return Pad(field, "", Character(value), mayZero: false);
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o':
                return Whole(field, value);
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                return Fractional(field, value, budget);
            case 'a':
                throw TemplateException.Refused("%a");
            default:
                throw TemplateException.Value($"a format has no field '%{field.Letter}'");
        }
    }

    private static string Character(object? value) => value switch
    {
        string text when PythonText.Length(text) == 1 => text,
        _ when PythonNumber.IsInteger(value) => PythonNumber.Integer(value) is var number && number >= 0 && number < 0xd800
            ? ((char)(int)number).ToString()
            : throw TemplateException.Refused("%c of a number above 55295"),
        _ => throw TemplateException.Type("%c takes a number or one character"),
    };

    private static string Whole(Field field, object? value)
    {
        if (value is PythonUndefined undefined)
            throw undefined.Error();
        if (!PythonNumber.IsNumber(value) || value is double && field.Letter is 'x' or 'X' or 'o')
            throw TemplateException.Type($"%{field.Letter} takes a number, not {PythonValue.TypeName(value)}");
        var number = PythonNumber.Integer(value is double real ? PythonNumber.Truncate(real) : value);
        var digits = NumberText.Digits(BigInteger.Abs(number), field.Letter switch { 'x' or 'X' => 16, 'o' => 8, _ => 10 });
        digits = digits.PadLeft(field.Precision ?? 0, '0');
        var prefix = field.Has('#') && field.Letter is 'x' or 'X' or 'o' ? $"0{field.Letter}" : "";
        return Pad(field, Sign(field, number < 0) + prefix, field.Letter == 'X' ? digits.ToUpperInvariant() : digits, mayZero: true);
    }

    private static string Fractional(Field field, object? value, Budget budget)
    {
        if (value is PythonUndefined undefined)
            throw undefined.Error();
        if (!PythonNumber.IsNumber(value))
            throw TemplateException.Type($"%{field.Letter} takes a number, not {PythonValue.TypeName(value)}");
        var number = PythonNumber.Float(value);
        var text = NumberText.Fractional(number, field.Letter, field.Precision ?? 6, field.Has('#'), budget);
        return Pad(field, Sign(field, double.IsNegative(number) && !double.IsNaN(number)), text, mayZero: true);
    }

    private static string Sign(Field field, bool isNegative) => isNegative ? "-" : field.Has('+') ? "+" : field.Has(' ') ? " " : "";

    private static string Pad(Field field, string sign, string text, bool mayZero)
    {
        var missing = Math.Max(0, field.Width - PythonText.Length(text) - sign.Length);
        return field.Has('-') ? sign + text + new string(' ', missing)
            : mayZero && field.Has('0') ? sign + new string('0', missing) + text
            : new string(' ', missing) + sign + text;
    }
}

/// <summary>Digits of numbers, without signs.</summary>
internal static class NumberText
{
    public static string Digits(BigInteger number, int numberBase)
    {
        if (numberBase == 10)
            return PythonNumber.Text(number);
        var bits = numberBase switch { 16 => 4, 8 => 3, _ => 1 };
        var to = new StringBuilder();
        do
        {
            to.Insert(0, "0123456789abcdef"[(int)(number & (numberBase - 1))]);
            number >>= bits;
        }
        while (!number.IsZero);
        return to.ToString();
    }

    /// <param name="letter">e, f or g, or the same in upper case.</param>
    /// <param name="keep">Of the form with #: the point and zeros stay.</param>
    public static string Fractional(double number, char letter, int precision, bool keep, Budget budget)
    {
        budget.Spend(precision);
        if (precision > 5000)
            throw new TemplateException(TemplateException.Limit, "a format's precision is too large");
        if (keep && precision == 0 && letter is 'e' or 'f' or 'E' or 'F')
            throw TemplateException.Refused("# with a precision of 0 in a format");
        var text = !double.IsFinite(number) ? double.IsNaN(number) ? "nan" : "inf" : char.ToLowerInvariant(letter) switch
        {
            'e' => PythonFloat.Exponential(number, precision),
            'f' => PythonFloat.Fixed(number, precision),
            _ => PythonFloat.General(number, precision, keep),
        };
        return char.IsUpper(letter) ? text.ToUpperInvariant() : text;
    }
}
