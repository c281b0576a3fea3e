using System.Globalization;
using System.Text;

namespace Cognito.Eval.Tests;

/// <summary>What a terminal shows of the bytes that it gets, with all that has scrolled away.</summary>
/// <param name="reflows">Whether it breaks long rows anew when its width changes, as most do, or cuts them, as xterm does.</param>
internal sealed class Screen(int columns, bool reflows)
{
    private readonly List<(StringBuilder Text, bool Goes)> rows = [(new(), false)];
    private int row, column;
    private bool wraps = true;

    public int Columns { get; private set; } = columns;

    public IReadOnlyList<string> Rows => [.. rows.Select(row => row.Text.ToString().TrimEnd())];

    /// <param name="each">After each sequence that commands.</param>
    public void Write(string text, Action? each = null)
    {
        for (var i = 0; i < text.Length; i++)
            if (text[i] != '\u001b')
                Put(text[i]);
            else if (i + 1 < text.Length && text[i + 1] == '[')
            {
                var end = i + 2;
                while (end < text.Length && text[end] is not (>= '@' and <= '~'))
                    end++;
                Command(text[(i + 2)..end], text[end]);
                i = end;
                each?.Invoke();
            }
            else
                i++;
    }

    private void Put(char c)
    {
        switch (c)
        {
            case '\r': column = 0; return;
            case '\n': Next(goes: false); return;
            case < ' ': return;
        }
        if (column == Columns && wraps)
        {
            Next(goes: true);
            column = 0;
        }
        column = Math.Min(column, Columns - 1);
        var line = rows[row].Text;
        line.Append(' ', Math.Max(0, column + 1 - line.Length));
        line[column++] = c;
    }

    private void Next(bool goes)
    {
        rows[row] = (rows[row].Text, goes);
        if (++row == rows.Count)
            rows.Add((new(), false));
    }

    private void Command(string numbers, char command)
    {
        switch (command, numbers)
        {
            case ('J', "" or "0"):
                rows[row].Text.Length = Math.Min(rows[row].Text.Length, column);
                rows[row] = (rows[row].Text, false);
                rows.RemoveRange(row + 1, rows.Count - row - 1);
                break;
            case ('h' or 'l', "?7"): wraps = command == 'h'; break;
            case ('m', _): break;
            case ('h' or 'l', "?1"): break;
            case ('t', _): Resize(int.Parse(numbers.Split(';')[2], CultureInfo.InvariantCulture)); break;
            default: throw new NotSupportedException($"CSI {numbers} {command}");
        }
    }

    private void Resize(int to)
    {
        if (!reflows)
        {
            foreach (var (text, _) in rows)
                text.Length = Math.Min(text.Length, to);
            (Columns, column) = (to, Math.Min(column, to));
            return;
        }
        var (broken, at) = (new List<(StringBuilder, bool)>(), (Row: 0, Column: 0));
        for (int first = 0, last; first < rows.Count; first = last + 1)
        {
            for (last = first; rows[last].Goes && last + 1 < rows.Count; last++) { }
            var line = string.Concat(rows[first..(last + 1)].Select((part, i) =>
                first + i < last ? part.Text.ToString().PadRight(Columns) : part.Text.ToString()));
            if (row >= first && row <= last)
            {
                var offset = (row - first) * Columns + column;
                at = (broken.Count + offset / to, offset % to);
            }
            var parts = Math.Max(1, (line.Length + to - 1) / to);
            for (var p = 0; p < parts; p++)
                broken.Add((new(line[(p * to)..Math.Min(line.Length, (p + 1) * to)]), p < parts - 1));
        }
        rows.Clear();
        rows.AddRange(broken);
        (Columns, row, column) = (to, Math.Min(at.Row, rows.Count - 1), at.Column);
    }
}
