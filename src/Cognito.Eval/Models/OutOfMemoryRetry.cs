using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>
/// Goes on when memory runs out: the batch that was too large, and those after it, are halved, and answered in parts.
/// What was answered before is kept.
/// </summary>
internal static class OutOfMemoryRetry
{
    public static IEnumerable<IReadOnlyList<TokenScore>> Score(
        ITokenModel model, IReadOnlyList<ScoreBatch> batches, Action onHalved, CancellationToken cancel = default) =>
        Run(batches, parts => model.Score(parts, cancel), Halves, onHalved);

    public static IEnumerable<IReadOnlyList<Generated>> Generate(
        ITokenModel model, IReadOnlyList<GenerationBatch> batches, Action onHalved, CancellationToken cancel = default) =>
        Run(batches, parts => model.Generate(parts, cancel), Halves, onHalved);

    private static IEnumerable<IReadOnlyList<TReply>> Run<TBatch, TReply>(
        IReadOnlyList<TBatch> batches, Func<IReadOnlyList<TBatch>, IEnumerable<IReadOnlyList<TReply>>> answer,
        Func<TBatch, TBatch[]> halves, Action onHalved)
    {
        var parts = batches.Select(batch => (Batch: batch, IsLast: true)).ToList();
        var replies = new List<TReply>();
        while (parts.Count > 0)
        {
            var done = 0;
            var isTooLarge = false;
            using (var answers = answer([.. parts.Select(part => part.Batch)]).GetEnumerator())
                while (Next(answers, halves(parts[Math.Min(done, parts.Count - 1)].Batch).Length > 1, ref isTooLarge))
                {
                    if (done == parts.Count)
                        throw new InvalidOperationException($"{done} batches were asked, more answered.");
                    replies.AddRange(answers.Current);
                    if (!parts[done++].IsLast)
                        continue;
                    yield return replies;
                    replies = [];
                }
            if (!isTooLarge && done < parts.Count)
                throw new InvalidOperationException($"{parts.Count} batches were asked, {done} answered.");
            parts.RemoveRange(0, done);
            if (!isTooLarge)
                continue;
            onHalved();
            parts = [.. parts.SelectMany(part =>
            {
                var smaller = halves(part.Batch);
                return smaller.Select((half, i) => (half, part.IsLast && i == smaller.Length - 1));
            })];
        }
    }

    private static bool Next<T>(IEnumerator<T> answers, bool mayHalve, ref bool isTooLarge)
    {
        try
        {
            return answers.MoveNext();
        }
        catch (InsufficientMemoryException) when (mayHalve)
        {
            isTooLarge = true;
            return false;
        }
    }

    /// <summary>Half of the trees each; of one tree half of its continuations each, which compute its context twice.</summary>
    private static ScoreBatch[] Halves(ScoreBatch batch)
    {
        if (batch.Trees.Count > 1)
            return [new([.. batch.Trees.Take(batch.Trees.Count / 2)]), new([.. batch.Trees.Skip(batch.Trees.Count / 2)])];
        if (batch.Trees is not [{ Continuations.Count: > 1 } tree])
            return [batch];
        var half = tree.Continuations.Count / 2;
        return [
            new([tree with { Continuations = [.. tree.Continuations.Take(half)] }]),
            new([tree with { Continuations = [.. tree.Continuations.Skip(half)] }])];
    }

    private static GenerationBatch[] Halves(GenerationBatch batch)
    {
        var half = batch.Prompts.Count / 2;
        return half == 0 ? [batch] : [Part(batch.Prompts.Take(half)), Part(batch.Prompts.Skip(half))];

        // Half of the prompts may still be more than the cache is for.
        GenerationBatch Part(IEnumerable<Prompt> prompts) => new([.. prompts])
        {
            CacheTokens = batch.CacheTokens is { } most ? Math.Max(1, most / 2) : null,
        };
    }
}
