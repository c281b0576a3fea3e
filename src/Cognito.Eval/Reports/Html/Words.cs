using System.Globalization;
using Cognito.Eval.Comparison;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Reports.Html;

/// <summary>Numbers as the page writes them.</summary>
internal static class Words
{
    public static string Count(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Fixed(double value, int digits = 2) =>
        Decimals.Of(value, digits).Replace('-', '−');

    public static string Signed(double value, int digits = 2) => Decimals.Signed(value, digits).Replace('-', '−');

    /// <summary>A value with its 95 % interval.</summary>
    /// <param name="mark">Stands after the value.</param>
    public static HtmlText Estimate(double? value, Interval? interval, HtmlText mark = default) => value is not { } x ? HtmlText.From($"–")
        : HtmlText.From($"{Fixed(x)}{mark} {(interval is { } i ? HtmlText.From($"<span class=\"pm\">{Between(i)}</span>") : HtmlText.None)}");

    private static string Between(Interval interval) => $"[{Fixed(interval.Low, 1)}, {Fixed(interval.High, 1)}]";

    public static HtmlText Difference(double value, Interval? interval) => HtmlText.From($"""
        {Signed(value)}{(interval is { } i ? HtmlText.From($" <span class=\"pm\">[{Signed(i.Low, 1)}, {Signed(i.High, 1)}]</span>") : HtmlText.None)}
        """);

    /// <summary>A cell with a number; on a narrow screen its heading stands beside it.</summary>
    public static HtmlText Cell(string heading, HtmlText value) => HtmlText.From($"<td class=\"num\" data-label=\"{heading}\">{value}</td>");

    public static HtmlText Cell(string heading, string value) => Cell(heading, HtmlText.From($"{value}"));

    public static string P(double? p) => p switch { null => "–", < 0.001 => "< 0.001", _ => Fixed(p.Value, 3) };
}
