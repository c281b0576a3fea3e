using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Models;

/// <summary>Has a model do what was planned, by way of the journal, and brings its answers back to the requests.</summary>
/// <param name="stages">All stages of the work, as far as they are planned.</param>
internal sealed class PlanExecution(
    ITokenModel model, AnswerOptions options, Func<IReadOnlyList<StageCost>> stages, CancellationToken cancel)
{
    private readonly KeptAnswers _kept = new(options.Journal);

    /// <summary>Scores the requests of a plan. Each is answered with the last to come of the batches that hold a span of it.</summary>
    /// <param name="places">Of the plan's requests, among those that were asked.</param>
    public IEnumerable<Answer> Score(Plan plan, IReadOnlyList<int> places, string stage)
    {
        Range[] spans = [.. SpansOf(plan)];
        var answeredBy = Enumerable.Range(0, spans.Length)
            .SelectMany(request => BatchesOf(plan, spans[request]).Select(batch => (Batch: batch, Request: request)))
            .ToLookup(of => of.Batch, of => of.Request);
        var scores = new IReadOnlyList<TokenScore>?[plan.Batches.Count];
        var routing = new IReadOnlyDictionary<string, RoutingSums>?[plan.Batches.Count];
        var seconds = new Dictionary<string, double>();
        // A text of no token.
        foreach (var request in answeredBy[-1])
            yield return new(places[request], new Likelihood(0, IsGreedy: true)) { Tokens = default(RequestTokens) };
        foreach (var (b, answered) in Scores(plan, stage, seconds))
        {
            (scores[b], routing[b]) = (answered.Scores, answered.Routing);
            foreach (var request in answeredBy[b])
                if (Answered(plan, spans[request], scores) is { } answer)
                    yield return answer with { Place = places[request] };
        }
        if (options.IsExact)
            yield break;
        options.Account.AddStage(stage, new(places.Count, plan.Total.Distinct, plan.Total.ForwardTokens, seconds.Values.Sum()));
        foreach (var (task, its) in seconds)
            options.Account.AddSeconds(task, its);
        options.Account.Routing = RoutingSums.Total([options.Account.Routing, .. routing]);
    }

    /// <summary>Generates greedily what the requests of a plan ask for.</summary>
    public IEnumerable<Answer> Generate(GenerationPlan plan, IReadOnlyList<int> places)
    {
        var (clock, tokens) = (System.Diagnostics.Stopwatch.StartNew(), 0L);
        foreach (var (b, generated) in Rows(plan))
        {
            tokens += generated.Sum(row => (long)row.Tokens.Length);
            var left = new Queue<Generated>(generated);
            var groups = plan.Batches[b].Select(group => (Group: group, Rows: group.Rows.Select(_ => left.Dequeue()).ToList())).ToList();
            // Where several devices end together, this is what is left to do.
            var answers = new List<Answer>[groups.Count];
            SideBySide.For(groups.Count, g => answers[g] = [.. Answers(plan, groups[g].Group, groups[g].Rows, places)]);
            foreach (var answer in answers.SelectMany(its => its))
                yield return answer;
        }
        var seconds = clock.Elapsed.TotalSeconds;
        options.Account.AddStage("generation", new(places.Count, plan.Counts.Distinct, plan.Counts.ForwardTokens + tokens, seconds));
        options.Account.AddSeconds(plan.Task, seconds);
    }

    /// <summary>What the rows of a group say of their requests.</summary>
    private static IEnumerable<Answer> Answers(
        GenerationPlan plan, GenerationGroup group, IReadOnlyList<Generated> rows, IReadOnlyList<int> places)
    {
        var cut = group.Rule.CutTogether([.. rows.Select(row => row.Tokens)]);
        foreach (var (row, ids, raw) in group.Rows.Zip(cut, rows))
            foreach (var request in row.Requests)
                yield return new(places[request], new Completion(group.Rule.Text(ids, group.Dropped))
                {
                    IsFinite = !(raw.NotFiniteAt < ids.Length),
                })
                {
                    Tokens = new(plan.Prompts[request].Length, ids.Length),
                    IsTruncated = group.Dropped > 0 || row.Input.Length < plan.Prompts[request].Length,
                };
    }

    /// <summary>Where each request's spans are among the plan's.</summary>
    private static IEnumerable<Range> SpansOf(Plan plan)
    {
        var first = 0;
        foreach (var windows in plan.Windows)
            yield return first..(first += windows);
    }

    private static IEnumerable<int> BatchesOf(Plan plan, Range spans) =>
        Spans(spans).Select(span => plan.Answers[span].Batch).DefaultIfEmpty(-1).Distinct();

    private static IEnumerable<int> Spans(Range spans) => Enumerable.Range(spans.Start.Value, spans.End.Value - spans.Start.Value);

    /// <summary>A request's spans added up; null while one of them has no score here.</summary>
    private static Answer? Answered(Plan plan, Range spans, IReadOnlyList<TokenScore>?[] scores)
    {
        var (sum, isGreedy, isTruncated, given, answered) = (0.0, true, false, 0, 0);
        foreach (var span in Spans(spans))
        {
            var (batch, continuation) = plan.Answers[span];
            if (scores[batch] is not { } its)
                return null;
            sum += its[continuation].LogLikelihood;
            isGreedy &= its[continuation].IsGreedy;
            isTruncated |= plan.Truncated[span];
            (given, answered) = (given + plan.Tokens[span].Given, answered + plan.Tokens[span].Answered);
        }
        return new(0, new Likelihood(sum, isGreedy)) { Tokens = new(given, answered), IsTruncated = isTruncated };
    }

    private IEnumerable<(int Batch, ScoredBatch Scored)> Scores(Plan plan, string name, Dictionary<string, double> seconds)
    {
        Require(plan.MaxLength);
        var stage = Stages.Create(plan, name);
        var wanted = options.Part.Of(stage.Costs);
        var steps = new StageProgress(options.Progress, name, stage.Name, wanted.Sum(b => stage.Costs[b]), stages);
        var answers = model.AnswersInAnyOrder
            ? _kept.AnswerAsTheyCome(stage, wanted, BatchForms.Scores,
                batches => steps.Computed(model.ScoreAsTheyCome([.. batches.Select(b => stage.Batches[b])], cancel)
                    .Select(it => (it.Batch, Scored(it.Scores, batches[it.Batch])))))
            : _kept.Answer(stage, wanted, BatchForms.Scores,
                batches => steps.Computed(OutOfMemoryRetry.Score(model, [.. batches.Select(b => stage.Batches[b])], Halved, cancel)
                    .Zip(batches, Scored)));
        foreach (var answer in answers)
        {
            cancel.ThrowIfCancellationRequested();
            var (shares, cost) = (plan.Shares[answer.Batch], stage.Costs[answer.Batch]);
            foreach (var (task, share) in shares)
                seconds[task] = seconds.GetValueOrDefault(task) + steps.Elapsed * share / Math.Max(1, cost);
            steps.Next(shares.MaxBy(share => share.Value).Key, cost, cost);
            yield return answer;
        }

        ScoredBatch Scored(IReadOnlyList<TokenScore> scores, int b) => ScoredBatch.Create(All(scores, plan.Tasks[b].Count, stage.Name), plan.Tasks[b]);
    }

    private IEnumerable<(int Batch, IReadOnlyList<Generated> Rows)> Rows(GenerationPlan plan)
    {
        Require(plan.MaxLength);
        var stage = Stages.Create(plan);
        var wanted = options.Part.Of(stage.Costs);
        var steps = new StageProgress(options.Progress, "generation", stage.Name, wanted.Sum(b => (long)stage.Requests[b]), stages);
        var answers = model.AnswersInAnyOrder
            ? _kept.AnswerAsTheyCome(stage, wanted, BatchForms.Generated,
                batches => steps.Computed(model.GenerateAsTheyCome([.. batches.Select(b => stage.Batches[b])], cancel)
                    .Select(it => (it.Batch, Whole(it.Rows, batches[it.Batch])))))
            : _kept.Answer(stage, wanted, BatchForms.Generated,
                batches => steps.Computed(OutOfMemoryRetry.Generate(model, [.. batches.Select(b => stage.Batches[b])], Halved, cancel)
                    .Zip(batches, Whole)));
        foreach (var answer in answers)
        {
            cancel.ThrowIfCancellationRequested();
            steps.Next(plan.Task, stage.Requests[answer.Batch],
                stage.Batches[answer.Batch].Prompts.Sum(prompt => (long)prompt.Tokens.Length)
                + answer.Answer.Sum(row => (long)row.Tokens.Length));
            yield return answer;
        }

        IReadOnlyList<Generated> Whole(IReadOnlyList<Generated> rows, int b) => All(rows, stage.Batches[b].Prompts.Count, stage.Name);
    }

    /// <summary>The answers to a batch, before any of them is kept.</summary>
    /// <exception cref="InvalidOperationException">They are not as many as were asked.</exception>
    private static IReadOnlyList<T> All<T>(IReadOnlyList<T> answers, int asked, string stage) => answers.Count == asked ? answers
        : throw new InvalidOperationException($"{stage}: {asked} answers to a batch were asked for, {answers.Count} given.");

    private void Halved() => options.Account.Halvings++;

    private void Require(int maxLength)
    {
        if (maxLength > model.MaxLength)
            throw new ArgumentException($"A plan for {maxLength} tokens is too long for this model's {model.MaxLength}.");
        cancel.ThrowIfCancellationRequested();
    }
}
