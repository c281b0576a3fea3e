using System.Globalization;
using System.Text;

namespace Cognito.Eval;

/// <summary>Words from outside, as they may be shown: names in files and messages about them.</summary>
public static class Printable
{
    private const int Longest = 2000;

    /// <summary>
    /// The text on one line: runs of white space are one space, other control characters are spelled <c>\u001b</c>, so
    /// that no file's words command a terminal, and what is longer than anyone reads is cut.
    /// </summary>
    public static string Line(string? text)
    {
        var line = new StringBuilder();
        var space = false;
        foreach (var c in text ?? "")
        {
            if (line.Length > Longest)
                return line.Append("...").ToString();
            if (char.IsWhiteSpace(c))
            {
                space = line.Length > 0;
                continue;
            }
            if (space)
                line.Append(' ');
            space = false;
            if (char.IsControl(c) || IsDirection(c))
                line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                line.Append(c);
        }
        return line.ToString();
    }

    /// <summary>Characters that turn the direction of what follows, and can make a name look like another.</summary>
    private static bool IsDirection(char c) => c is >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069';
}
