using Cognito.Eval.Planning;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Models;

/// <summary>
/// Requests whose plans are being made in the background: log-likelihoods of all tasks as one plan, whole texts as another,
/// then each task that generates. A model may be loaded meanwhile, and may answer the first while the next are made.
/// </summary>
internal sealed class PreparedRequests
{
    public PreparedRequests(IReadOnlyList<Request> requests, Planner planner)
    {
        Pairs = PlacesOf<LogLikelihood>(requests);
        Texts = PlacesOf<LogLikelihoodRolling>(requests);
        LogLikelihoods = Task.Run(() => Make<LogLikelihood>(requests, Pairs, planner.LogLikelihoods));
        Rolling = LogLikelihoods.ContinueWith(_ => Make<LogLikelihoodRolling>(requests, Texts, planner.Rolling), TaskScheduler.Default);
        Generated = [.. PlacesOf<GreedyUntil>(requests).GroupBy(place => requests[place].Origin.Task ?? "").Select(task =>
        {
            int[] places = [.. task];
            return new PreparedGeneration(places, LogLikelihoods.ContinueWith(
                _ => planner.Generation(task.Key, [.. places.Select(place => (GreedyUntil)requests[place])]), TaskScheduler.Default));
        })];
    }

    /// <summary>Places of the requests that each plan answers, in the plan's order.</summary>
    public IReadOnlyList<int> Pairs { get; }
    public IReadOnlyList<int> Texts { get; }

    public Task<Plan> LogLikelihoods { get; }
    public Task<Plan> Rolling { get; }

    /// <summary>The tasks that ask for generated text, each with its plan.</summary>
    public IReadOnlyList<PreparedGeneration> Generated { get; }

    /// <summary>All parts of the work, once they are planned.</summary>
    /// <param name="isExact">Whether it is the sample that is computed once more.</param>
    internal async Task<IReadOnlyList<PreparedStage>> StagesAsync(bool isExact) =>
    [
        PreparedStage.Create(Stages.Create(await LogLikelihoods, isExact ? Stages.Rounding : Stages.LogLikelihoods), BatchForms.Scores),
        PreparedStage.Create(Stages.Create(await Rolling, isExact ? Stages.RollingRounding : Stages.Rolling), BatchForms.Scores),
        .. (await Task.WhenAll(Generated.Select(task => task.Plan)))
            .Select(plan => PreparedStage.Create(Stages.Create(plan), BatchForms.Generated)),
    ];

    private static int[] PlacesOf<T>(IReadOnlyList<Request> requests) where T : Request =>
        [.. Enumerable.Range(0, requests.Count).Where(place => requests[place] is T)];

    /// <summary>Requests of one document stand side by side.</summary>
    private static Plan Make<T>(
        IReadOnlyList<Request> requests, IReadOnlyList<int> places,
        Func<IReadOnlyList<IReadOnlyList<T>>, IReadOnlyList<string>, Plan> plan) where T : Request
    {
        var (documents, groups) = (new List<IReadOnlyList<T>>(), new List<string>());
        for (int from = 0, to; from < places.Count; from = to)
        {
            var origin = requests[places[from]].Origin;
            for (to = from + 1; to < places.Count && requests[places[to]].Origin == origin; to++) { }
            documents.Add([.. Enumerable.Range(from, to - from).Select(i => (T)requests[places[i]])]);
            groups.Add(origin.Task ?? "");
        }
        return plan(documents, groups);
    }
}

/// <summary>A part of the work, whichever its batches are.</summary>
/// <param name="RequestsOf">How many of the run's requests a shard answers in it.</param>
/// <param name="Missing">How many of a shard's batches have no answer.</param>
internal sealed record PreparedStage(Func<Shard, int> RequestsOf, Func<KeptAnswers, Shard, int> Missing)
{
    public static PreparedStage Create<TBatch, TAnswer>(Stage<TBatch> stage, BatchForm<TBatch, TAnswer> form) where TAnswer : class =>
        new(stage.RequestsOf, (kept, shard) => kept.Missing(stage, shard, form));
}

/// <summary>A task that asks for generated text: the places of its requests, and its plan.</summary>
internal sealed record PreparedGeneration(IReadOnlyList<int> Places, Task<GenerationPlan> Plan);
