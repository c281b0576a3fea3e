using Cognito.Eval.Protocols;

namespace Cognito.Eval.Planning;

/// <summary>
/// The order of work for log-likelihoods: equal requests merged, shared beginnings made trees, trees packed into batches.
/// It is cut once, from all requests of a run; the model executes it as it is.
/// </summary>
/// <param name="Batches">What the model is given, in order.</param>
/// <param name="Answers">For each span, where its score comes back: the batch, and the continuation's place in it.</param>
/// <param name="Truncated">For each span, whether its oldest tokens were cut off.</param>
internal sealed record Plan(
    IReadOnlyList<ScoreBatch> Batches, IReadOnlyList<(int Batch, int Continuation)> Answers, IReadOnlyList<bool> Truncated)
{
    /// <summary>By task, in the order of the documents: what is asked, and what of it goes through the model.</summary>
    public required IReadOnlyDictionary<string, PlanCounts> Counts { get; init; }

    /// <summary>For each batch, the tasks whose documents it holds and their tokens in it, shared prefixes not counted.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<string, int>> Shares { get; init; }

    /// <summary>How many spans each request is: one, or the windows of a text. What follows is by span.</summary>
    public IReadOnlyList<int> Windows { get; init; } = [];

    /// <summary>Each span's tokens, before truncation.</summary>
    public required IReadOnlyList<RequestTokens> Tokens { get; init; }

    /// <summary>For each batch, the task of each of its continuations.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Tasks { get; init; }

    /// <summary>The most tokens that a model's sequence may have.</summary>
    public required int MaxLength { get; init; }

    public PlanCounts Total => Counts.Values.Aggregate(PlanCounts.None, (sum, task) => sum + task);

    /// <param name="documents">Spans by document; those of one of <paramref name="groups"/> may share a shared prefix.</param>
    /// <param name="groups">For each document, the task it belongs to.</param>
    /// <param name="batchTokens">Most tokens of a batch, shared prefixes not counted; a longer tree is alone in one.</param>
    /// <param name="merges">
    /// Whether requests of equal tokens get one answer (<see cref="Protocol.MergesEqualRequests"/>).
    /// </param>
    /// <param name="shares">
    /// Whether sequences that begin alike share what they begin with. If not, each distinct request is a tree of its own,
    /// to compare with.
    /// </param>
    public static Plan Make(
        IReadOnlyList<IReadOnlyList<TokenSpan>> documents, IReadOnlyList<string> groups, int maxLength, int batchTokens,
        bool merges = true, bool shares = true)
    {
        TokenSpan[] spans = [.. documents.SelectMany(spans => spans)];
        var (distinct, of) = TokenSpan.Merge(spans, merges);
        var whole = PrefixGroup.Create(documents, groups, of, distinct, maxLength);
        List<PrefixGroup> trees = [.. whole.SelectMany(tree => shares ? tree.Shared() : tree.Alone())];
        foreach (var task in trees.GroupBy(tree => tree.Group).Where(_ => shares))
            PrefixGroup.AssignSharedPrefix(task);
        var packed = Pack(trees, batchTokens);
        var places = new (int Batch, int Continuation)[distinct.Count];
        for (var b = 0; b < packed.Count; b++)
        {
            var continuation = 0;
            foreach (var span in packed[b].SelectMany(tree => tree.Spans))
                places[span] = (b, continuation++);
        }
        return new(
            [.. packed.Select(batch => new ScoreBatch([.. batch.Select(tree => tree.Tree())]))],
            [.. of.Select(i => places[i])], [.. spans.Select(span => span.IsTruncated(maxLength))])
        {
            Counts = Count(documents, groups, maxLength, whole, trees),
            MaxLength = maxLength,
            Tokens = [.. spans.Select(span => new RequestTokens(span.Context.Length, span.Continuation.Length))],
            Tasks = [.. packed.Select(batch => (IReadOnlyList<string>)[.. batch.SelectMany(tree => tree.Spans.Select(_ => tree.Group))])],
            Shares = [.. packed.Select(batch => batch.GroupBy(tree => tree.Group)
                .ToDictionary(task => task.Key, task => task.Sum(tree => tree.Tokens)))],
        };
    }

    private static OrderedDictionary<string, PlanCounts> Count(
        IReadOnlyList<IReadOnlyList<TokenSpan>> documents, IReadOnlyList<string> groups, int maxLength,
        List<PrefixGroup> whole, List<PrefixGroup> grouped)
    {
        var counts = new OrderedDictionary<string, PlanCounts>();
        void Add(string group, PlanCounts more) =>
            counts[group] = counts.GetValueOrDefault(group, PlanCounts.None) + more;
        foreach (var (document, group) in documents.Zip(groups))
            Add(group, new(
                1, document.Count, 0, document.Sum(span => (long)span.Input(maxLength).Length), 0, 0,
                document.Count(span => span.IsTruncated(maxLength))));
        foreach (var task in whole.GroupBy(tree => tree.Group))
        {
            var (length, trees) = PrefixGroup.CommonBeginning(task);
            var shared = (trees.Count - 1L) * length;
            Add(task.Key, PlanCounts.None with { DistinctTokens = task.Sum(tree => (long)tree.Whole) - shared });
        }
        foreach (var task in grouped.GroupBy(tree => tree.Group))
        {
            var sharedPrefixes = task.Select(tree => tree.SharedPrefix).OfType<SharedPrefix>().Distinct();
            Add(task.Key, PlanCounts.None with
            {
                Distinct = task.Sum(tree => tree.Spans.Count),
                ForwardTokens = task.Sum(tree => (long)tree.Tokens) + sharedPrefixes.Sum(sharedPrefix => sharedPrefix.Tokens.Length),
            });
        }
        return counts;
    }

    /// <summary>Fills batches up to the budget: trees of one shared prefix together, longest first.</summary>
    private static List<List<PrefixGroup>> Pack(List<PrefixGroup> trees, int batchTokens)
    {
        var batches = new List<List<PrefixGroup>>();
        var room = 0;
        var ordered = trees.GroupBy(tree => (object?)tree.SharedPrefix ?? "none")
            .SelectMany(group => group.OrderByDescending(tree => tree.Tokens));
        foreach (var tree in ordered)
        {
            if (batches.Count == 0 || tree.Tokens > room)
            {
                batches.Add([]);
                room = batchTokens;
            }
            batches[^1].Add(tree);
            room -= tree.Tokens;
        }
        return batches;
    }
}
