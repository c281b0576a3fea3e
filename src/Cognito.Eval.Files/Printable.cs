using System.Globalization;
using System.Text;

namespace Cognito.Eval.Files;

/// <summary>Words from outside, as they may be shown: names in files and messages about them.</summary>
public static class Printable
{
    private const int Longest = 2000;

    /// <summary>
    /// The text on one line. Runs of white space become one space. What commands a terminal or hides is spelled out, as in
    /// <c>\u001b</c>. What is longer than anyone reads is cut.
    /// </summary>
    public static string Line(string? text)
    {
        text ??= "";
        var line = new StringBuilder();
        var space = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (line.Length > Longest)
                return line.Append("...").ToString();
            if (char.IsWhiteSpace(text[i]))
            {
                space = line.Length > 0;
                continue;
            }
            if (space)
                line.Append(' ');
            space = false;
            i += Append(line, text, i) - 1;
        }
        return line.ToString();
    }

    /// <summary>The text with its line ends and tabs, and everything else that commands or hides spelled out.</summary>
    public static string Lines(string? text)
    {
        text ??= "";
        var lines = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
            if (text[i] is '\n' or '\t')
                lines.Append(text[i]);
            else
                i += Append(lines, text, i) - 1;
        return lines.ToString();
    }

    /// <summary>Appends the character at i, or its spelling; how many UTF-16 units it is.</summary>
    private static int Append(StringBuilder to, string text, int i)
    {
        var length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
        if (!IsSpelled(text, i, length))
            to.Append(text, i, length);
        else
            for (var unit = i; unit < i + length; unit++)
                to.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[unit]:x4}");
        return length;
    }

    /// <summary>
    /// Control characters, line ends of Unicode, characters of no width or that turn the direction of what follows, which
    /// make a name look like another, half characters, and what is never a character.
    /// </summary>
    private static bool IsSpelled(string text, int i, int length) => CharUnicodeInfo.GetUnicodeCategory(text, i) is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
        || (length == 1 && text[i] is '\ufffe' or '\uffff');
}
