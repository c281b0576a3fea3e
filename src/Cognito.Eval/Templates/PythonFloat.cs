using System.Globalization;
using System.Numerics;

namespace Cognito.Eval.Templates;

/// <summary>How Python writes and rounds floats: from the exact value, ties to even.</summary>
internal static class PythonFloat
{
    /// <summary>Python's <c>repr</c>: the shortest digits that bring it back.</summary>
    public static string Repr(double number)
    {
        if (!double.IsFinite(number))
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        if (number == 0)
            return double.IsNegative(number) ? "-0.0" : "0.0";
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
            return $"{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}{ExponentText(exponent)}";
        if (exponent < 0)
            return $"0.{new string('0', -exponent - 1)}{digits}";
        return digits.Length <= exponent + 1 ? $"{digits.PadRight(exponent + 1, '0')}.0" : $"{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    public static string ExponentText(int exponent) => $"e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";

    /// <summary>Python's <c>round(number, digits)</c>.</summary>
    public static double Round(double number, BigInteger digits)
    {
        if (!double.IsFinite(number) || digits > 323)
            return number;
        if (digits < -308)
            return 0.0 * number;
        var scaled = Scaled(Math.Abs(number), (int)digits);
        var rounded = double.Parse($"{scaled}E{-(int)digits}", CultureInfo.InvariantCulture);
        return double.IsInfinity(rounded)
            ? throw new TemplateException("OverflowError", "rounded value too large to represent")
            : Math.CopySign(rounded, number);
    }

    /// <summary>round(number × 10^digits), of a number that is not negative, ties to even.</summary>
    private static BigInteger Scaled(double number, int digits)
    {
        var bits = BitConverter.DoubleToInt64Bits(number);
        var exponent = (int)(bits >> 52) & 0x7ff;
        var mantissa = new BigInteger(bits & 0xfffffffffffff | (exponent > 0 ? 1L << 52 : 0));
        var power = Math.Max(exponent, 1) - 1075;
        var (over, under) = (mantissa, BigInteger.One);
        (over, under) = power >= 0 ? (over << power, under) : (over, under << -power);
        (over, under) = digits >= 0 ? (over * BigInteger.Pow(10, digits), under) : (over, under * BigInteger.Pow(10, -digits));
        return DivideToEven(over, under);
    }

    /// <summary>Of two that are not negative.</summary>
    public static BigInteger DivideToEven(BigInteger over, BigInteger under)
    {
        var quotient = BigInteger.DivRem(over, under, out var rest);
        var twice = (rest << 1).CompareTo(under);
        return twice > 0 || twice == 0 && !quotient.IsEven ? quotient + 1 : quotient;
    }

    /// <summary>The digits of <c>%.Nf</c>, without a sign.</summary>
    public static string Fixed(double number, int precision)
    {
        var digits = Scaled(Math.Abs(number), precision).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        return precision == 0 ? digits : $"{digits[..^precision]}.{digits[^precision..]}";
    }

    /// <summary>The digits of <c>%.Ne</c> without their point, and the exponent of the first.</summary>
    public static (string Digits, int Exponent) Significant(double number, int precision)
    {
        if (number == 0)
            return (new('0', precision + 1), 0);
        var exponent = (int)Math.Floor(Math.Log10(Math.Abs(number)));
        while (true)
        {
            var digits = Scaled(Math.Abs(number), precision - exponent).ToString(CultureInfo.InvariantCulture);
            if (digits.Length == precision + 1)
                return (digits, exponent);
            exponent += digits.Length > precision + 1 ? 1 : -1;
        }
    }

    /// <summary><c>%.Ne</c>, without a sign.</summary>
    public static string Exponential(double number, int precision)
    {
        var (digits, exponent) = Significant(number, precision);
        return $"{digits[0]}{(precision > 0 ? "." + digits[1..] : "")}{ExponentText(exponent)}";
    }

    /// <summary><c>%.Ng</c>, without a sign.</summary>
    /// <param name="keepZeros">Of the form with #.</param>
    public static string General(double number, int precision, bool keepZeros)
    {
        precision = Math.Max(precision, 1);
        var (digits, exponent) = Significant(number, precision - 1);
        if (exponent < -4 || exponent >= precision)
        {
            var kept = keepZeros ? digits : digits[0] + digits[1..].TrimEnd('0');
            return $"{kept[0]}{(kept.Length > 1 ? "." + kept[1..] : "")}{ExponentText(exponent)}";
        }
        var text = Fixed(number, precision - 1 - exponent);
        return keepZeros || !text.Contains('.', StringComparison.Ordinal) ? text : text.TrimEnd('0').TrimEnd('.');
    }
}
