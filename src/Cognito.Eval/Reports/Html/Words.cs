using System.Globalization;

namespace Cognito.Eval;

/// <summary>Numbers as the page writes them.</summary>
internal static class Words
{
    public static string Count(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Fixed(double value, int digits = 2) =>
        value.ToString("F" + digits, CultureInfo.InvariantCulture).Replace('-', '−');

    public static string Signed(double value, int digits = 2) => (value > 0 ? "+" : "") + Fixed(value, digits);

    /// <summary>A value with its 95 % interval.</summary>
    /// <param name="mark">Stands after the value.</param>
    public static Html Estimate(double? value, Interval? interval, Html mark = default) => value is not { } x ? Html.Of($"–")
        : Html.Of($"{Fixed(x)}{mark} {(interval is { } i ? Html.Of($"<span class=\"pm\">{Between(i)}</span>") : Html.None)}");

    private static string Between(Interval interval) => $"[{Fixed(interval.Low, 1)}, {Fixed(interval.High, 1)}]";

    public static Html Difference(double value, Interval? interval) => Html.Of($"""
        {Signed(value)}{(interval is { } i ? Html.Of($" <span class=\"pm\">[{Signed(i.Low, 1)}, {Signed(i.High, 1)}]</span>") : Html.None)}
        """);

    public static string P(double? p) => p switch { null => "–", < 0.001 => "< 0.001", _ => Fixed(p.Value, 3) };
}
