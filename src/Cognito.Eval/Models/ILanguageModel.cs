using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>A causal language model. It executes the batches of a plan; it does not make them.</summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>The most tokens one sequence may have.</summary>
    int MaxLength { get; }

    int VocabularySize { get; }

    /// <summary>
    /// The batches' scores, in the batches' order, as they come: one score a continuation, trees in order, each tree's continuations in
    /// order. A model may work ahead of what has been taken.
    /// </summary>
    IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches);

    /// <summary>The batches' greedy continuations, in the batches' order, as they come.</summary>
    IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches);
}

/// <summary>One batch at a time.</summary>
public static class LanguageModels
{
    public static IReadOnlyList<TokenScore> Score(this ILanguageModel model, ScoreBatch batch) =>
        model.Score([batch]).Single();

    public static IReadOnlyList<int[]> Generate(
        this ILanguageModel model, IReadOnlyList<Prompt> prompts, Func<int, IReadOnlyList<int>, bool> isDone) =>
        [.. model.Generate([new GenerationBatch(prompts, isDone)]).Single().Select(row => row.Tokens)];
}
