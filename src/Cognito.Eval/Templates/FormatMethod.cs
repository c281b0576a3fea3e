using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Cognito.Eval.Templates;

/// <summary>Python's <c>text.format(...)</c>.</summary>
internal static partial class FormatMethod
{
    public static string Apply(string format, Arguments arguments, Budget budget)
    {
        var (to, next, isNumbered) = (new StringBuilder(), 0, false);
        for (var at = 0; at < format.Length; at++)
        {
            var mark = format[at];
            if (mark is not ('{' or '}'))
                to.Append(mark);
            else if (at + 1 < format.Length && format[at + 1] == mark)
                to.Append(format[at++]);
            else if (mark == '}')
                throw TemplateException.Value("a '}' of a format closes nothing");
            else
            {
                var end = format.IndexOf('}', at);
                if (end < 0)
                    throw TemplateException.Value("a '{' of a format is not closed");
                to.Append(Field(format[(at + 1)..end], arguments, ref next, ref isNumbered, budget));
                at = end;
            }
            budget.Spend(1 + to.Length / 64);
        }
        return to.ToString();
    }

    private static string Field(string field, Arguments arguments, ref int next, ref bool isNumbered, Budget budget)
    {
        var cut = field.AsSpan().IndexOfAny('!', ':');
        var (name, rest) = cut < 0 ? (field, "") : (field[..cut], field[cut..]);
        if (name.AsSpan().ContainsAny('.', '[') || field.Contains('{', StringComparison.Ordinal))
            throw TemplateException.Refused("a format's field with '.', '[' or '{'");
        object? value;
        if (name.Length == 0 || name.All(char.IsAsciiDigit))
        {
            if (name.Length > 0 ? next > 0 : isNumbered)
                throw TemplateException.Value("a format has fields both with and without numbers");
            isNumbered |= name.Length > 0;
            var number = name.Length == 0 ? next++ : int.TryParse(name, CultureInfo.InvariantCulture, out var given) ? given : int.MaxValue;
            value = number < arguments.Positional.Count ? arguments.Positional[number]
                : throw new TemplateException("IndexError", "a format has more fields than values");
        }
        else
            value = arguments.Named.Any(named => named.Name == name) ? arguments.Named.First(named => named.Name == name).Value
                : throw new TemplateException("KeyError", $"a format's values have no '{name}'");
        if (rest.StartsWith('!'))
        {
            value = rest.Length > 1 && (rest.Length == 2 || rest[2] == ':') ? rest[1] switch
            {
                's' => PythonValue.Str(value, budget),
                'r' => PythonValue.Repr(value, budget),
                _ => throw TemplateException.Refused($"'!{rest[1]}' in a format"),
            } : throw TemplateException.Value("a format's '!' needs one letter");
            rest = rest[2..];
        }
        return One(value, rest.Length > 0 ? rest[1..] : "", budget);
    }

    private static string One(object? value, string spec, Budget budget)
    {
        if (spec.Length == 0)
            return PythonValue.Str(value, budget);
        if (value is PythonUndefined undefined)
            throw undefined.Error();
        if (value is not string && !PythonNumber.IsNumber(value))
            throw TemplateException.Type($"a format of {PythonValue.TypeName(value)} takes no options");
        var match = Spec().Match(spec);
        if (!match.Success)
            throw TemplateException.Value("a format's options are none that Python knows");
        string Part(string group) => match.Groups[group].Value;
        var isZero = Part("zero").Length > 0;
        var isText = value is string;
        var fill = Part("fill").Length > 0 ? Part("fill") : isZero ? "0" : " ";
        var align = Part("align").Length > 0 ? Part("align") : isText ? "<" : isZero ? "=" : ">";
        if (Part("width").Length > 9 || Part("precision").Length > 4)
            throw new TemplateException(TemplateException.Limit, "a format's width or precision is too large");
        var width = Part("width").Length > 0 ? int.Parse(Part("width"), CultureInfo.InvariantCulture) : 0;
        int? precision = Part("precision").Length > 0 ? int.Parse(Part("precision"), CultureInfo.InvariantCulture) : null;
        budget.Spend(width);
        var (sign, body) = isText
            ? ("", OfText((string)value!, align, Part("sign") + Part("alternate") + Part("group"), Part("type"), precision))
            : OfNumber(value!, Part("sign"), Part("alternate").Length > 0, Part("group"), Part("type"), precision, isZero, budget);
        var missing = width - PythonText.Length(body) - sign.Length;
        string Fill(int count) => string.Concat(Enumerable.Repeat(fill, Math.Max(0, count)));
        return align switch
        {
            "<" => sign + body + Fill(missing),
            "^" => Fill(missing / 2) + sign + body + Fill(missing - Math.Max(0, missing) / 2),
            "=" => sign + Fill(missing) + body,
            _ => Fill(missing) + sign + body,
        };
    }

    private static string OfText(string text, string align, string forNumbers, string type, int? precision)
    {
        if (align == "=" || forNumbers.Length > 0 || type is not ("" or "s"))
            throw TemplateException.Value("a format has options for numbers, and its value is text");
        return precision is { } most ? CodePoints.Slice(text, null, most, 1) : text;
    }

    private static (string Sign, string Body) OfNumber(
        object value, string sign, bool isAlternate, string group, string type, int? precision, bool isZero, Budget budget)
    {
        if (type is "n" or "c" or "a" || group.Length > 0 && (isZero || type is "b" or "o" or "x" or "X"))
            throw TemplateException.Refused($"a format of the kind '{group}{type}'");
        var isWhole = value is not double && type is "" or "b" or "d" or "o" or "x" or "X";
        if (type == "s" || value is double && type is "b" or "d" or "o" or "x" or "X" || isWhole && value is not double && precision is not null)
            throw TemplateException.Value($"a format's options do not suit a {PythonValue.TypeName(value)}");
        string body;
        bool isNegative;
        if (isWhole)
        {
            var number = PythonNumber.Integer(value);
            isNegative = number < 0;
            body = NumberText.Digits(System.Numerics.BigInteger.Abs(number), type switch { "b" => 2, "o" => 8, "x" or "X" => 16, _ => 10 });
            body = (isAlternate && type is "b" or "o" or "x" or "X" ? "0" + type : "") + (type == "X" ? body.ToUpperInvariant() : body);
            if (isAlternate && type is "b" or "o" or "x" or "X" && isZero)
                throw TemplateException.Refused("a format with both # and 0");
        }
        else
        {
            var number = PythonNumber.Float(value);
            isNegative = double.IsNegative(number) && !double.IsNaN(number);
            body = OfFloat(Math.Abs(number), type, precision, isAlternate, budget);
        }
        return (isNegative ? "-" : sign is "+" or " " ? sign : "", group.Length > 0 ? Grouped(body, group) : body);
    }

    private static string OfFloat(double number, string type, int? precision, bool isAlternate, Budget budget)
    {
        if (type == "%")
            return NumberText.Fractional(number * 100, 'f', precision ?? 6, isAlternate, budget) + "%";
        if (type.Length > 0)
            return NumberText.Fractional(number, type[0], precision ?? 6, isAlternate, budget);
        if (isAlternate)
            throw TemplateException.Refused("# in a format without a letter");
        if (precision is not { } digits || !double.IsFinite(number))
            return PythonFloat.Repr(number);
        // As 'g', with a digit after the point, and exponents one power of ten earlier.
        digits = Math.Max(1, digits);
        budget.Spend(digits);
        var (_, exponent) = PythonFloat.Significant(number, digits - 1);
        if (exponent >= -4 && exponent >= digits - 1)
            return PythonFloat.Significant(number, digits - 1).Digits.TrimEnd('0') is var kept && kept.Length == 0
                ? $"0{PythonFloat.ExponentText(exponent)}"
                : $"{kept[0]}{(kept.Length > 1 ? "." + kept[1..] : "")}{PythonFloat.ExponentText(exponent)}";
        var text = PythonFloat.General(number, digits, keepZeros: false);
        return text.AsSpan().ContainsAny('.', 'e') ? text : text + ".0";
    }

    private static string Grouped(string body, string mark)
    {
        var whole = body.TakeWhile(char.IsAsciiDigit).Count();
        var to = new StringBuilder(body);
        for (var at = whole - 3; at > 0; at -= 3)
            to.Insert(at, mark);
        return to.ToString();
    }

    [GeneratedRegex(@"\A(?:(?<fill>(?:[\ud800-\udbff][\udc00-\udfff]|.))?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>#)?(?<zero>0)?(?<width>[0-9]+)?"
        + @"(?<group>[,_])?(?:\.(?<precision>[0-9]+))?(?<type>[bcdeEfFgGnosxX%])?\z", RegexOptions.Singleline)]
    private static partial Regex Spec();
}
