using System.Text.Unicode;
using Cognito.Eval.Files;
using CsvHelper;

namespace Cognito.Eval.Data;

/// <summary>Rows from CSV as RFC 4180 has it, every cell text.</summary>
internal static class CsvRows
{
    /// <param name="path">The file.</param>
    /// <param name="columns">The names of the columns of a file without a header; null where it has one.</param>
    /// <param name="bounds">How many rows there may be; as many as there are if null.</param>
    /// <exception cref="InputException">A record has other fields than its columns, or quotes do not match.</exception>
    public static List<Row> Read(string path, IReadOnlyList<string>? columns = null, RowBounds? bounds = null)
    {
        var rows = new List<Row>();
        using var csv = CsvReader.Create(Text(path), Rfc4180);
        try
        {
            while (csv.Read())
            {
                if (columns is null)
                    columns = Header(path, csv.Current.ToArray());
                else
                    rows.Add(Record($"{path} line {csv.LineNumber}", columns, csv.Current.ToArray()));
                bounds?.RequireRows(path, rows.Count);
            }
        }
        catch (CsvFormatException e)
        {
            var line = e.LineNumber;
            throw new InputException($"{path} line {line}: quotes that do not enclose a field; " +
                "enclose the whole field and write a quote in it as \"\"", e);
        }
        return rows;
    }

    private static CsvReaderOptions Rfc4180 { get; } = new()
    {
        Separator = ',',
        HasHeader = false, // ours, so that a header's fields are counted and named in messages like any other's
        TrimWhitespace = false,
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
    };

    private static ReadOnlyMemory<byte> Text(string path)
    {
        var bytes = DataFile.Read(path);
        if (Utf8.IsValid(bytes.Span))
            return bytes;
        var line = 1;
        foreach (var range in bytes.Span.Split((byte)'\n'))
            if (Utf8.IsValid(bytes.Span[range]))
                line++;
            else
                break;
        throw new InputException($"{path} line {line}: not UTF-8; save the file as UTF-8");
    }

    private static string[] Header(string path, string[] names) =>
        names.GroupBy(name => name).FirstOrDefault(same => same.Count() > 1) is { Key: var twice }
            ? throw new InputException($"{path}: the header names \"{twice}\" twice; rename one")
            : names;

    private static Row Record(string origin, IReadOnlyList<string> columns, string[] fields)
    {
        if (fields.Length != columns.Count)
            throw new InputException($"{origin} has {fields.Length} fields, expected {columns.Count} " +
                $"({string.Join(", ", columns)}); enclose fields that hold commas or line ends in quotes");
        var cells = new Dictionary<string, object?>(fields.Length);
        for (var i = 0; i < fields.Length; i++)
            cells.Add(columns[i], fields[i]);
        return new Row(origin, cells);
    }
}
