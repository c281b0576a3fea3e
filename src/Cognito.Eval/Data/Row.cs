using Cognito.Eval.Files;

namespace Cognito.Eval.Data;

/// <summary>One raw row of a dataset: named cells of text, numbers, lists and structs.</summary>
/// <param name="origin">Where the row was read, for messages: "path/to/file.parquet row 12".</param>
/// <param name="cells">
/// A cell is null, a <see cref="string"/>, a <see cref="long"/>, a <see cref="double"/>, a <see cref="bool"/>,
/// an <see cref="IReadOnlyList{T}"/> of cells or an <see cref="IReadOnlyDictionary{TKey,TValue}"/> of cells by name.
/// </param>
public sealed class Row(string origin, IReadOnlyDictionary<string, object?> cells)
{
    public string Origin { get; } = origin;
    public IReadOnlyDictionary<string, object?> Cells { get; } = cells;

    /// <exception cref="InputException">The column is missing or of another type.</exception>
    public string Text(string column) =>
        this[column] as string ?? throw Unexpected(column, this[column], "text");

    /// <exception cref="InputException">The column is missing or of another type, as 1.0 is.</exception>
    public long Integer(string column) =>
        this[column] is long number ? number : throw Unexpected(column, this[column], "a whole number");

    /// <exception cref="InputException">The column is missing or of another type, or an element is.</exception>
    public IReadOnlyList<string> Texts(string column) => All<string>(column, "a list of texts");

    /// <exception cref="InputException">The column is missing or of another type, or an element is.</exception>
    public IReadOnlyList<long> Integers(string column) => All<long>(column, "a list of whole numbers");

    /// <summary>The struct in a column, as a row of its own: <c>row.Inside("choices").Texts("text")</c>.</summary>
    /// <exception cref="InputException">The column is missing or not a struct.</exception>
    public Row Inside(string column) =>
        this[column] is IReadOnlyDictionary<string, object?> inner
            ? new Row($"{Origin}, \"{column}\"", inner)
            : throw Unexpected(column, this[column], "a struct");

    /// <summary>The same cells, these columns first and in this order.</summary>
    public Row Ordered(IEnumerable<string> columns)
    {
        var cells = new OrderedDictionary<string, object?>();
        foreach (var column in columns.Where(Cells.ContainsKey).Concat(Cells.Keys))
            cells.TryAdd(column, Cells[column]);
        return new(Origin, cells);
    }

    /// <summary>Whether another row has the same columns with equal cells, in whatever order.</summary>
    public bool HasSameCells(Row other) => Same(Cells, other.Cells);

    private static bool Same(object? one, object? other) => (one, other) switch
    {
        (IReadOnlyDictionary<string, object?> a, IReadOnlyDictionary<string, object?> b) =>
            a.Count == b.Count && a.All(cell => b.TryGetValue(cell.Key, out var its) && Same(cell.Value, its)),
        (IReadOnlyList<object?> a, IReadOnlyList<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => Same(pair.First, pair.Second)),
        (long a, double b) => a == b,
        (double a, long b) => a == b,
        _ => Equals(one, other),
    };

    /// <summary>The cell in a column, of whatever type.</summary>
    internal object? this[string column] =>
        Cells.TryGetValue(column, out var cell)
            ? cell
            : throw new InputException($"{Origin}: no column \"{column}\" among " +
                $"{string.Join(", ", Cells.Keys.Take(20))}; is this the right dataset?");

    private T[] All<T>(string column, string expected)
    {
        var cell = this[column];
        if (cell is not IReadOnlyList<object?> list)
            throw Unexpected(column, cell, expected);
        var all = new T[list.Count];
        for (var i = 0; i < all.Length; i++)
            all[i] = list[i] is T item ? item : throw Unexpected($"{column}[{i}]", list[i], $"one of {expected}");
        return all;
    }

    private InputException Unexpected(string column, object? cell, string expected) =>
        new($"{Origin}: column \"{column}\" is {Describe(cell)}, expected {expected}; is this the right dataset?");

    private static string Describe(object? cell) => cell switch
    {
        null => "null",
        string => "text",
        long => "a whole number",
        double => "a fractional number",
        bool => "true or false",
        IReadOnlyDictionary<string, object?> => "a struct",
        IReadOnlyList<object?> => "a list",
        _ => "of another kind",
    };
}
