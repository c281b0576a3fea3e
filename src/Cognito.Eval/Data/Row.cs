namespace Cognito.Eval;

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
    public string Text(string column) => throw new NotSupportedException(column);
    public long Integer(string column) => throw new NotSupportedException(column);
    public IReadOnlyList<string> Texts(string column) => throw new NotSupportedException(column);
    public IReadOnlyList<long> Integers(string column) => throw new NotSupportedException(column);

    /// <summary>The struct in a column, as a row of its own: <c>row.Inside("choices").Texts("text")</c>.</summary>
    public Row Inside(string column) => throw new NotSupportedException(column);
}
