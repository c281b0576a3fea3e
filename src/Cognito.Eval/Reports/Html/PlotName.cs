using System.Globalization;
using System.Text;

namespace Cognito.Eval.Reports.Html;

/// <summary>Names beside a plot: in two lines where they are long.</summary>
internal static class PlotName
{
    private const int Line = 23;

    /// <summary>At most two lines of about 23 letters, broken between words; what is longer ends in an ellipsis.</summary>
    public static string Fold(string name)
    {
        if (Width(name) <= Line)
            return name;
        var space = name.LastIndexOfAny([' ', '_', '-', '/'], Cut(name, Line).Length - 1);
        var first = space > 0 ? name[..(space + 1)] : Cut(name, Line);
        var rest = name[first.Length..].TrimStart();
        return $"{first.TrimEnd()}\n{(Width(rest) <= Line ? rest : Cut(rest, Line - 1) + "…")}";
    }

    /// <summary>Of the longest line, in small letters; those of East Asia are two wide.</summary>
    public static double Width(string name) => name.Split('\n').Max(line => line.EnumerateRunes().Sum(Width));

    /// <summary>As many whole characters as fit.</summary>
    private static string Cut(string name, int width)
    {
        var (elements, end, used) = (StringInfo.GetTextElementEnumerator(name), 0, 0.0);
        while (elements.MoveNext())
        {
            var element = elements.GetTextElement();
            used += Math.Max(1, element.EnumerateRunes().Sum(Width));
            if (used > width)
                break;
            end += element.Length;
        }
        return name[..end];
    }

    private static double Width(Rune rune) => rune.Value switch
    {
        >= 0x1100 and <= 0x115f or >= 0x2e80 and <= 0xa4cf or >= 0xac00 and <= 0xd7a3 or >= 0xf900 and <= 0xfaff
            or >= 0xfe30 and <= 0xfe6f or >= 0xff00 and <= 0xff60 or >= 0xffe0 and <= 0xffe6 or >= 0x1f300 => 2,
        _ => Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark => 0,
            UnicodeCategory.UppercaseLetter => 1.25,
            _ => 1,
        },
    };
}
