using System.Diagnostics;
using Cognito.Eval.Journal;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Models;

/// <summary>How far a stage has come.</summary>
/// <param name="Task">The task being worked on.</param>
/// <param name="Done">Of <paramref name="All"/>: tokens for log-likelihoods, prompts for generation.</param>
/// <param name="Tokens">Tokens that went through the model so far, in this process.</param>
/// <param name="Kept">What of <paramref name="Done"/> a journal had.</param>
public readonly record struct Progress(string Stage, string Task, long Done, long All, long Tokens, long Kept);

/// <summary>Has a model do what was planned, and brings its answers back to the requests.</summary>
/// <param name="endOfText">Ids that end a generated row.</param>
/// <param name="endOfTextText">The end-of-text token as text.</param>
/// <param name="emptyContext">The token that stands for an empty context: the tokenizer's end of text.</param>
public sealed class Scorer(
    VocabularyTokenizer tokenizer, ITokenModel model, Protocol protocol, IReadOnlyList<int> endOfText, string? endOfTextText,
    Budget budget, int emptyContext)
{
    public event Action<Progress>? Progressed;

    /// <summary>Plans for this model; one of the same numbers may as well plan before the model is there.</summary>
    public Planner Planner { get; } = new(tokenizer, protocol, model.MaxLength, budget, emptyContext);

    /// <summary>The same, one unshared sequence at a time.</summary>
    public Planner ExactPlanner { get; } = new(tokenizer, protocol, model.MaxLength, Budget.Exact, emptyContext);

    /// <summary>How often memory ran out and batches were halved.</summary>
    public int Halvings { get; private set; }

    /// <summary>Where answers are kept; null keeps none.</summary>
    public AnswerJournal? Journal { get; init; }

    internal KeptAnswers Kept => field ??= new(Journal);

    /// <summary>Scores log-likelihood requests.</summary>
    public ScoredRequests LogLikelihoods(Plan plan, CancellationToken cancel, string stage = Stages.LogLikelihoods)
    {
        var scores = new IReadOnlyList<TokenScore>[plan.Batches.Count];
        var routing = new IReadOnlyDictionary<string, RoutingSums>?[plan.Batches.Count];
        var seconds = new Dictionary<string, double>();
        foreach (var (b, answered) in Answers(plan, stage, Shard.Whole, seconds, cancel))
            (scores[b], routing[b]) = (answered.Scores, answered.Routing);
        Reply[] replies = [.. plan.Answers.Select(at => scores[at.Batch][at.Continuation])
            .Select(score => new Likelihood(score.LogLikelihood, score.IsGreedy))];
        return new(replies, plan.Truncated, plan.Total.Distinct, plan.Total.ForwardTokens, seconds)
        {
            Tokens = plan.Tokens,
            Routing = RoutingSums.Total(routing),
        };
    }

    /// <summary>Generates answers greedily.</summary>
    public ScoredRequests Generate(GenerationPlan plan, CancellationToken cancel)
    {
        var (task, prompts) = (plan.Task, plan.Prompts);
        var replies = new Reply[prompts.Count];
        var clock = Stopwatch.StartNew();
        var tokens = 0L;
        var (truncated, lengths) = (new bool[prompts.Count], new RequestTokens[prompts.Count]);
        foreach (var (b, generated) in Answers(plan, Shard.Whole, cancel))
        {
            tokens += generated.Sum(row => (long)row.Tokens.Length);
            var at = 0;
            foreach (var group in plan.Batches[b])
            {
                var mine = generated.Skip(at).Take(group.Rows.Count).ToList();
                at += group.Rows.Count;
                var stopping = StopRuleOf(group);
                foreach (var (row, ids, raw) in group.Rows.Zip(stopping.CutTogether([.. mine.Select(row => row.Tokens)]), mine))
                    foreach (var request in row.Requests)
                    {
                        replies[request] = new Completion(stopping.Text(ids, group.Dropped))
                        {
                            IsFinite = !(raw.NotFiniteAt < ids.Length),
                        };
                        lengths[request] = new(prompts[request].Length, ids.Length);
                        truncated[request] = group.Dropped > 0 || row.Input.Length < prompts[request].Length;
                    }
            }
        }
        return new(
            replies, truncated, plan.Counts.Distinct, plan.Counts.ForwardTokens + tokens,
            new Dictionary<string, double> { [task] = clock.Elapsed.TotalSeconds })
        {
            Tokens = lengths,
        };
    }

    /// <summary>Answers a shard's batches of a plan; the journal has them then.</summary>
    public void Answer(Plan plan, Shard shard, CancellationToken cancel, string stage = Stages.LogLikelihoods)
    {
        foreach (var _ in Answers(plan, stage, shard, [], cancel)) { }
    }

    public void Answer(GenerationPlan plan, Shard shard, CancellationToken cancel)
    {
        foreach (var _ in Answers(plan, shard, cancel)) { }
    }

    /// <summary>The batches of a plan as a stage of a run.</summary>
    public Stage<GenerationBatch> StageOf(GenerationPlan plan, CancellationToken cancel = default) =>
        Stages.Create(plan, [.. plan.Batches.Select(batch => Batch(batch, cancel))]);

    private IEnumerable<(int Batch, ScoredBatch Scored)> Answers(
        Plan plan, string name, Shard shard, Dictionary<string, double> seconds, CancellationToken cancel)
    {
        Require(plan.MaxLength);
        cancel.ThrowIfCancellationRequested();
        var stage = Stages.Create(plan, name);
        var wanted = shard.Of(stage.Costs);
        var steps = new Steps(this, name, wanted.Sum(b => stage.Costs[b]));
        foreach (var answer in Kept.Answer(
            stage, wanted, BatchForms.Scores,
            batches => steps.Computed(OutOfMemoryRetry.Score(model, [.. batches.Select(b => stage.Batches[b])], () => Halvings++)
                .Zip(batches, (scores, b) => ScoredBatch.Create(scores, plan.Tasks[b])))))
        {
            cancel.ThrowIfCancellationRequested();
            var (shares, cost) = (plan.Shares[answer.Batch], stage.Costs[answer.Batch]);
            foreach (var (task, share) in shares)
                seconds[task] = seconds.GetValueOrDefault(task) + steps.Elapsed * share / Math.Max(1, cost);
            steps.Next(shares.MaxBy(share => share.Value).Key, cost, cost);
            yield return answer;
        }
    }

    private IEnumerable<(int Batch, IReadOnlyList<Generated> Rows)> Answers(
        GenerationPlan plan, Shard shard, CancellationToken cancel)
    {
        Require(plan.MaxLength);
        cancel.ThrowIfCancellationRequested();
        var stage = StageOf(plan, cancel);
        var wanted = shard.Of(stage.Costs);
        var steps = new Steps(this, "generation", wanted.Sum(b => (long)stage.Requests[b]));
        foreach (var answer in Kept.Answer(
            stage, wanted, BatchForms.Generated,
            batches => steps.Computed(OutOfMemoryRetry.Generate(model, [.. batches.Select(b => stage.Batches[b])], () => Halvings++))))
        {
            cancel.ThrowIfCancellationRequested();
            steps.Next(plan.Task, stage.Requests[answer.Batch],
                stage.Batches[answer.Batch].Prompts.Sum(prompt => (long)prompt.Tokens.Length)
                + answer.Answer.Sum(row => (long)row.Tokens.Length));
            yield return answer;
        }
    }

    /// <summary>A stage's progress, step by step; answers that were kept take no time.</summary>
    private sealed class Steps
    {
        private readonly Scorer _scorer;
        private readonly string _stage;
        private readonly long _all;
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private long _done, _kept, _tokens;
        private bool _isComputed;

        public Steps(Scorer scorer, string stage, long all)
        {
            (_scorer, _stage, _all) = (scorer, stage, all);
            scorer.Progressed?.Invoke(new(stage, "", 0, all, 0, 0));
        }

        /// <summary>Since the last step.</summary>
        public double Elapsed => _clock.Elapsed.TotalSeconds;

        /// <summary>Notes which answers were computed here.</summary>
        public IEnumerable<T> Computed<T>(IEnumerable<T> answers)
        {
            foreach (var answer in answers)
            {
                _isComputed = true;
                yield return answer;
            }
        }

        public void Next(string task, long work, long tokens)
        {
            _done += work;
            if (_isComputed)
                _tokens += tokens;
            else
                _kept += work;
            _isComputed = false;
            _clock.Restart();
            _scorer.Progressed?.Invoke(new(_stage, task, _done, _all, _tokens, _kept));
        }
    }

    private GenerationBatch Batch(IReadOnlyList<GenerationGroup> groups, CancellationToken cancel)
    {
        var stopping = groups.ToDictionary(group => group, StopRuleOf);
        GenerationGroup[] groupOf = [.. groups.SelectMany(group => group.Rows.Select(_ => group))];
        return new(
            [.. groups.SelectMany(group => group.Rows.Select(row => new Prompt(row.Input, protocol.MaxNewTokens)
            {
                Padding = [.. Enumerable.Repeat(emptyContext, group.Rows.Max(r => r.Input.Length) - row.Input.Length)],
            }))],
            (row, ids) =>
            {
                // A batch takes minutes: it is left between two tokens.
                cancel.ThrowIfCancellationRequested();
                return groupOf[row].Rows.Count == 1
                    ? stopping[groupOf[row]].IsDone(ids)
                    : ids.Count > 0 && endOfText.Contains(ids[^1]);
            });
    }

    private StopRule StopRuleOf(GenerationGroup group) => new(tokenizer, group.Stops, endOfText, endOfTextText);

    private void Require(int maxLength)
    {
        if (maxLength > model.MaxLength)
            throw new ArgumentException($"A plan for {maxLength} tokens is too long for this model's {model.MaxLength}.");
    }
}

/// <summary>Replies in the order of the requests, and what it took.</summary>
/// <param name="Seconds">Wall time by task; a batch's time is shared out by tokens.</param>
public sealed record ScoredRequests(
    IReadOnlyList<Reply> Replies, IReadOnlyList<bool> Truncated, int Distinct, long ForwardTokens,
    IReadOnlyDictionary<string, double> Seconds)
{
    /// <summary>Each request's tokens; of a generated answer those that count.</summary>
    public required IReadOnlyList<RequestTokens> Tokens { get; init; }

    /// <summary>By task, what routers did at scored positions; none where that was not recorded.</summary>
    public IReadOnlyDictionary<string, RoutingSums> Routing { get; init; } = new Dictionary<string, RoutingSums>();
}
