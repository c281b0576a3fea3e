namespace Cognito.Eval.Tasks;

/// <summary>A document of a task file (protocol 11): it knows its own requests, and grades the replies to them itself.</summary>
/// <param name="Query">What the prompt ends with when the document is asked, for people.</param>
/// <param name="Shown">All that stands in a prompt where the document is an example, with what follows it.</param>
public sealed record FiledDoc(string Query, string Shown) : Doc(Query, Shown)
{
    /// <summary>From the examples' text, which stands before it, to what is asked.</summary>
    public required Func<string, IReadOnlyList<Request>> Ask { get; init; }

    /// <summary>From the replies, in the requests' order, to a value of each of the task's metrics.</summary>
    public required Func<IReadOnlyList<Reply>, DocScores> Grade { get; init; }

    /// <summary>Whether it asks for generated text.</summary>
    public bool Generates { get; init; }

    /// <summary>What is scored, without the delimiter before it: choices, or the one text.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Index of the right choice; null where there is none, or several.</summary>
    public int? Gold { get; init; }

    /// <summary>The right answer, as a value of Python's: a number, a text or a list.</summary>
    public object? Answer { get; init; }

    /// <summary>Why the right answer is none of the choices; null where it is.</summary>
    public string? Doubt { get; init; }

    /// <summary>From a filter's name and a generated text to what is graded of it.</summary>
    public Func<string, string, object?> Filtered { get; init; } = (_, text) => text;
}

/// <summary>How a split's rows are read: what one row becomes may hang on all of them.</summary>
/// <param name="ToDoc">A row that is asked.</param>
/// <param name="ToExample">A row that is shown.</param>
public sealed record RowReader(Func<Data.Row, Doc> ToDoc, Func<Data.Row, Doc> ToExample);
