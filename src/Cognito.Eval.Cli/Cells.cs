using System.Globalization;
using System.Text;

namespace Cognito.Eval.Cli;

/// <summary>Text by the columns of a terminal that it takes: letters of East Asia take two, marks above a letter none.</summary>
internal static class Cells
{
    public static int Width(string text) => Terminal.Width(text);

    /// <summary>The text, or its beginning and an ellipsis.</summary>
    public static string Cut(string text, int columns) =>
        Width(text) <= columns ? text : columns <= 0 ? "" : Begin(text, columns - 1) + "…";

    /// <summary>As many whole characters as fit.</summary>
    public static string Begin(string text, int columns)
    {
        var (end, used) = (0, 0);
        for (var elements = StringInfo.GetTextElementEnumerator(text); elements.MoveNext();)
        {
            used += Width(elements.GetTextElement());
            if (used > columns)
                break;
            end += elements.GetTextElement().Length;
        }
        return text[..end];
    }

    public static string PadRight(string text, int columns) => text + new string(' ', Math.Max(0, columns - Width(text)));

    public static string PadLeft(string text, int columns) => new string(' ', Math.Max(0, columns - Width(text))) + text;

    /// <summary>The text in lines, broken between words; a word that is too long is broken where the line ends.</summary>
    public static IReadOnlyList<string> Wrap(string text, int columns)
    {
        var (lines, line) = (new List<string>(), new StringBuilder());
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && Width(line.ToString()) + 1 + Width(word) > columns)
                End();
            line.Append(line.Length > 0 ? " " : "").Append(word);
            while (Width(line.ToString()) > columns)
            {
                // One character is written whatever the width is.
                var rest = line.ToString();
                var begin = Begin(rest, columns) is { Length: > 0 } some ? some : StringInfo.GetNextTextElement(rest);
                lines.Add(begin);
                line.Clear().Append(rest[begin.Length..]);
            }
        }
        if (line.Length > 0 || lines.Count == 0)
            End();
        return lines;

        void End()
        {
            lines.Add(line.ToString());
            line.Clear();
        }
    }
}
