using Cognito.Eval.Journal;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Models;

/// <summary>The answers that a journal kept, brought back to the batches of a plan. Those of other batches count as none.</summary>
internal sealed class KeptAnswers(AnswerJournal? journal)
{
    private RoutingSums? _first;

    /// <summary>The answers of a stage's batches, in their order: those kept, and for the rest what the model says.</summary>
    /// <param name="wanted">Which batches.</param>
    /// <param name="answer">Has the model answer the batches of these numbers, in order, as they are taken.</param>
    public IEnumerable<(int Batch, TAnswer Answer)> Answer<TBatch, TAnswer>(
        Stage<TBatch> stage, IReadOnlyList<int> wanted, BatchForm<TBatch, TAnswer> form,
        Func<IReadOnlyList<int>, IEnumerable<TAnswer>> answer) where TAnswer : class
    {
        var kept = wanted.Select(b => Find(stage, b, form)).ToList();
        using var fresh = answer([.. wanted.Where((_, i) => kept[i] is null)]).GetEnumerator();
        foreach (var (i, b) in wanted.Index())
        {
            if (kept[i] is { } known)
            {
                yield return (b, known);
                continue;
            }
            if (!fresh.MoveNext())
                throw new InvalidOperationException($"{stage.Name}: no answer to batch {b}");
            var current = fresh.Current;
            journal?.Add(new(stage.KeyOf(b), form.Digest(stage.Batches[b]), stage.Requests[b], form.Write(current)));
            yield return (b, current);
        }
    }

    /// <summary>The same in any order: those kept first, then the rest as the model answers them, each with its place among those asked.</summary>
    public IEnumerable<(int Batch, TAnswer Answer)> AnswerAsTheyCome<TBatch, TAnswer>(
        Stage<TBatch> stage, IReadOnlyList<int> wanted, BatchForm<TBatch, TAnswer> form,
        Func<IReadOnlyList<int>, IEnumerable<(int Place, TAnswer Answer)>> answer) where TAnswer : class
    {
        var missing = new List<int>();
        foreach (var b in wanted)
            if (Find(stage, b, form) is { } known)
                yield return (b, known);
            else
                missing.Add(b);
        foreach (var (place, fresh) in answer(missing))
        {
            var b = missing[place];
            journal?.Add(new(stage.KeyOf(b), form.Digest(stage.Batches[b]), stage.Requests[b], form.Write(fresh)));
            yield return (b, fresh);
        }
    }

    /// <summary>How many of a shard's batches have no answer.</summary>
    public int Missing<TBatch, TAnswer>(Stage<TBatch> stage, Shard shard, BatchForm<TBatch, TAnswer> form)
        where TAnswer : class =>
        shard.Of(stage.Costs).Count(batch => Find(stage, batch, form) is null);

    private TAnswer? Find<TBatch, TAnswer>(Stage<TBatch> stage, int batch, BatchForm<TBatch, TAnswer> form)
        where TAnswer : class =>
        journal?.Find(stage.KeyOf(batch)) is { } entry && entry.Requests == stage.Requests[batch]
        && form.Digest(stage.Batches[batch]) == entry.Asked
        && form.Read(entry.Replies, stage.Batches[batch]) is { } answer && IsOfOneModel(answer)
            ? answer : null;

    /// <summary>Sums of other experts or layers would be added up wrongly, or in part.</summary>
    private bool IsOfOneModel(object answer) =>
        answer is not ScoredBatch { Routing: { } routing } || routing.Values.All(sums => (_first ??= sums).IsAlike(sums));
}
