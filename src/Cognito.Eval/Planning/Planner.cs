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
/// <param name="MaxLength">The most tokens that a model's sequence may have.</param>
public sealed record Planner(
    VocabularyTokenizer Tokenizer, Protocol Protocol, int MaxLength, Budget Budget, EndOfText End)
{
    /// <summary>How many tokens the model knows; null where that is not known.</summary>
    public int? ModelVocabulary { get; init; }

    /// <summary>Plans log-likelihood requests, given by document.</summary>
    /// <param name="groups">Each document's task.</param>
    /// <exception cref="InputException">A request has nothing to predict, or nothing to predict it from.</exception>
    internal Plan LogLikelihoods(IReadOnlyList<IReadOnlyList<LogLikelihood>> documents, IReadOnlyList<string> groups) =>
        Scores(documents, groups, Protocol.MergesEqualRequests);

    /// <summary>Plans the likelihoods of whole texts, given by document. Windows of equal tokens may predict different ones.</summary>
    /// <param name="groups">Each document's task.</param>
    internal Plan Rolling(IReadOnlyList<IReadOnlyList<LogLikelihoodRolling>> documents, IReadOnlyList<string> groups) =>
        Scores(documents, groups, merges: false);

    private Plan Scores(IReadOnlyList<IReadOnlyList<Request>> documents, IReadOnlyList<string> groups, bool merges)
    {
        var encoded = new EncodedRequest[documents.Count][];
        SideBySide.For(documents.Count, d => encoded[d] = Encode(documents[d]));
        foreach (var (document, group) in encoded.Zip(groups))
            foreach (var request in document)
            {
                Refuse(request, group);
                foreach (var span in request.Spans)
                {
                    RequireKnown(group, span.Context);
                    RequireKnown(group, span.Continuation);
                }
            }
        return Plan.Make(
            [.. encoded.Select(document => document.SelectMany(request => request.Spans).ToArray())], groups, MaxLength,
            Budget.BatchTokens, merges, Budget.Shares) with
        {
            Windows = [.. encoded.SelectMany(document => document.Select(request => request.Spans.Length))],
        };
    }

    /// <summary>A request in tokens: one span, or the windows of a text.</summary>
    private readonly record struct EncodedRequest(Request Request, TokenSpan[] Spans);

    /// <summary>Plans greedy generation.</summary>
    /// <exception cref="InputException">The maximum length leaves no room for a prompt.</exception>
    internal GenerationPlan Generation(string task, IReadOnlyList<GreedyUntil> requests)
    {
        var prompts = requests.Select(request => Protocol.EncodePrompt(Tokenizer, End, request.Context)).ToList();
        prompts.ForEach(prompt => RequireKnown(task, prompt));
        var groups = Protocol.Groups(requests, prompts, Tokenizer, End, MaxLength);
        var batches = GenerationPlan.Pack(groups, Budget.CacheTokens);
        return new(task, prompts, batches, [.. batches.Select(Inputs)], MaxLength);
    }

    /// <summary>What the model gets of groups that it continues together.</summary>
    private GenerationBatch Inputs(IReadOnlyList<GenerationGroup> groups) => new(
        [.. groups.SelectMany(group => group.Rows.Select(row => new Prompt(row.Input, group.MaxNewTokens)
        {
            // Rows that the reference generates together go on until all of them have ended.
            Stop = group.Rows.Count == 1 ? group.Rule : new StopAtIds(End.Ids),
            Padding = [.. Enumerable.Repeat(End.Token, group.Rows.Max(r => r.Input.Length) - row.Input.Length)],
        }))])
    {
        CacheTokens = groups.Count > 1 && groups.Sum(GenerationPlan.Need) > Budget.CacheTokens ? Budget.CacheTokens : null,
    };

    /// <summary>A document's requests in tokens; those of one context share its array.</summary>
    private EncodedRequest[] Encode(IReadOnlyList<Request> document)
    {
        EncodedContext? context = null;
        return [.. document.Select(request => new EncodedRequest(request, request switch
        {
            LogLikelihood pair => [InContext(pair)],
            LogLikelihoodRolling { Text: var text } => [.. RollingWindows.Cut(Protocol.EncodeWhole(Tokenizer, End, text), Protocol.EmptyContext(End), MaxLength)],
            _ => throw new ArgumentException($"a request without a likelihood: {request.GetType().Name}", nameof(document)),
        }))];

        TokenSpan InContext(LogLikelihood pair)
        {
            if (context?.Text != pair.Context)
                context = Protocol.Encode(Tokenizer, End, pair.Context);
            return TokenSpan.From(context.With(pair.Continuation));
        }
    }

    /// <summary>A tokenizer may hold tokens past the model's vocabulary: they matter where a text uses one.</summary>
    private void RequireKnown(string task, int[] tokens)
    {
        if (ModelVocabulary is not { } known
            || tokens.AsSpan().IndexOfAnyExceptInRange(0, known - 1) is not (>= 0 and var at))
            return;
        throw new InputException($"{task}: a prompt or an answer holds the token {Spelled(tokens[at])} (id {tokens[at]} of "
            + $"{Tokenizer.FileName}), and the model knows {known} tokens (vocab_size of config.json); use the tokenizer that the "
            + "model was trained with, or resize the model's embedding to it");
    }

    private string Spelled(int id) =>
        JsonSerializer.Serialize(Tokenizer.Spelled(id), Readable);

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private void Refuse(EncodedRequest encoded, string group)
    {
        if (encoded is not { Request: LogLikelihood request, Spans: [var span] })
            return;
        if (span.Context.Length == 0)
            throw new InputException($"{group}: a context of white space alone has no token to predict from; check the rows");
        if (span.Continuation.Length == 0)
            throw new InputException($"{group}: the continuation \"{request.Continuation}\" has no token of its own to score: "
                + WhyNone(request));
        if (span.Continuation.Length > MaxLength)
            throw new InputException($"{group}: a continuation of {span.Continuation.Length} tokens, more than the model's "
                + $"maximum length {MaxLength}; raise --max-length if the model takes more, or check the rows");
    }

    private string WhyNone(LogLikelihood request) =>
        request.Continuation.Length == 0 ? "it is empty; check the rows"
        : TokenSpan.AtBorder(Tokenizer, request.Context, request.Continuation) is { } token
            ? $"token {token.Id} \"{token.Value}\" spans the border between context and continuation; leave the task out, or give "
                + "the tokenizer that the model was trained with"
        : "together with its context it is no more tokens than the context alone; check the rows, or leave the task out";
}

/// <summary>The order of work for a task's generation.</summary>
/// <param name="Prompts">Each request's whole prompt in tokens.</param>
/// <param name="Batches">What is generated at once.</param>
/// <param name="Inputs">The same as the model gets it.</param>
/// <param name="MaxLength">The most tokens that a model's sequence may have.</param>
internal sealed record GenerationPlan(
    string Task, IReadOnlyList<int[]> Prompts, IReadOnlyList<IReadOnlyList<GenerationGroup>> Batches,
    IReadOnlyList<GenerationBatch> Inputs, int MaxLength)
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

    /// <summary>More than two batches are made so many, or a multiple of them: one, two and four devices then end together.</summary>
    private const int Evenly = 4;

    /// <summary>How many caches' worth of prompts a batch holds where there are more batches than that: some then wait for others to end.</summary>
    private const int Fillings = 2;

    /// <summary>
    /// A step takes a row about as long as a token of a prompt, and as long again for so many tokens that are kept of it, whose keys and
    /// values are read (measured with Mixtral's shape; other models read more and less, by all rows alike).
    /// </summary>
    private const int ReadAtOnce = 1024;

    /// <summary>
    /// Cuts the groups into what the model generates together: whole groups, longest first, about equally much work in each, and no
    /// more than fit a cache of <paramref name="cacheTokens"/> (prompts and the room for their answers), or than fill it twice.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<GenerationGroup>> Pack(IReadOnlyList<GenerationGroup> groups, long cacheTokens)
    {
        var fullest = Cut(groups, cacheTokens, long.MaxValue);
        if (fullest.Count <= 1)
            return fullest;
        var most = fullest.Count > Evenly && fullest.Any(batch => batch.Count > 1) ? Fillings * cacheTokens : cacheTokens;
        if (most > cacheTokens)
            fullest = Cut(groups, most, long.MaxValue);
        var wanted = fullest.Count <= 2 ? fullest.Count : (fullest.Count + Evenly - 1) / Evenly * Evenly;
        // The least work a batch with which there are no more than wanted: the more it is, the fewer they are.
        var all = groups.Sum(Cost);
        var (least, enough) = (all / wanted, all);
        while (least < enough)
            if (least + (enough - least) / 2 is var cost && Cut(groups, most, cost).Count <= wanted)
                enough = cost;
            else
                least = cost + 1;
        return Cut(groups, most, enough);
    }

    /// <summary>Places in the cache.</summary>
    public static long Need(GenerationGroup group) => group.Rows.Sum(row => (long)row.Input.Length + group.MaxNewTokens);

    /// <summary>In tokens of a prompt.</summary>
    private static long Cost(GenerationGroup group) => group.Rows.Sum(row =>
        row.Input.Length + group.MaxNewTokens + group.MaxNewTokens * (row.Input.Length + group.MaxNewTokens / 2L) / ReadAtOnce);

    private static List<List<GenerationGroup>> Cut(IReadOnlyList<GenerationGroup> groups, long mostNeed, long mostCost)
    {
        var batches = new List<List<GenerationGroup>>();
        var (room, left) = (0L, 0L);
        foreach (var group in groups.Reverse())
        {
            var (need, cost) = (Need(group), Cost(group));
            if (batches.Count == 0 || need > room || cost > left)
            {
                batches.Add([]);
                (room, left) = (mostNeed, mostCost);
            }
            batches[^1].Add(group);
            (room, left) = (room - need, left - cost);
        }
        return batches;
    }
}
