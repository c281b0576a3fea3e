namespace Cognito.Eval;

/// <summary>A causal language model. It executes the batches of a plan; it does not make them.</summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>The most tokens one sequence may have.</summary>
    int MaxLength { get; }

    int VocabularySize { get; }

    /// <summary>One score a branch: trees in the batch's order, each tree's branches in order.</summary>
    IReadOnlyList<TokenScore> Score(ScoreBatch batch);

    /// <summary>
    /// Greedy continuations of the prompts, all at once. <paramref name="isDone"/> is asked, per prompt (its index) and
    /// after each new token, with the tokens generated so far; a row ends when it says true or has MaxNewTokens tokens.
    /// What it returns holds the token on which the row ended.
    /// </summary>
    IReadOnlyList<int[]> Generate(IReadOnlyList<Prompt> prompts, Func<int, IReadOnlyList<int>, bool> isDone);
}

/// <summary>Tokens that many sequences begin with. Its keys and values are computed once and kept while batches name it.</summary>
public sealed class Opening(int[] tokens)
{
    public int[] Tokens { get; } = tokens;
}

/// <summary>
/// Sequences that begin alike. A branch's whole input is Opening ++ Trunk ++ Branch.Tokens; every token is computed once.
/// </summary>
public sealed record Tree(Opening? Opening, int[] Trunk, IReadOnlyList<Branch> Branches);

/// <summary>
/// One sequence of a tree. The last Targets.Length positions of its whole input predict Targets, one each; these
/// positions lie in the trunk or in the branch, never in the opening. Tokens may be empty.
/// </summary>
public sealed record Branch(int[] Tokens, int[] Targets);

/// <summary>Trees that go through the model together.</summary>
public sealed record ScoreBatch(IReadOnlyList<Tree> Trees);

/// <param name="LogLikelihood">Natural log of the targets' probability given what is before them.</param>
/// <param name="IsGreedy">Whether each target is the arg max (the first, if several) at its position.</param>
public readonly record struct TokenScore(double LogLikelihood, bool IsGreedy);

/// <summary>A prompt to continue greedily.</summary>
public sealed record Prompt(int[] Tokens, int MaxNewTokens);
