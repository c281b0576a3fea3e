using Cognito.Eval.Files;

namespace Cognito.Eval.Data;

/// <summary>
/// How much a task may hold. It is far more than the largest of these datasets holds, and little enough that a file of rows
/// cannot fill a machine's memory by its size alone. --unbounded lifts the bounds.
/// </summary>
/// <param name="Rows">Of a split, and so the most documents of a task.</param>
/// <param name="Requests">Of a task.</param>
/// <param name="Characters">Of a split's texts, and of a task's prompts; 2 bytes each.</param>
public sealed record RowBounds(int Rows, int Requests, long Characters)
{
    private const string Lift = "take fewer rows, or lift the bounds with --unbounded";

    public static RowBounds Usual { get; } = new(Rows: 200_000, Requests: 1_000_000, Characters: 1L << 28);

    public static RowBounds None { get; } = new(int.MaxValue, int.MaxValue, long.MaxValue);

    /// <exception cref="InputException">A file, or the files of a split so far, hold more rows than may be.</exception>
    internal void RequireRows(string file, long rows)
    {
        if (rows > Rows)
            throw new InputException($"{file}: more than {Rows:N0} rows of one split; {Lift}");
    }

    /// <returns>How many characters the rows hold.</returns>
    /// <exception cref="InputException">With those before, they hold more than may be.</exception>
    internal long RequireCharacters(string file, IEnumerable<Row> rows, long before)
    {
        var characters = before;
        foreach (var row in rows)
            if ((characters += row.Cells.Values.Sum(CharactersOf)) > Characters)
                throw new InputException($"{file}: more than {Characters:N0} characters of one split; {Lift}");
        return characters;
    }

    private static long CharactersOf(object? cell) => cell switch
    {
        string text => text.Length,
        IReadOnlyList<object?> list => list.Sum(CharactersOf) + list.Count,
        IReadOnlyDictionary<string, object?> part => part.Values.Sum(CharactersOf) + part.Count,
        _ => 1,
    };
}
