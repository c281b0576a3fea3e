using System.Globalization;

namespace Cognito.Eval.Comparison;

/// <summary>Numbers for reading: two decimals, more where two would hide which of two numbers is larger.</summary>
internal static class Decimals
{
    private const int Usual = 2, Most = 9;

    /// <summary>Without a sign where it rounds to 0.</summary>
    public static string Of(double value, int digits = Usual) => Text(value, digits, signed: false);

    /// <summary>With its sign, except 0.</summary>
    public static string Signed(double value, int digits = Usual) => Text(value, digits, signed: true);

    /// <summary>With as many decimals as tell it from another number that it is held against.</summary>
    public static string Beside(double value, double? other, bool signed = false) => Text(value, Digits(value, other), signed);

    private static int Digits(double value, double? other)
    {
        var digits = Usual;
        while (other is { } it && Math.Abs(value - it) > 1e-9 && digits < Most && Of(value, digits) == Of(it, digits))
            digits++;
        return digits;
    }

    private static string Text(double value, int digits, bool signed)
    {
        var text = value.ToString($"F{digits}", CultureInfo.InvariantCulture);
        var isZero = !text.AsSpan().ContainsAnyInRange('1', '9');
        return isZero ? text.TrimStart('-') : signed && value > 0 ? "+" + text : text;
    }
}
