using System.Text.Json;
using Cognito.Eval.Files;

namespace Cognito.Eval.Data;

/// <summary>Rows from JSON: a file of lines (plain or .gz), or one array.</summary>
internal static class JsonRows
{
    /// <summary>The rows of a .jsonl, .jsonl.gz or .json file; of a name given twice the last value counts.</summary>
    /// <param name="bounds">How many there may be; as many as there are if null.</param>
    /// <param name="isAnyForm">Whether a .json file may hold lines too.</param>
    /// <exception cref="InputException">The file is not what its name says; the message names the line.</exception>
    public static List<Row> Read(string path, RowBounds? bounds = null, bool isAnyForm = false)
    {
        bounds ??= RowBounds.None;
        var bytes = DataFile.Read(path).Span;
        if (bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        var isArray = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && !(isAnyForm && bytes.TrimStart(" \t\r\n"u8).StartsWith("{"u8));
        return isArray ? OfArray(path, bytes, bounds) : OfLines(path, bytes, bounds);
    }

    private static List<Row> OfLines(string path, ReadOnlySpan<byte> bytes, RowBounds bounds)
    {
        var rows = new List<Row>();
        var number = 0;
        foreach (var range in bytes.Split((byte)'\n'))
        {
            number++;
            var line = bytes[range].Trim(" \t\r"u8);
            if (line.IsEmpty)
                continue;
            var origin = $"{path} line {number}";
            rows.Add(new Row(origin, Checked(origin, line, Object)));
            bounds.RequireRows(path, rows.Count);
        }
        return rows;
    }

    private static List<Row> OfArray(string path, ReadOnlySpan<byte> bytes, RowBounds bounds) =>
        Checked(path, bytes, (ref reader) =>
        {
            if (reader.TokenType != JsonTokenType.StartArray)
                throw new FormatException("is not a list of objects");
            var rows = new List<Row>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                rows.Add(new Row($"{path} row {rows.Count + 1}", Object(ref reader)));
                bounds.RequireRows(path, rows.Count);
            }
            return rows;
        });

    private delegate T Parse<T>(ref Utf8JsonReader reader);

    private static T Checked<T>(string origin, ReadOnlySpan<byte> json, Parse<T> parse)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            reader.Read();
            var value = parse(ref reader);
            reader.Read(); // throws if anything follows
            return value;
        }
        catch (JsonException e)
        {
            var at = e.LineNumber > 0 ? $"line {e.LineNumber + 1} byte" : "byte";
            throw new InputException($"{origin}: not JSON at {at} {e.BytePositionInLine + 1}; correct it or fetch the file again", e);
        }
        catch (FormatException e)
        {
            throw new InputException($"{origin}: {e.Message}; is this the right file?", e);
        }
        catch (InvalidOperationException e) // what GetString throws
        {
            throw new InputException($"{origin}: holds text that is not valid Unicode; save the file as UTF-8", e);
        }
    }

    private static IReadOnlyDictionary<string, object?> Object(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new FormatException("is not an object of columns");
        // Ordered: the original TruthfulQA file keeps its choices as an object, in an order that counts.
        var cells = new OrderedDictionary<string, object?>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            cells[name] = Cell(ref reader);
        }
        return cells;
    }

    private static object? Cell(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => Number(ref reader),
        JsonTokenType.StartArray => List(ref reader),
        _ => Object(ref reader),
    };

    private static object Number(ref Utf8JsonReader reader) =>
        reader.TryGetInt64(out var whole) ? (object)whole // else C# makes both a double
        : reader.TryGetDouble(out var number) && double.IsFinite(number) ? number
        : throw new FormatException("holds a number too large for a double");

    private static object?[] List(ref Utf8JsonReader reader)
    {
        var items = new List<object?>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            items.Add(Cell(ref reader));
        return [.. items];
    }
}
