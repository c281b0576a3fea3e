using System.Globalization;
using Cognito.Eval.Files;

namespace Cognito.Eval.Data;

/// <summary>Rows of which every column is read, in the form in which Hugging Face's datasets library has them.</summary>
internal static class WholeRows
{
    /// <summary>Rows that all have the same columns: a cell that one lacks is null, as in a table.</summary>
    public static List<Row> SameColumns(List<Row> rows)
    {
        var columns = new OrderedDictionary<string, object?>();
        foreach (var row in rows)
            foreach (var column in row.Cells.Keys)
                columns.TryAdd(column, null);
        return rows.TrueForAll(row => row.Cells.Count == columns.Count) ? rows : [.. rows.Select(row =>
        {
            var cells = new OrderedDictionary<string, object?>();
            foreach (var column in columns.Keys)
                cells[column] = row.Cells.GetValueOrDefault(column);
            return new Row(row.Origin, cells);
        })];
    }

    /// <summary>Rows whose columns have these types: a whole number in a column of fractions becomes one.</summary>
    /// <param name="types">By column, as the datasets library names them; null where none are given. What it makes of other types is not known here.</param>
    /// <exception cref="InputException">A cell is of another type, which the library would make another text of.</exception>
    public static IEnumerable<Row> Typed(IEnumerable<Row> rows, IReadOnlyDictionary<string, string>? types) => types is null ? rows : rows.Select(row =>
    {
        var cells = new OrderedDictionary<string, object?>(row.Cells);
        foreach (var (column, type) in types)
            if (cells.GetValueOrDefault(column) is { } cell)
                cells[column] = Typed(type, cell) ?? throw new InputException(
                    $"{row.Origin}: column \"{Printable.Line(column)}\" is {(cell is string ? "a text" : $"{cell}")}, and the dataset's README.md says {Printable.Line(type)}; "
                    + "give the rows as they should be, with --data DIR");
        return new Row(row.Origin, cells);
    });

    /// <summary>A cell as its type has it; null where it is of another.</summary>
    private static object? Typed(string type, object cell) => (type, cell) switch
    {
        ("string" or "large_string", string) or ("bool", bool) or ("class_label", long) => cell,
        ("string" or "large_string" or "bool" or "class_label", _) => null,
        ("float16" or "float32" or "float64", long whole) when Math.Abs(whole) <= 1L << 53 => (double)whole,
        ("float16" or "float32" or "float64", _) => cell is double ? cell : null,
        _ when type.StartsWith("int", StringComparison.Ordinal) || type.StartsWith("uint", StringComparison.Ordinal) => cell is long ? cell : null,
        _ => cell,
    };

    /// <summary>What pandas takes for a missing value.</summary>
    private static readonly HashSet<string> Missing =
    [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None",
        "n/a", "nan", "null",
    ];

    /// <summary>
    /// Cells of a CSV file as numbers, true and false, and texts: a column of nothing but numbers is one, as pandas reads it.
    /// </summary>
    /// <exception cref="InputException">A cell is missing, or would be taken for missing: its meaning hangs on the reader.</exception>
    public static List<Row> FromCsv(string file, List<Row> rows)
    {
        var columns = rows.Count == 0 ? [] : rows[0].Cells.Keys.ToDictionary(column => column, column => Kind(file, column, rows));
        return [.. rows.Select(row =>
        {
            var cells = new OrderedDictionary<string, object?>();
            foreach (var (column, cell) in row.Cells)
                cells[column] = columns[column]((string)cell!);
            return new Row(row.Origin, cells);
        })];
    }

    private static Func<string, object?> Kind(string file, string column, List<Row> rows)
    {
        string[] cells = [.. rows.Select(row => (string)row.Cells[column]!)];
        if (Array.FindIndex(cells, Missing.Contains) is >= 0 and var at)
            throw new InputException($"{rows[at].Origin}: column \"{column}\" is \"{cells[at]}\", which readers of CSV take for a missing value; "
                + $"fill it in, or give the rows as JSON lines ({Path.GetFileNameWithoutExtension(file)}.jsonl)");
        return cells.All(cell => Whole(cell) is not null) ? cell => Whole(cell)
            : cells.All(cell => Fraction(cell) is not null) ? cell => Fraction(cell)
            : cells.All(cell => cell is "True" or "False" or "true" or "false" or "TRUE" or "FALSE") ? cell => cell[0] is 'T' or 't'
            : cell => cell;
    }

    private static long? Whole(string cell) =>
        long.TryParse(cell.Trim(' '), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static double? Fraction(string cell) => double.TryParse(
            cell.Trim(' '), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number) ? number : null;
}
