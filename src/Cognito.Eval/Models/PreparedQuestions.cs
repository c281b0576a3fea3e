using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Models;

/// <summary>
/// Questions whose plans are being made in the background: the log-likelihoods of all tasks as one, then each task that
/// generates. A model may be loaded meanwhile, and may answer the first while the next are made.
/// </summary>
public sealed class PreparedQuestions
{
    private readonly Dictionary<AskedDoc, Range> _places = new(ReferenceEqualityComparer.Instance);

    public PreparedQuestions(IReadOnlyList<Questions> questions, Planner planner)
    {
        Scored = [.. questions.Where(asked => !asked.Generates)];
        LogLikelihoods = Task.Run(() => planner.LogLikelihoods(
            [.. Scored.SelectMany(asked => asked.Docs).Select(Requests<LogLikelihood>)],
            [.. Scored.SelectMany(asked => asked.Docs.Select(_ => asked.Task.Name))]));
        Generated = [.. questions.Except(Scored).Select(asked => (asked, LogLikelihoods.ContinueWith(
            _ => planner.Generation(asked.Task.Name, [.. asked.Docs.SelectMany(Requests<GreedyUntil>)]),
            TaskScheduler.Default)))];
        Place(Scored.SelectMany(asked => asked.Docs));
        foreach (var (asked, _) in Generated)
            Place(asked.Docs);
    }

    /// <summary>Where a document's requests are among those of its plan.</summary>
    public Range PlacesOf(AskedDoc doc) => _places[doc];

    /// <summary>The tasks that ask for log-likelihoods, and their common plan.</summary>
    public IReadOnlyList<Questions> Scored { get; }

    public Task<Plan> LogLikelihoods { get; }

    /// <summary>The tasks that ask for generated text, each with its plan.</summary>
    public IReadOnlyList<(Questions Asked, Task<GenerationPlan> Plan)> Generated { get; }

    /// <summary>How many requests a shard answers.</summary>
    public long RequestsOf(Shard shard, Scorer scorer) =>
        (Scored.Count == 0 ? 0 : Stages.Create(LogLikelihoods.GetAwaiter().GetResult(), Stages.LogLikelihoods).RequestsOf(shard))
        + Generated.Sum(task => (long)scorer.StageOf(task.Plan.GetAwaiter().GetResult()).RequestsOf(shard));

    /// <summary>How many of a shard's batches the scorer's journal has no answer to.</summary>
    /// <param name="rounding">Whether the sample of <see cref="RoundingSample"/> belongs to the run.</param>
    public int Missing(Shard shard, Scorer scorer, bool rounding)
    {
        var missing = Generated.Sum(task =>
            scorer.Kept.Missing(scorer.StageOf(task.Plan.GetAwaiter().GetResult()), shard, BatchForms.Generated));
        if (Scored.Count > 0)
            missing += scorer.Kept.Missing(
                Stages.Create(LogLikelihoods.GetAwaiter().GetResult(), Stages.LogLikelihoods), shard, BatchForms.Scores);
        if (rounding && RoundingSample.Plan(Scored, scorer.ExactPlanner) is { } exact)
            missing += scorer.Kept.Missing(Stages.Create(exact, Stages.Rounding), shard, BatchForms.Scores);
        return missing;
    }

    private void Place(IEnumerable<AskedDoc> docs)
    {
        var first = 0;
        foreach (var doc in docs)
            _places.Add(doc, first..(first += doc.Requests.Count));
    }

    private static IReadOnlyList<T> Requests<T>(AskedDoc doc) where T : Request => [.. doc.Requests.Cast<T>()];
}
