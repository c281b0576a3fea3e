using System.Globalization;
using System.Numerics;

namespace Cognito.Eval.Templates;

/// <summary>Python's arithmetic of bool, int and float. Integers are long, or BigInteger where long is too small.</summary>
internal static class PythonNumber
{
    /// <summary>An integer's size in bits, above which a template is stopped.</summary>
    private const int MostBits = 1 << 15;

    /// <summary>As Python's own bound on integers as text.</summary>
    private const int MostDigits = 4300;

    public static bool IsNumber(object? value) => value is double || IsInteger(value);

    public static bool IsInteger(object? value) => value is long or bool or BigInteger or int;

    public static BigInteger Integer(object? value) => value switch
    {
        long number => number,
        int number => number,
        bool flag => flag ? 1 : 0,
        BigInteger number => number,
        _ => throw TemplateException.Type($"'{PythonValue.TypeName(value)}' object cannot be interpreted as an integer"),
    };

    /// <summary>As a long where it fits.</summary>
    public static object Normal(BigInteger value)
    {
        if (value >= long.MinValue && value <= long.MaxValue)
            return (long)value;
        return value.GetBitLength() <= MostBits ? value : throw new TemplateException(TemplateException.Limit, "an integer is too large");
    }

    /// <summary>Decimal digits.</summary>
    public static string Text(object? value)
    {
        if (value is BigInteger { } big && big.GetBitLength() > 3.3 * MostDigits && BigInteger.Abs(big) >= BigInteger.Pow(10, MostDigits))
            throw TemplateException.Value($"an integer has more than {MostDigits} digits, too many for text");
        return Integer(value).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Rounded to the nearest, ties to even.</summary>
    public static double Float(object? value) => value switch
    {
        double number => number,
        long number => number,
        _ => Float(Integer(value), BigInteger.One, "int too large to convert to float"),
    };

    private static double Float(BigInteger over, BigInteger under, string tooLarge)
    {
        var isNegative = over.Sign * under.Sign < 0;
        (over, under) = (BigInteger.Abs(over), BigInteger.Abs(under));
        // 66 bits or more of the quotient, and whether there is a rest: enough to round once.
        var shift = Math.Max(0, 66 - (int)over.GetBitLength() + (int)under.GetBitLength());
        var quotient = BigInteger.DivRem(over << shift, under, out var rest);
        var drop = Math.Max(0, (int)quotient.GetBitLength() - 66);
        var sticky = !rest.IsZero || !(quotient & ((BigInteger.One << drop) - 1)).IsZero;
        quotient = ((quotient >> drop) << 1) | (sticky ? 1 : 0);
        var value = Math.ScaleB(double.Parse(quotient.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), drop - shift - 1);
        return double.IsInfinity(value) ? throw new TemplateException("OverflowError", tooLarge) : isNegative ? -value : value;
    }

    /// <summary>Exactly, also of an int and a float. NaN is none: 2.</summary>
    public static int Compare(object? left, object? right)
    {
        if (left is double.NaN || right is double.NaN)
            return 2;
        return (left, right) switch
        {
            (double a, double b) => a.CompareTo(b),
            (double a, _) => -Compare(Integer(right), a),
            (_, double b) => Compare(Integer(left), b),
            _ => Math.Sign(Integer(left).CompareTo(Integer(right))),
        };
    }

    private static int Compare(BigInteger left, double right)
    {
        if (double.IsInfinity(right))
            return right > 0 ? -1 : 1;
        var whole = Math.Floor(right);
        var order = left.CompareTo(new BigInteger(whole));
        return order != 0 ? Math.Sign(order) : right > whole ? -1 : 0;
    }

    public static object Negate(object value) => value is double number ? -number : Normal(-Integer(value));

    public static object Add(object left, object right) => left is double || right is double
        ? Float(left) + Float(right)
        : Normal(Integer(left) + Integer(right));

    public static object Subtract(object left, object right) => left is double || right is double
        ? Float(left) - Float(right)
        : Normal(Integer(left) - Integer(right));

    public static object Multiply(object left, object right) => left is double || right is double
        ? Float(left) * Float(right)
        : Normal(Integer(left) * Integer(right));

    public static object Divide(object left, object right)
    {
        if (!PythonValue.IsTrue(right))
            throw ByZero(left is double || right is double ? "float division by zero" : "division by zero");
        return left is double || right is double
            ? Float(left) / Float(right)
            : Float(Integer(left), Integer(right), "integer division result too large for a float");
    }

    public static object FloorDivide(object left, object right)
    {
        if (left is double || right is double)
            return DivMod(Float(left), Float(right)).Quotient;
        var (a, b) = (Integer(left), Integer(right));
        if (b.IsZero)
            throw ByZero("integer division or modulo by zero");
        var quotient = BigInteger.DivRem(a, b, out var rest);
        return Normal(!rest.IsZero && rest.Sign != b.Sign ? quotient - 1 : quotient);
    }

    public static object Modulo(object left, object right)
    {
        if (left is double || right is double)
            return DivMod(Float(left), Float(right)).Remainder;
        var (a, b) = (Integer(left), Integer(right));
        if (b.IsZero)
            throw ByZero("integer modulo by zero");
        var rest = BigInteger.Remainder(a, b);
        return Normal(!rest.IsZero && rest.Sign != b.Sign ? rest + b : rest);
    }

    private static (double Quotient, double Remainder) DivMod(double left, double right)
    {
        if (right == 0)
            throw ByZero("float floor division by zero");
        var rest = left % right;
        var quotient = (left - rest) / right;
        if (rest == 0)
            rest = Math.CopySign(0.0, right);
        else if (right < 0 != rest < 0)
            (rest, quotient) = (rest + right, quotient - 1);
        if (quotient == 0)
            return (Math.CopySign(0.0, left / right), rest);
        var floor = Math.Floor(quotient);
        return (quotient - floor > 0.5 ? floor + 1 : floor, rest);
    }

    public static object Power(object left, object right)
    {
        if (left is not double && right is not double && Integer(right) is var exponent && exponent.Sign >= 0)
        {
            var number = Integer(left);
            if (BigInteger.Abs(number) <= 1)
                return Normal(exponent.IsZero || number.IsOne ? 1 : number.IsZero ? 0 : exponent.IsEven ? 1 : -1);
            return exponent <= MostBits && (BigInteger.Abs(number).GetBitLength() - 1) * (double)exponent <= MostBits
                ? Normal(BigInteger.Pow(number, (int)exponent))
                : throw new TemplateException(TemplateException.Limit, "an integer is too large");
        }
        var (a, b) = (Float(left), Float(right));
        if (a == 0 && b < 0)
            throw ByZero("0.0 cannot be raised to a negative power");
        if (a < 0 && double.IsFinite(a) && double.IsFinite(b) && Math.Floor(b) != b)
            throw TemplateException.Refused("a root of a negative number, which is complex,");
        var power = Math.Pow(a, b);
        return double.IsInfinity(power) && double.IsFinite(a) && double.IsFinite(b)
            ? throw new TemplateException("OverflowError", "a power is too large for a float")
            : power;
    }

    private static TemplateException ByZero(string message) => new("ZeroDivisionError", message);

    /// <summary>Python's <c>int(text, base)</c>; null where the text is none.</summary>
    public static object? ParseInteger(string text, int numberBase = 10)
    {
        if (numberBase is 1 or < 0 or > 36)
            throw TemplateException.Value("int() base must be >= 2 and <= 36, or 0");
        var digits = PythonText.AsciiDigits(PythonText.Strip(text));
        var isNegative = digits.StartsWith('-');
        digits = digits.Length > 0 && digits[0] is '-' or '+' ? digits[1..] : digits;
        var prefix = digits.Length > 1 && digits[0] == '0' ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (prefix > 0 && numberBase is var b && (b == 0 || b == prefix))
            (digits, numberBase) = (digits[2..] is ['_', .. var rest] ? rest : digits[2..], prefix);
        else if (numberBase == 0 && digits.StartsWith('0') && digits.Any(digit => digit is not ('0' or '_')))
            return null;
        numberBase = numberBase == 0 ? 10 : numberBase;
        return Magnitude(digits, numberBase) is { } value ? Normal(isNegative ? -value : value) : null;
    }

    private static BigInteger? Magnitude(string digits, int numberBase)
    {
        if (digits.Length == 0 || digits[0] == '_' || digits[^1] == '_' || digits.Contains("__", StringComparison.Ordinal))
            return null;
        var plain = digits.Replace("_", "", StringComparison.Ordinal);
        if (plain.Length > MostDigits && !BigInteger.IsPow2(numberBase))
            throw TemplateException.Value($"a number has more than {MostDigits} digits, too many for an integer");
        if (plain.Length > MostBits)
            throw new TemplateException(TemplateException.Limit, "an integer is too large");
        if (plain.Any(digit => Digit(digit) >= numberBase))
            return null;
        if (numberBase == 10)
            return BigInteger.Parse(plain, NumberStyles.None, CultureInfo.InvariantCulture);
        return plain.Aggregate(BigInteger.Zero, (sum, digit) => sum * numberBase + Digit(digit));
    }

    private static int Digit(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'z' => c - 'a' + 10,
        >= 'A' and <= 'Z' => c - 'A' + 10,
        _ => 99,
    };

    /// <summary>Python's <c>float(text)</c>; null where the text is none.</summary>
    public static double? ParseFloat(string text)
    {
        var plain = PythonText.AsciiDigits(PythonText.Strip(text));
        var unsigned = plain.Length > 0 && plain[0] is '-' or '+' ? plain[1..] : plain;
        double? special = unsigned.ToLowerInvariant() switch
        {
            "inf" or "infinity" => double.PositiveInfinity,
            "nan" => double.NaN,
            _ => null,
        };
        if (special is { } named)
            return plain[0] == '-' ? -named : named;
        for (var i = 0; i < unsigned.Length; i++)
            if (!(char.IsAsciiDigit(unsigned[i]) || unsigned[i] is '.' or 'e' or 'E' || unsigned[i] is '-' or '+' && i > 0 && unsigned[i - 1] is 'e' or 'E'
                || unsigned[i] == '_' && i > 0 && i + 1 < unsigned.Length && char.IsAsciiDigit(unsigned[i - 1]) && char.IsAsciiDigit(unsigned[i + 1])))
                return null;
        return double.TryParse(plain.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }

    /// <summary>Python's <c>int</c> of a float: cut towards zero.</summary>
    public static object Truncate(double number) => double.IsFinite(number)
        ? Normal(new BigInteger(Math.Truncate(number)))
        : throw (double.IsNaN(number)
            ? TemplateException.Value("cannot convert float NaN to integer")
            : new TemplateException("OverflowError", "cannot convert float infinity to integer"));

    /// <summary>Python's <c>round</c> of an integer to tens, hundreds and so on.</summary>
    public static object RoundInteger(BigInteger value, BigInteger digits)
    {
        if (digits >= 0)
            return Normal(value);
        if (digits < -10_000)
            return 0L;
        var unit = BigInteger.Pow(10, (int)-digits);
        return Normal(value.Sign * PythonFloat.DivideToEven(BigInteger.Abs(value), unit) * unit);
    }
}
