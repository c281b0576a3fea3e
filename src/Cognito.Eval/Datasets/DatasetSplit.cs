using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Data;

namespace Cognito.Eval.Datasets;

/// <summary>All rows of one split, the files they came from, and a digest that names what tasks read of them.</summary>
/// <param name="Rows">In the files' order.</param>
/// <param name="Files">Paths under the data root, with forward slashes.</param>
/// <param name="Sha256">
/// Of the columns that tasks read, and of nothing else. So Parquet, JSON lines and CSV of the same rows have the same one.
/// A row is a line: the JSON array of its cells as Python writes it with <c>ensure_ascii=False, sort_keys=True,
/// separators=(',', ':')</c>, but 1.0 as 1.
/// </param>
public sealed record DatasetSplit(IReadOnlyList<Row> Rows, IReadOnlyList<string> Files, string Sha256)
{
    internal static string Digest(IEnumerable<Row> rows, IReadOnlyList<string> columns)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var line = new StringBuilder();
        foreach (var row in rows)
        {
            line.Clear();
            AppendAll(line, '[', columns.Select(column => row[column]), ']', Append);
            line.Append('\n');
            hash.AppendData(Encoding.UTF8.GetBytes(line.ToString()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Of all columns, by their names.</summary>
    internal static string DigestAll(IEnumerable<Row> rows)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var line = new StringBuilder();
        foreach (var row in rows)
        {
            line.Clear();
            Append(line, row.Cells);
            hash.AppendData(Encoding.UTF8.GetBytes(line.Append('\n').ToString()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(StringBuilder to, object? cell)
    {
        switch (cell)
        {
            case null: to.Append("null"); break;
            case bool flag: to.Append(flag ? "true" : "false"); break;
            case long whole: to.Append(whole.ToString(CultureInfo.InvariantCulture)); break;
            case double number: AppendNumber(to, number); break;
            case string text: AppendText(to, text); break;
            case IReadOnlyList<object?> list: AppendAll(to, '[', list, ']', Append); break;
            case IReadOnlyDictionary<string, object?> part:
                AppendAll(to, '{', part.OrderBy(inner => inner.Key, StringComparer.Ordinal), '}', (_, inner) =>
                {
                    AppendText(to, inner.Key);
                    to.Append(':');
                    Append(to, inner.Value);
                });
                break;
            default: throw new NotSupportedException($"a cell may not be a {cell.GetType()}");
        }
    }

    private static void AppendAll<T>(
        StringBuilder to, char open, IEnumerable<T> items, char close, Action<StringBuilder, T> append)
    {
        to.Append(open);
        var first = true;
        foreach (var item in items)
        {
            if (!first)
                to.Append(',');
            first = false;
            append(to, item);
        }
        to.Append(close);
    }

    private static void AppendNumber(StringBuilder to, double number)
    {
        if (number == Math.Truncate(number) && Math.Abs(number) < 1L << 53)
            to.Append((long)number);
        else
            to.Append(number.ToString("R", CultureInfo.InvariantCulture));
    }

    private static readonly SearchValues<char> Escaped =
        SearchValues.Create([.. Enumerable.Range(0, 32).Select(code => (char)code), '"', '\\']);

    private static void AppendText(StringBuilder to, string text)
    {
        to.Append('"');
        var rest = text.AsSpan();
        for (int at; (at = rest.IndexOfAny(Escaped)) >= 0; rest = rest[(at + 1)..])
        {
            to.Append(rest[..at]);
            _ = rest[at] switch
            {
                '"' => to.Append("\\\""),
                '\\' => to.Append("\\\\"),
                '\b' => to.Append("\\b"),
                '\f' => to.Append("\\f"),
                '\n' => to.Append("\\n"),
                '\r' => to.Append("\\r"),
                '\t' => to.Append("\\t"),
                var control => to.Append("\\u").Append(((int)control).ToString("x4", CultureInfo.InvariantCulture)),
            };
        }
        to.Append(rest).Append('"');
    }
}
