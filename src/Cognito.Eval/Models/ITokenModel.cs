using Cognito.Eval.Files;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>A causal language model that executes the batches of a plan; it does not make them.</summary>
/// <remarks>
/// What it may throw while it answers: <see cref="InsufficientMemoryException"/> where a batch was too large, and a smaller
/// one may follow; <see cref="InputException"/> where a token is none of its own; <see cref="OperationCanceledException"/>
/// where it was cancelled, between two batches or two generated tokens. Anything else means that it is lost.
/// </remarks>
public interface ITokenModel : IDisposable
{
    /// <summary>The most tokens one sequence may have.</summary>
    int MaxLength { get; }

    int VocabularySize { get; }

    /// <summary>
    /// The batches' scores, in the batches' order, as they come: one score a continuation, trees in order, each tree's
    /// continuations in order. A model may work ahead of what has been taken.
    /// </summary>
    IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default);

    /// <summary>The batches' greedy continuations, one a prompt, in the batches' order, as they come.</summary>
    IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default);

    /// <summary>Whether its batches end in any order, and one that fails keeps no other from its answer.</summary>
    bool AnswersInAnyOrder => false;

    /// <summary>As <see cref="Score"/>, each with its batch's place; what failed is thrown after all others have come.</summary>
    IEnumerable<(int Batch, IReadOnlyList<TokenScore> Scores)> ScoreAsTheyCome(
        IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) => Score(batches, cancel).Index();

    /// <summary>As <see cref="Generate"/>, each with its batch's place; what failed is thrown after all others have come.</summary>
    IEnumerable<(int Batch, IReadOnlyList<Generated> Rows)> GenerateAsTheyCome(
        IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) => Generate(batches, cancel).Index();
}
