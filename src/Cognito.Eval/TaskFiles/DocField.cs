using System.Globalization;
using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>
/// What a file says of every row in one line: a column's name, which means its value; any other text, which is a template; or
/// a value that is the same for all (protocol 11.2).
/// </summary>
/// <param name="Value">The text, or the value.</param>
internal sealed record DocField(Said Said, object? Value)
{
    private readonly Template? _template = Value is string text ? Parse(Said, text) : null;

    /// <summary>Whether nothing in it stands for a row's cell: a misspelt column is such a text.</summary>
    public bool IsPlainText => _template is { Names.Count: 0 };

    /// <summary>Whether a row's column is meant, and not a template.</summary>
    public bool IsColumn(IReadOnlySet<string> columns) => Value is string text && columns.Contains(text);

    public static DocField Of(Said said) => new(said, said.Value());

    private static Template Parse(Said said, string text)
    {
        try
        {
            return Template.Parse(text);
        }
        catch (TemplateException e)
        {
            throw said.Wrong($"is a template that cannot be read: {e.Message}{(e.Line > 1 ? $" (its line {e.Line})" : "")}");
        }
    }

    /// <summary>Its value for a row: a cell, the value that is the same for all, or the template's text.</summary>
    /// <param name="columns">Those of the rows that are asked.</param>
    public object? Of(Row row, IReadOnlySet<string> columns) => Value is not string text ? Value
        : columns.Contains(text) ? Cell(row, text) : Render(row);

    /// <summary>The same, of the row's own columns.</summary>
    public object? OfOwn(Row row) => Value is string text && row.Cells.TryGetValue(text, out var cell) ? cell : Render(row);

    private object? Cell(Row row, string column) => row.Cells.TryGetValue(column, out var cell) ? cell
        : throw At(row, $"is the column {Printable.Line(column)}, which this row lacks");

    /// <summary>The template's text.</summary>
    public string Render(Row row)
    {
        try
        {
            var text = _template!.Render(row.Cells, out var changed);
            return changed is null ? text : throw At(row, $"changes the row's {Printable.Line(changed)} while it is written, and what is asked after it would be of "
                + "another row; make a new list in the template");
        }
        catch (TemplateException e)
        {
            throw At(row, $"cannot be written: {e.Message}; correct the template, or the row");
        }
    }

    /// <summary>The text as the literal of Python that it is.</summary>
    public object? Literal(Row row, string text, string expected)
    {
        try
        {
            return PythonLiteral.Parse(text);
        }
        catch (PythonLiteralException e)
        {
            throw At(row, $"gives {Short(text)}, which is no {expected} of Python ({e.Message}); correct the template, or the row");
        }
    }

    public InputException At(Row row, string fact) => new($"{Said.Origin}: {Said.Key}, {row.Origin}: {fact}");

    public static string Short(string text)
    {
        const int Most = 60;
        var line = Printable.Line(text);
        return $"\"{(line.Length > Most ? line[..Most] + "…" : line)}\"";
    }

    /// <summary><c>str.isdigit</c>: at least one character, all of them digits of some script.</summary>
    public static bool IsDigits(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiDigit(c) || c > '\x7f' && CharUnicodeInfo.GetDigitValue(c) >= 0);
}
