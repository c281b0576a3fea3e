using System.Globalization;
using Cognito.Eval.Files;
using CsvHelper;

namespace Cognito.Eval.Reports;

/// <summary>CSV in which numbers are numbers, and no text is a formula that a spreadsheet would run.</summary>
internal sealed class Csv : IDisposable
{
    private readonly StringWriter _text = new(CultureInfo.InvariantCulture);
    private readonly CsvWriter _csv;

    public Csv(params string[] header)
    {
        _csv = CsvWriter.Create(_text, new() { NewLine = "\n", Injection = CsvInjection.Escape }, leaveOpen: true);
        _csv.WriteHeader(header);
    }

    /// <param name="cells">Texts, numbers, true or false; null is an empty cell.</param>
    public void Add(params object?[] cells)
    {
        foreach (var cell in cells)
            switch (cell)
            {
                case string text: _csv.WriteField(Text(Printable.Line(text))); break;
                case double number: _csv.WriteField(number, "R"); break;
                case int count: _csv.WriteField(count, ""); break;
                case bool flag: _csv.WriteField(flag ? "true" : "false"); break;
                default: _csv.WriteField(""); break;
            }
        _csv.EndRecord();
    }

    /// <summary>A line that begins with two colons commands the runner of a workflow.</summary>
    private static string Text(string line) => line.StartsWith("::", StringComparison.Ordinal) ? $"'{line}" : line;

    /// <summary>What was written so far.</summary>
    public override string ToString()
    {
        _csv.Flush();
        return _text.ToString();
    }

    public void Dispose()
    {
        _csv.Dispose();
        _text.Dispose();
    }
}
