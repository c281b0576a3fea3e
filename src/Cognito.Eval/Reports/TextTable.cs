using System.Text;

namespace Cognito.Eval.Reports;

/// <summary>A Markdown table whose columns line up, so that it reads in a terminal too.</summary>
internal sealed class TextTable(params Markdown[] header)
{
    private readonly List<string[]> rows = [];
    private readonly string[] titles = [.. header.Select(title => title.Text)];

    /// <summary>The first columns are text and stand left; the rest stand right.</summary>
    public int TextColumns { get; init; } = 1;

    /// <summary>Whether the last column is text too.</summary>
    public bool EndsInText { get; init; }

    public TextTable Add(params Markdown[] cells)
    {
        rows.Add([.. cells.Select(cell => cell.Text ?? "")]);
        return this;
    }

    private bool IsText(int column) => column < TextColumns || (EndsInText && column == titles.Length - 1);

    public Markdown ToMarkdown()
    {
        int[] widths = [.. titles.Select((title, i) => Math.Max(3, rows.Select(row => row[i].Length).Append(title.Length).Max()))];
        var text = new StringBuilder();
        Line(titles);
        text.Append('|').AppendJoin('|', widths.Select((width, i) => IsText(i)
            ? $" {new string('-', width)} " : $" {new string('-', width - 1)}: ")).Append("|\n");
        foreach (var row in rows)
            Line(row);
        return new(text.ToString());

        void Line(string[] cells) => text.Append('|').AppendJoin('|', cells.Select((cell, i) =>
            $" {(IsText(i) ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))} ")).Append("|\n");
    }
}
