using System.Globalization;

namespace Cognito.Eval;

/// <summary>Numbers as the page writes them.</summary>
internal static class Words
{
    private const double Z95 = 1.959963984540054;

    public static string Count(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Fixed(double value, int digits = 2) =>
        value.ToString("F" + digits, CultureInfo.InvariantCulture).Replace('-', '−');

    public static string Signed(double value, int digits = 2) => (value > 0 ? "+" : "") + Fixed(value, digits);

    /// <summary>A value with the half-width of its 95 % interval.</summary>
    public static Html Estimate(double? value, double? error) => value is not { } x ? Html.Of($"–")
        : error is { } e ? Html.Of($"{Fixed(x)} <span class=\"pm\">± {Fixed(Z95 * e)}</span>") : Html.Of($"{Fixed(x)}");
}
