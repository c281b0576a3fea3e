namespace Cognito.Eval;

/// <summary>A causal language model. It executes the batches of a plan; it does not make them.</summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>The most tokens one sequence may have.</summary>
    int MaxLength { get; }

    int VocabularySize { get; }

    /// <summary>
    /// The batches' scores, in the batches' order, as they come: one score a branch, trees in order, each tree's branches in
    /// order. A model may work ahead of what has been taken.
    /// </summary>
    IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches);

    /// <summary>The batches' greedy continuations, in the batches' order, as they come.</summary>
    IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches);
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
public readonly record struct TokenScore(double LogLikelihood, bool IsGreedy)
{
    /// <summary>What routers did where the targets were predicted, if the model has any and records it.</summary>
    public RoutingSums? Routing { get; init; }
}

/// <summary>A prompt to continue greedily.</summary>
public sealed record Prompt(int[] Tokens, int MaxNewTokens)
{
    /// <summary>
    /// What the reference pads it with on the left: the model does not see it, but settings of generation count it among
    /// the prompt's tokens.
    /// </summary>
    public int[] Padding { get; init; } = [];
}

/// <summary>A prompt's continuation.</summary>
/// <param name="NotFiniteAt">The first of the tokens that was chosen from logits of which some were a NaN or infinite.</param>
public sealed record Generated(int[] Tokens, int? NotFiniteAt = null);

/// <summary>Prompts that are continued together, in one cache.</summary>
/// <param name="IsDone">
/// Asked, per prompt (its index) and after each new token, with the tokens generated so far; a row ends when it says true
/// or has MaxNewTokens tokens. What is returned holds the token on which the row ended. Batches may ask at the same time.
/// </param>
public sealed record GenerationBatch(IReadOnlyList<Prompt> Prompts, Func<int, IReadOnlyList<int>, bool> IsDone);

/// <summary>One batch at a time.</summary>
public static class LanguageModels
{
    public static IReadOnlyList<TokenScore> Score(this ILanguageModel model, ScoreBatch batch) =>
        model.Score([batch]).Single();

    public static IReadOnlyList<int[]> Generate(
        this ILanguageModel model, IReadOnlyList<Prompt> prompts, Func<int, IReadOnlyList<int>, bool> isDone) =>
        [.. model.Generate([new GenerationBatch(prompts, isDone)]).Single().Select(row => row.Tokens)];
}
