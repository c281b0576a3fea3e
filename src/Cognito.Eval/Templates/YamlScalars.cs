using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Cognito.Eval.Templates;

/// <summary>What a YAML 1.1 scalar is, by PyYAML's rules: <c>no</c> is false, <c>1:30</c> is 90, <c>1e5</c> is text.</summary>
internal static partial class YamlScalars
{
    private const string Tags = "tag:yaml.org,2002:";

    /// <summary>A plain scalar's value.</summary>
    /// <exception cref="TemplateException">It is of a kind that has no value: the message says what.</exception>
    public static object? Resolve(string text) => Kind(text) switch
    {
        "null" => null,
        "bool" => Flag(text),
        "float" => Float(text),
        "int" => Integer(text),
        "timestamp" => Date(text),
        "merge" or "value" => throw new TemplateException("ValueError", $"a bare '{text}' is no value in YAML"),
        _ => text,
    };

    private static string Kind(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => "null",
        "=" => "value",
        "<<" => "merge",
        _ when Bool().IsMatch(text) => "bool",
        _ when FloatPattern().IsMatch(text) => "float",
        _ when IntPattern().IsMatch(text) => "int",
        _ when Timestamp().IsMatch(text) => "timestamp",
        _ => "str",
    };

    /// <summary>A scalar with a tag of YAML's own.</summary>
    /// <inheritdoc cref="Resolve"/>
    public static object? Tagged(string tag, string text) => !tag.StartsWith(Tags, StringComparison.Ordinal)
        ? throw new TemplateException("ValueError", $"the tag {tag} is not known")
        : tag[Tags.Length..] switch
        {
            "str" => text,
            "null" => null,
            "bool" => Flag(text),
            "int" => Integer(text),
            "float" => Float(text),
            var other => throw new TemplateException("ValueError", $"the tag !!{other} is not known"),
        };

    private static bool Flag(string text) => text.ToLowerInvariant() switch
    {
        "yes" or "true" or "on" => true,
        "no" or "false" or "off" => false,
        _ => throw new TemplateException("ValueError", $"'{text}' is neither true nor false"),
    };

    private static object Integer(string text)
    {
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        var isNegative = digits.StartsWith('-');
        digits = digits.Length > 0 && digits[0] is '-' or '+' ? digits[1..] : digits;
        object? value;
        if (digits.Contains(':', StringComparison.Ordinal))
            value = digits.Split(':').Aggregate((BigInteger?)0, (sum, part) => sum * 60 + (PythonNumber.ParseInteger(part) is { } number ? PythonNumber.Integer(number) : null))
                is { } sexagesimal ? PythonNumber.Normal(sexagesimal) : null;
        else
            value = digits.StartsWith("0b", StringComparison.Ordinal) ? PythonNumber.ParseInteger(digits[2..], 2)
                : digits.StartsWith("0x", StringComparison.Ordinal) ? PythonNumber.ParseInteger(digits[2..], 16)
                : digits.StartsWith('0') ? PythonNumber.ParseInteger(digits, 8)
                : PythonNumber.ParseInteger(digits);
        if (value is null)
            throw new TemplateException("ValueError", $"'{text}' is no whole number");
        return isNegative ? PythonNumber.Negate(value) : value;
    }

    private static double Float(string text)
    {
        var digits = text.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        var sign = digits.StartsWith('-') ? -1.0 : 1.0;
        digits = digits.Length > 0 && digits[0] is '-' or '+' ? digits[1..] : digits;
        if (digits is ".inf")
            return sign * double.PositiveInfinity;
        if (digits is ".nan")
            return double.NaN;
        var (value, unit) = (0.0, 1.0);
        foreach (var part in digits.Split(':').Reverse())
        {
            value += (PythonNumber.ParseFloat(part) ?? throw new TemplateException("ValueError", $"'{text}' is no number")) * unit;
            unit *= 60;
        }
        return sign * value;
    }

    private static YamlDate Date(string text)
    {
        int[] numbers = [.. text.Split('-', 'T', 't', ' ', '\t')[..3].Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
        return numbers[0] > 0 && numbers[1] is >= 1 and <= 12 && numbers[2] >= 1 && numbers[2] <= DateTime.DaysInMonth(numbers[0], numbers[1])
            ? new(text)
            : throw new TemplateException("ValueError", $"{text} is no date that there is");
    }

    [GeneratedRegex(@"\A(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)\z")]
    private static partial Regex Bool();

    [GeneratedRegex(@"\A(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
        + @"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z")]
    private static partial Regex FloatPattern();

    [GeneratedRegex(@"\A(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)\z")]
    private static partial Regex IntPattern();

    [GeneratedRegex(@"\A(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
        + @"(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9][0-9])?))?)\z")]
    private static partial Regex Timestamp();
}
