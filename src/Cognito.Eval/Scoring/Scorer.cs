using System.Diagnostics;
using Microsoft.ML.Tokenizers;

namespace Cognito.Eval;

/// <summary>How far a stage has come.</summary>
/// <param name="Task">The task being worked on.</param>
/// <param name="Done">Of <paramref name="All"/>: tokens for log-likelihoods, prompts for generation.</param>
/// <param name="Tokens">Tokens that went through the model so far.</param>
public readonly record struct Progress(string Stage, string Task, long Done, long All, long Tokens);

/// <summary>Has a model do what was planned, and brings its answers back to the requests.</summary>
/// <param name="endOfText">Ids that end a generated row.</param>
/// <param name="endOfTextText">The end-of-text token as text.</param>
/// <param name="emptyContext">The token that stands for an empty context: the tokenizer's end of text.</param>
public sealed class Scorer(
    Tokenizer tokenizer, ILanguageModel model, Protocol protocol, IReadOnlyList<int> endOfText, string? endOfTextText,
    Budget budget, int emptyContext)
{
    public event Action<Progress>? Progressed;

    /// <summary>Plans for this model; one of the same numbers may as well plan before the model is there.</summary>
    public Planner Planner { get; } = new(tokenizer, protocol, model.MaxLength, budget, emptyContext);

    /// <summary>The same, one unshared sequence at a time.</summary>
    public Planner ExactPlanner { get; } = new(tokenizer, protocol, model.MaxLength, Budget.Exact, emptyContext);

    /// <summary>How often memory ran out and batches were halved.</summary>
    public int Halvings { get; private set; }

    /// <summary>Scores log-likelihood requests.</summary>
    public ScoredRequests LogLikelihoods(Plan plan, CancellationToken cancel)
    {
        Require(plan.MaxLength);
        var scores = new IReadOnlyList<TokenScore>[plan.Batches.Count];
        var routing = new IReadOnlyDictionary<string, RoutingSums>?[plan.Batches.Count];
        var seconds = new Dictionary<string, double>();
        long done = 0;
        var all = plan.Shares.Sum(share => (long)share.Values.Sum());
        Progressed?.Invoke(new("log-likelihoods", "", 0, all, 0));
        var clock = Stopwatch.StartNew();
        cancel.ThrowIfCancellationRequested();
        foreach (var (b, answered) in Halving.Score(model, plan.Batches, () => Halvings++).Index())
        {
            cancel.ThrowIfCancellationRequested();
            routing[b] = RoutingSums.ByTask(answered, plan.Tasks[b]);
            scores[b] = [.. answered.Select(score => score with { Routing = null })];
            var tokens = plan.Shares[b].Values.Sum();
            foreach (var (task, share) in plan.Shares[b])
                seconds[task] = seconds.GetValueOrDefault(task) + clock.Elapsed.TotalSeconds * share / Math.Max(1, tokens);
            clock.Restart();
            done += tokens;
            Progressed?.Invoke(new("log-likelihoods", plan.Shares[b].MaxBy(share => share.Value).Key, done, all, done));
        }
        Reply[] replies = [.. plan.Answers.Select(at => scores[at.Batch][at.Branch])
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
        Require(plan.MaxLength);
        var (task, prompts) = (plan.Task, plan.Prompts);
        var replies = new Reply[prompts.Count];
        var clock = Stopwatch.StartNew();
        long done = 0, tokens = 0;
        var (truncated, lengths) = (new bool[prompts.Count], new RequestTokens[prompts.Count]);
        Progressed?.Invoke(new("generation", task, 0, prompts.Count, 0));
        var batches = plan.Batches;
        var work = batches.Select(batch => Batch(batch, cancel)).ToList();
        foreach (var (b, generated) in Halving.Generate(model, work, () => Halvings++).Index())
        {
            cancel.ThrowIfCancellationRequested();
            tokens += work[b].Prompts.Sum(prompt => (long)prompt.Tokens.Length) + generated.Sum(ids => (long)ids.Length);
            var at = 0;
            foreach (var group in batches[b])
            {
                var mine = generated.Skip(at).Take(group.Rows.Count).ToList();
                at += group.Rows.Count;
                var stopping = StoppingOf(group);
                foreach (var (row, ids) in group.Rows.Zip(stopping.CutTogether(mine)))
                    foreach (var request in row.Requests)
                    {
                        replies[request] = new Completion(stopping.Text(ids, group.Dropped));
                        lengths[request] = new(prompts[request].Length, ids.Length);
                        truncated[request] = group.Dropped > 0 || row.Input.Length < prompts[request].Length;
                    }
            }
            done += batches[b].Sum(group => group.Rows.Sum(row => row.Requests.Count));
            Progressed?.Invoke(new("generation", task, done, prompts.Count, tokens));
        }
        return new(
            replies, truncated, plan.Counts.Distinct, tokens,
            new Dictionary<string, double> { [task] = clock.Elapsed.TotalSeconds })
        {
            Tokens = lengths,
        };
    }

    private GenerationBatch Batch(IReadOnlyList<GenerationGroup> groups, CancellationToken cancel)
    {
        var stopping = groups.ToDictionary(group => group, StoppingOf);
        GenerationGroup[] groupOf = [.. groups.SelectMany(group => group.Rows.Select(_ => group))];
        return new(
            [.. groups.SelectMany(group => group.Rows).Select(row => new Prompt(row.Input, protocol.MaxNewTokens))],
            (row, ids) =>
            {
                // A batch takes minutes: it is left between two tokens.
                cancel.ThrowIfCancellationRequested();
                return groupOf[row].Rows.Count == 1
                    ? stopping[groupOf[row]].IsDone(ids)
                    : ids.Count > 0 && endOfText.Contains(ids[^1]);
            });
    }

    private Stopping StoppingOf(GenerationGroup group) => new(tokenizer, group.Stops, endOfText, endOfTextText);

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
