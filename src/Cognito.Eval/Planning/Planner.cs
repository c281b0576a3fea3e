using System.Text.Encodings.Web;
using System.Text.Json;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Planning;

/// <summary>
/// Makes a model's work out of text: tokens, then a plan. It knows how long the model's sequences may be, not the model,
/// so it can work before one is loaded and while one runs.
/// </summary>
/// <param name="maxLength">The most tokens that a model's sequence may have.</param>
/// <param name="emptyContext">The token that stands for an empty context: the tokenizer's end of text.</param>
public sealed class Planner(
    VocabularyTokenizer tokenizer, Protocol protocol, int maxLength, Budget budget, int emptyContext)
{
    /// <summary>How many tokens the model knows; null where that is not known.</summary>
    public int? ModelVocabulary { get; init; }

    /// <summary>Plans log-likelihood requests, given by document.</summary>
    /// <param name="groups">Each document's task.</param>
    /// <exception cref="InputException">A request has nothing to predict, or nothing to predict it from.</exception>
    public Plan LogLikelihoods(IReadOnlyList<IReadOnlyList<LogLikelihood>> documents, IReadOnlyList<string> groups)
    {
        var spans = new IReadOnlyList<TokenSpan>[documents.Count];
        Parallel.For(0, documents.Count, d => spans[d] = Encode(documents[d]));
        Refuse(documents, spans, groups);
        foreach (var (document, group) in spans.Zip(groups))
            foreach (var span in document)
            {
                RequireKnown(group, span.Context);
                RequireKnown(group, span.Continuation);
            }
        return Plan.Make(
            spans, groups, maxLength, budget.BatchTokens, protocol.MergesEqualRequests, budget.Shares);
    }

    /// <summary>Plans greedy generation.</summary>
    /// <exception cref="InputException">The maximum length leaves no room for a prompt.</exception>
    public GenerationPlan Generation(string task, IReadOnlyList<GreedyUntil> requests)
    {
        var prompts = requests.Select(request => tokenizer.EncodeToIds(request.Context).ToArray()).ToList();
        prompts.ForEach(prompt => RequireKnown(task, prompt));
        var groups = GenerationGroups.Make(requests, prompts, protocol, maxLength);
        return new(
            task, prompts, GenerationGroups.Pack(groups, budget.CacheTokens, protocol.MaxNewTokens), maxLength);
    }

    /// <summary>A document's requests in tokens; those of one context share its array.</summary>
    private IReadOnlyList<TokenSpan> Encode(IReadOnlyList<LogLikelihood> document)
    {
        var spans = new List<TokenSpan>(document.Count);
        EncodedContext? context = null;
        foreach (var request in document)
        {
            if (context?.Text != request.Context)
                context = new(tokenizer, emptyContext, request.Context);
            spans.Add(context.With(request.Continuation));
        }
        return spans;
    }

    /// <summary>A tokenizer may hold tokens past the model's vocabulary: they matter where a text uses one.</summary>
    private void RequireKnown(string task, int[] tokens)
    {
        if (ModelVocabulary is not { } known
            || tokens.AsSpan().IndexOfAnyExceptInRange(0, known - 1) is not (>= 0 and var at))
            return;
        throw new InputException($"{task}: a prompt or an answer holds the token {Spelled(tokens[at])} (id {tokens[at]} of "
            + $"{tokenizer.FileName}), and the model knows {known} tokens (vocab_size of config.json); use the tokenizer that the "
            + "model was trained with, or resize the model's embedding to it");
    }

    private string Spelled(int id) =>
        JsonSerializer.Serialize(tokenizer.Spelled(id), Readable);

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private void Refuse(
        IReadOnlyList<IReadOnlyList<LogLikelihood>> documents, IReadOnlyList<TokenSpan>[] spans, IReadOnlyList<string> groups)
    {
        for (var d = 0; d < spans.Length; d++)
            foreach (var (request, span) in documents[d].Zip(spans[d]))
                if (span.Context.Length == 0)
                    throw new InputException(
                        $"{groups[d]}: a context of white space alone has no token to predict from; check the rows");
                else if (span.Continuation.Length == 0)
                    throw new InputException($"{groups[d]}: the continuation \"{request.Continuation}\" has no token of its own to score: "
                        + WhyNone(request));
                else if (span.Continuation.Length > maxLength)
                    throw new InputException($"{groups[d]}: a continuation of {span.Continuation.Length} tokens, more than the model's "
                        + $"maximum length {maxLength}; raise --max-length if the model takes more, or check the rows");
    }

    private string WhyNone(LogLikelihood request) =>
        request.Continuation.Length == 0 ? "it is empty; check the rows"
        : TokenSpan.AtBorder(tokenizer, request.Context, request.Continuation) is { } token
            ? $"token {token.Id} \"{token.Value}\" spans the border between context and continuation; leave the task out, or give "
                + "the tokenizer that the model was trained with"
        : "together with its context it is no more tokens than the context alone; check the rows, or leave the task out";
}

/// <summary>The order of work for a task's generation.</summary>
/// <param name="Prompts">Each request's whole prompt in tokens.</param>
/// <param name="Batches">What the model generates at once.</param>
/// <param name="MaxLength">The most tokens that a model's sequence may have.</param>
public sealed record GenerationPlan(
    string Task, IReadOnlyList<int[]> Prompts, IReadOnlyList<IReadOnlyList<GenerationGroup>> Batches, int MaxLength)
{
    /// <summary>What is asked, and what of it goes through the model; generated tokens are not counted.</summary>
    public PlanCounts Counts { get; } = Count(Prompts, [.. Batches.SelectMany(batch => batch)]);

    private static PlanCounts Count(IReadOnlyList<int[]> prompts, IReadOnlyList<GenerationGroup> groups)
    {
        var rows = groups.SelectMany(group => group.Rows).ToList();
        var tokens = rows.Sum(row => (long)row.Input.Length);
        return new(
            prompts.Count, prompts.Count, rows.Count, rows.Sum(row => (long)row.Input.Length * row.Requests.Count),
            tokens, tokens,
            groups.Where(group => group.Dropped > 0).SelectMany(group => group.Rows).Sum(row => row.Requests.Count));
    }
}
