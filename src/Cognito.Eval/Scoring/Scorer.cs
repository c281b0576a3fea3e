using System.Diagnostics;
using Microsoft.ML.Tokenizers;

namespace Cognito.Eval;

/// <summary>How far a stage has come.</summary>
/// <param name="Task">The task being worked on.</param>
/// <param name="Done">Of <paramref name="All"/>: tokens for log-likelihoods, prompts for generation.</param>
/// <param name="Tokens">Tokens that went through the model so far.</param>
public readonly record struct Progress(string Stage, string Task, long Done, long All, long Tokens);

/// <summary>Asks a model: text to tokens, tokens to a plan, the plan's answers back to the requests.</summary>
/// <param name="endOfText">Ids that end a generated row.</param>
/// <param name="endOfTextText">The end-of-text token as text.</param>
/// <param name="batchTokens">Most tokens of a batch.</param>
/// <param name="emptyContext">The token that stands for an empty context: the tokenizer's end of text.</param>
public sealed class Scorer(
    Tokenizer tokenizer, ILanguageModel model, Protocol protocol, IReadOnlyList<int> endOfText, string? endOfTextText,
    int batchTokens, int emptyContext)
{
    /// <summary>A cached token is read once a step, a batch token passes every weight: many more of the first fit.</summary>
    private const long CachePerBudget = 16;

    public event Action<Progress>? Progressed;

    /// <summary>Scores log-likelihood requests, given by document.</summary>
    /// <param name="groups">Each document's task.</param>
    public ScoredRequests LogLikelihoods(
        IReadOnlyList<IReadOnlyList<LogLikelihood>> documents, IReadOnlyList<string> groups, CancellationToken cancel)
    {
        var spans = Encode(documents);
        Refuse(spans, groups);
        var plan = Plan.Make(
            spans, groups, model.MaxLength, batchTokens, protocol.MergesEqualRequests);
        var scores = new IReadOnlyList<TokenScore>[plan.Batches.Count];
        var seconds = new Dictionary<string, double>();
        long done = 0;
        var all = plan.Shares.Sum(share => (long)share.Values.Sum());
        Progressed?.Invoke(new("log-likelihoods", "", 0, all, 0));
        var clock = Stopwatch.StartNew();
        cancel.ThrowIfCancellationRequested();
        foreach (var (b, answered) in model.Score(plan.Batches).Index())
        {
            cancel.ThrowIfCancellationRequested();
            scores[b] = answered;
            var tokens = plan.Shares[b].Values.Sum();
            foreach (var (task, share) in plan.Shares[b])
                seconds[task] = seconds.GetValueOrDefault(task) + clock.Elapsed.TotalSeconds * share / Math.Max(1, tokens);
            clock.Restart();
            done += tokens;
            Progressed?.Invoke(new("log-likelihoods", plan.Shares[b].MaxBy(share => share.Value).Key, done, all, done));
        }
        Reply[] replies = [.. plan.Answers.Select(at => scores[at.Batch][at.Branch])
            .Select(score => new Likelihood(score.LogLikelihood, score.IsGreedy))];
        return new(replies, plan.Truncated, plan.Total.Distinct, plan.Total.ForwardTokens, seconds);
    }

    private IReadOnlyList<TokenSpan>[] Encode(IReadOnlyList<IReadOnlyList<LogLikelihood>> documents)
    {
        var spans = new IReadOnlyList<TokenSpan>[documents.Count];
        Parallel.For(0, documents.Count, d =>
        {
            var encoded = new List<TokenSpan>(documents[d].Count);
            foreach (var request in documents[d])
            {
                var span = TokenSpan.Encode(tokenizer, emptyContext, request.Context, request.Continuation);
                // A document's choices have one context: one array for all of them.
                if (encoded.Count > 0 && encoded[^1].Context.AsSpan().SequenceEqual(span.Context))
                    span = span with { Context = encoded[^1].Context };
                encoded.Add(span);
            }
            spans[d] = encoded;
        });
        return spans;
    }

    private void Refuse(IReadOnlyList<TokenSpan>[] spans, IReadOnlyList<string> groups)
    {
        for (var d = 0; d < spans.Length; d++)
            foreach (var span in spans[d])
                if (span.Context.Length == 0)
                    throw new InputException(
                        $"{groups[d]}: a context of white space alone, which has no token to predict from; check the rows");
                else if (span.Continuation.Length == 0 || span.Continuation.Length > model.MaxLength)
                    throw new InputException(
                        $"{groups[d]}: a continuation of {span.Continuation.Length} tokens; between 1 and the model's "
                        + $"maximum length {model.MaxLength} can be scored; check the rows, or raise --max-length");
    }

    /// <summary>Generates answers greedily.</summary>
    public ScoredRequests Generate(string task, IReadOnlyList<GreedyUntil> requests, CancellationToken cancel)
    {
        var prompts = requests.Select(request => tokenizer.EncodeToIds(request.Context).ToArray()).ToList();
        var groups = GenerationGroups.Make(requests, prompts, protocol, model.MaxLength);
        var replies = new Reply[requests.Count];
        var clock = Stopwatch.StartNew();
        long done = 0, tokens = 0;
        var truncated = new bool[requests.Count];
        Progressed?.Invoke(new("generation", task, 0, requests.Count, 0));
        var batches = GenerationGroups.Pack(groups, CachePerBudget * batchTokens, protocol.MaxNewTokens);
        var work = batches.Select(batch => Batch(batch, cancel)).ToList();
        foreach (var (b, generated) in model.Generate(work).Index())
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
                        truncated[request] = group.Dropped > 0 || row.Input.Length < prompts[request].Length;
                    }
            }
            done += batches[b].Sum(group => group.Rows.Sum(row => row.Requests.Count));
            Progressed?.Invoke(new("generation", task, done, requests.Count, tokens));
        }
        return new(
            replies, truncated, groups.Sum(group => group.Rows.Count), tokens,
            new Dictionary<string, double> { [task] = clock.Elapsed.TotalSeconds });
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
}

/// <summary>Replies in the order of the requests, and what it took.</summary>
/// <param name="Seconds">Wall time by task; a batch's time is shared out by tokens.</param>
public sealed record ScoredRequests(
    IReadOnlyList<Reply> Replies, IReadOnlyList<bool> Truncated, int Distinct, long ForwardTokens,
    IReadOnlyDictionary<string, double> Seconds);
