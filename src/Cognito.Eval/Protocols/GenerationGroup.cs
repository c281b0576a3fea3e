namespace Cognito.Eval.Protocols;

/// <summary>A prompt as the model gets it, and the requests that it answers.</summary>
public sealed record GenerationRow(int[] Input, IReadOnlyList<int> Requests);

/// <summary>Prompts that the reference generates for together.</summary>
/// <param name="MaxNewTokens">Most tokens of an answer.</param>
/// <param name="Dropped">Leading generated tokens that the reference throws away.</param>
public sealed record GenerationGroup(IReadOnlyList<GenerationRow> Rows, AnswerRule Rule, int MaxNewTokens, int Dropped);

/// <summary>When a generated row ends. Rows of several batches may ask one rule at the same time.</summary>
public abstract record StopRule
{
    /// <summary>Rows end when they have all the tokens they may have.</summary>
    public static StopRule Never { get; } = new StopAtIds([]);

    /// <summary>Whether the last of these tokens ends the row.</summary>
    public abstract bool IsDone(IReadOnlyList<int> generated);

    /// <summary>Texts of which one must stand in a row that ends before an id ends it; none where ids alone do.</summary>
    public virtual IReadOnlyList<string> Texts => [];
}

/// <summary>A row ends on one of these ids.</summary>
public sealed record StopAtIds(IReadOnlyList<int> Ids) : StopRule
{
    public override bool IsDone(IReadOnlyList<int> generated) => generated.Count > 0 && Ids.Contains(generated[^1]);
}

/// <summary>When a generated row ends, and what of it is the answer.</summary>
public abstract record AnswerRule : StopRule
{
    /// <summary>What counts of rows that the reference generates together.</summary>
    public abstract IReadOnlyList<int[]> CutTogether(IReadOnlyList<int[]> rows);

    /// <summary>The answer in the tokens that count.</summary>
    /// <param name="dropped">Leading tokens that the reference throws away.</param>
    public abstract string Text(IReadOnlyList<int> generated, int dropped);
}
