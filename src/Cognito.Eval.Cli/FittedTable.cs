using System.Text;
using System.Text.RegularExpressions;

namespace Cognito.Eval.Cli;

/// <summary>
/// Tables of Markdown for a terminal: as they are where they fit, else with cells in several lines, and where even that is
/// too wide, each row as lines of its own. No number is broken or cut.
/// </summary>
internal static partial class FittedTable
{
    private const int LeastText = 12;

    /// <summary>A text in which the tables are made to fit.</summary>
    /// <param name="columns">Null leaves them as they are.</param>
    public static string Fit(string text, int? columns)
    {
        if (columns is not { } width)
            return text;
        var (fitted, table) = (new StringBuilder(), new List<string>());
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith('|'))
            {
                table.Add(line);
                continue;
            }
            End();
            fitted.Append(line).Append('\n');
        }
        End();
        return fitted.ToString()[..^1];

        void End()
        {
            foreach (var line in table.Count < 2 || table.All(line => Cells.Width(line) <= width) ? table : Lines(table, width))
                fitted.Append(line).Append('\n');
            table.Clear();
        }
    }

    private static IEnumerable<string> Lines(List<string> table, int width)
    {
        var rows = table.Where((_, i) => i != 1).Select(Split).ToList();
        bool[] isNumber = [.. Split(table[1]).Select(rule => rule.EndsWith(':'))];
        if (rows.Any(row => row.Length != isNumber.Length))
            return table;
        int Widest(int c, IEnumerable<string[]> of) => of.Select(row => Cells.Width(row[c])).DefaultIfEmpty(0).Max();
        int[] natural = [.. isNumber.Select((_, c) => Widest(c, rows))];
        int[] widths = [.. isNumber.Select((number, c) => Math.Max(3, number
            ? Math.Max(Widest(c, rows.Skip(1)), LongestWord(rows[0][c])) : Math.Min(natural[c], Math.Max(LeastText, LongestWord(rows[0][c])))))];
        var room = width - 1 - widths.Sum(w => w + 3);
        if (room < 0)
            return Blocks(rows, width);
        // What is left goes to texts, an equal part to each that lacks it.
        for (int[] lacking; room > 0 && (lacking = [.. isNumber.Index().Where(c => !c.Item && widths[c.Index] < natural[c.Index]).Select(c => c.Index)]).Length > 0;)
            foreach (var c in lacking.Take(room))
                (widths[c], room) = (widths[c] + 1, room - 1);
        return [.. Row(rows[0], widths, isNumber), Rule(widths, isNumber), .. rows.Skip(1).SelectMany(row => Row(row, widths, isNumber))];
    }

    private static int LongestWord(string text) => text.Split(' ').Max(Cells.Width);

    private static string Rule(int[] widths, bool[] isNumber) => "|" + string.Concat(widths.Select((width, c) =>
        isNumber[c] ? $" {new string('-', width - 1)}: |" : $" {new string('-', width)} |"));

    private static IEnumerable<string> Row(string[] cells, int[] widths, bool[] isNumber)
    {
        var wrapped = cells.Select((cell, c) => Cells.Wrap(cell, widths[c])).ToList();
        return Enumerable.Range(0, wrapped.Max(lines => lines.Count)).Select(l => "|" + string.Concat(wrapped.Select((lines, c) =>
            lines.ElementAtOrDefault(l) is var text && isNumber[c] ? $" {Cells.PadLeft(text ?? "", widths[c])} |"
                : $" {Cells.PadRight(text ?? "", widths[c])} |")));
    }

    /// <summary>A row's first cell, and below it each other one beside its heading.</summary>
    private static IEnumerable<string> Blocks(List<string[]> rows, int width)
    {
        var heads = rows[0];
        var beside = Math.Min(heads.Skip(1).Select(Cells.Width).DefaultIfEmpty(0).Max(), width / 2 - 2);
        foreach (var (r, row) in rows.Skip(1).Index())
        {
            if (r > 0)
                yield return "";
            foreach (var line in Cells.Wrap($"{row[0]}", width))
                yield return line;
            for (var c = 1; c < row.Length; c++)
            {
                var (head, value) = (Cells.Wrap(heads[c], beside), Cells.Wrap(row[c], Math.Max(8, width - beside - 4)));
                for (var l = 0; l < Math.Max(head.Count, value.Count); l++)
                    yield return $"  {Cells.PadRight(head.ElementAtOrDefault(l) ?? "", beside)}  {value.ElementAtOrDefault(l)}".TrimEnd();
            }
        }
    }

    private static string[] Split(string line) => [.. Bar().Split(line.Trim())[1..^1].Select(cell => cell.Trim())];

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Bar();
}
