using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>How batches of a kind, and their answers, are written down.</summary>
/// <param name="Read">Null if it does not answer all of a batch.</param>
internal sealed record BatchForm<TBatch, TAnswer>(
    Func<TBatch, string> Digest, Func<TAnswer, string> Write, Func<string, TBatch, TAnswer?> Read) where TAnswer : class;

/// <summary>The forms of both kinds.</summary>
internal static class BatchForms
{
    public static BatchForm<ScoreBatch, ScoredBatch> Scores { get; } = new(
        BatchDigest.Compute, AnswerText.Write, (text, batch) =>
            AnswerText.ReadScores(text) is { } read && read.Scores.Count == batch.Trees.Sum(tree => tree.Continuations.Count) ? read : null);

    public static BatchForm<GenerationBatch, IReadOnlyList<Generated>> Generated { get; } = new(
        BatchDigest.Compute, AnswerText.Write, (text, batch) =>
            AnswerText.ReadGenerated(text) is { } read && read.Count == batch.Prompts.Count
            && read.Zip(batch.Prompts).All(row => row.First.Tokens.Length <= row.Second.MaxNewTokens) ? read : null);
}
