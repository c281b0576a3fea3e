namespace Cognito.Eval.Tasks;

/// <summary>
/// A document: one question of a benchmark, typed. The kind says how it is asked and graded: one of four, or a task file's own.
/// </summary>
/// <param name="Query">What the prompt ends with when the document is asked.</param>
/// <param name="Target">What follows the query when the document is shown as an example.</param>
public abstract record Doc(string Query, string Target);

/// <summary>One context and several continuations, one of them right: ARC, HellaSwag, MMLU.</summary>
/// <param name="Choices">Texts without the space that precedes them in the prompt.</param>
/// <param name="Gold">Index of the right choice.</param>
public sealed record MultipleChoice(string Query, IReadOnlyList<string> Choices, int Gold)
    : Doc(Query, " " + Choices[Gold]);

/// <summary>
/// A text with a gap, its options and what follows the gap: Winogrande. Each option makes a context; the continuation is
/// the same text, so what is compared is the ending given each option, not the options.
/// </summary>
public sealed record Cloze(string Before, IReadOnlyList<string> Options, string After, int Gold)
    : Doc(Before + Options[Gold], " " + After);

/// <summary>A question with several true and false answers: TruthfulQA.</summary>
/// <param name="One">mc1: the true answer is the first; null where mc2 is asked alone.</param>
/// <param name="Many">mc2.</param>
public sealed record MultipleTrue(string Query, LabelledChoices? One, LabelledChoices Many) : Doc(Query, "")
{
    /// <summary>All that is asked, mc1's choices first.</summary>
    public IReadOnlyList<string> Choices => [.. One?.Choices ?? [], .. Many.Choices];
}

/// <summary>Choices and, for each, whether it is true.</summary>
public sealed record LabelledChoices(IReadOnlyList<string> Choices, IReadOnlyList<bool> Labels);

/// <summary>A question answered by generated text, which the document itself grades: GSM8K.</summary>
/// <param name="Answer">The whole reference solution.</param>
/// <param name="Stops">Texts that end the generation and are cut off.</param>
/// <param name="Grade">From a generated text to a score for each of the task's metrics.</param>
public sealed record FreeForm(
    string Query, string Answer, IReadOnlyList<string> Stops, Func<string, Dictionary<string, double>> Grade) : Doc(Query, " " + Answer)
{
    /// <summary>Most tokens of the answer; null takes the protocol's number.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>The answer in a text, null if there is none: details show it of the solution and of what was generated.</summary>
    public Func<string, string?> Extract { get; init; } = text => text;

    /// <summary>What keeps the document from being graded, where the reference stops; null if nothing does.</summary>
    public string? Fault { get; init; }
}
