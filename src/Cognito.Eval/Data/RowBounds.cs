namespace Cognito.Eval;

/// <summary>
/// How much a task may hold: far more than the largest of these datasets, and so much that a file of rows cannot fill a
/// machine's memory by its size alone. --unbounded lifts them.
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

    /// <summary>Documents as they are made, until they are more than may be.</summary>
    /// <exception cref="InputException">They ask more requests, or longer ones, than may be.</exception>
    internal IEnumerable<AskedDoc> Within(EvalTask task, IEnumerable<AskedDoc> docs)
    {
        var (requests, characters) = (0L, 0L);
        foreach (var doc in docs)
        {
            requests += doc.Requests.Count;
            if (requests > Requests)
                throw new InputException($"{task}: more than {Requests:N0} requests; ask fewer documents with --limit, or lift the bounds "
                    + "with --unbounded");
            // Requests of one document share their context's text, but for those of a gap.
            characters += doc.Requests.DistinctBy(request => request.Context, ReferenceEqualityComparer.Instance)
                .Sum(request => (long)request.Context.Length)
                + doc.Requests.Sum(request => request is LogLikelihood { Continuation: var text } ? text.Length : 0L);
            if (characters > Characters)
                throw new InputException($"{task}: more than {Characters:N0} characters of prompts; ask fewer documents with --limit, "
                    + "fewer examples with --num-fewshot, or lift the bounds with --unbounded");
            yield return doc;
        }
    }

    private static long CharactersOf(object? cell) => cell switch
    {
        string text => text.Length,
        IReadOnlyList<object?> list => list.Sum(CharactersOf) + list.Count,
        IReadOnlyDictionary<string, object?> part => part.Values.Sum(CharactersOf) + part.Count,
        _ => 1,
    };
}
