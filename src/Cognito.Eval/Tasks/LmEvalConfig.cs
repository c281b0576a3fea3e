using Cognito.Eval.Data;

namespace Cognito.Eval.Tasks;

/// <summary>What lm-evaluation-harness 0.4's own file says of a task, where its rules or its results hang on it (protocol 9.2).</summary>
/// <param name="DatasetPath">The dataset's id on the hub.</param>
/// <param name="DatasetName">Its configuration; null for the only one.</param>
public sealed record LmEvalConfig(string DatasetPath, string? DatasetName)
{
    /// <summary>The splits as the file names them; null where it names none. What is drawn hangs on whether two names are equal.</summary>
    public string? TrainingSplit { get; init; }
    public string? ValidationSplit { get; init; }
    public string? TestSplit { get; init; }
    public string? FewshotSplit { get; init; }

    /// <summary>The name in tables; null for the task's own.</summary>
    public string? Alias { get; init; }

    /// <summary>What else the file says, by key: templates, and the names of functions.</summary>
    public IReadOnlyDictionary<string, object?> Said { get; init; } = new Dictionary<string, object?>();

    /// <summary>The configuration as the harness dumps it, from the examples in each prompt; null where it is made of these facts.</summary>
    public Func<int, OrderedDictionary<string, object?>>? Dumped { get; init; }

    /// <summary>How often each request is asked.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>How text is generated, by key; null where none is.</summary>
    public IReadOnlyDictionary<string, object?>? GenerationKwargs { get; init; }

    /// <summary>From an answer to what is graded of it, in the order in which documents are logged.</summary>
    public IReadOnlyList<AnswerFilter> Filters { get; init; } = [AnswerFilter.None];

    /// <summary>A row as it is logged and hashed: what the task's own code adds to it comes last.</summary>
    public Func<Row, Doc, IReadOnlyDictionary<string, object?>> Logged { get; init; } = (row, _) => row.Cells;

    /// <summary>What a document's right answer is, as a value that is logged.</summary>
    public Func<Row, Doc, object> Target { get; init; } = (_, doc) => doc is MultipleChoice { Gold: var gold } ? (long)gold : 0L;

    /// <summary>
    /// Whether examples are drawn from what the harness takes for the documents themselves: it compares the names of two
    /// splits, of which both may be missing. Then it draws one more than are shown, and leaves out those equal to the document.
    /// </summary>
    public bool DrawsOneMore => FewshotSplit == TestSplit;
}

/// <summary>A way from generated text to what is graded.</summary>
public sealed record AnswerFilter(string Name, Func<string, string> Apply)
{
    /// <summary>Takes it as it is.</summary>
    public static AnswerFilter None { get; } = new("none", text => text);
}
