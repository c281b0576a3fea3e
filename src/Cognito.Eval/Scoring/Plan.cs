namespace Cognito.Eval;

/// <summary>
/// The order of work for log-likelihoods: equal requests merged, shared beginnings made trees, trees packed into batches.
/// It is cut once, from all requests of a run; the model executes it as it is.
/// </summary>
/// <param name="Batches">What the model is given, in order.</param>
/// <param name="Answers">For each request, where its score comes back: the batch, and the branch's place in it.</param>
/// <param name="Truncated">For each request, whether its oldest tokens were cut off.</param>
public sealed record Plan(
    IReadOnlyList<ScoreBatch> Batches, IReadOnlyList<(int Batch, int Branch)> Answers, IReadOnlyList<bool> Truncated)
{
    /// <summary>Shorter shared beginnings cost more in small launches and masks than they save.</summary>
    private const int WorthSharing = 8;

    /// <summary>Requests of equal tokens asked once.</summary>
    public required int Distinct { get; init; }

    /// <summary>Tokens that go through the model, openings included.</summary>
    public required long ForwardTokens { get; init; }

    /// <summary>For each batch, the tasks whose documents it holds and their tokens in it, openings not counted.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<string, int>> Shares { get; init; }

    /// <param name="documents">Spans by document; neighbours in <paramref name="groups"/> may share an opening.</param>
    /// <param name="groups">For each document, the task it belongs to.</param>
    /// <param name="batchTokens">Most tokens of a batch, openings not counted; a longer tree is a batch of its own.</param>
    /// <param name="merges">Whether requests of equal tokens get one answer (<see cref="Protocol.MergesEqualRequests"/>).</param>
    public static Plan Make(
        IReadOnlyList<IReadOnlyList<TokenSpan>> documents, IReadOnlyList<string> groups, int maxLength, int batchTokens,
        bool merges = true)
    {
        TokenSpan[] spans = [.. documents.SelectMany(spans => spans)];
        var (distinct, of) = TokenSpan.Merge(spans, merges);
        var saplings = Saplings(documents, groups, of, distinct, maxLength).ToList();
        Plant(saplings);
        var packed = Pack(saplings, batchTokens);
        var places = new (int Batch, int Branch)[distinct.Count];
        for (var b = 0; b < packed.Count; b++)
        {
            var branch = 0;
            foreach (var span in packed[b].SelectMany(sapling => sapling.Spans))
                places[span] = (b, branch++);
        }
        ScoreBatch[] batches = [.. packed.Select(trees => new ScoreBatch([.. trees.Select(sapling => sapling.Tree())]))];
        return new(batches, [.. of.Select(i => places[i])], [.. spans.Select(span => span.IsTruncated(maxLength))])
        {
            Distinct = distinct.Count,
            ForwardTokens = ForwardTokensOf(batches),
            Shares = [.. packed.Select(trees => trees.GroupBy(tree => tree.Group)
                .ToDictionary(task => task.Key, task => task.Sum(tree => tree.Tokens)))],
        };
    }

    /// <summary>A tree before its opening is known: distinct spans that begin alike.</summary>
    private sealed class Sapling(string group, int[] spans, TokenInput[] inputs)
    {
        public int[] Spans { get; } = spans;
        public string Group { get; } = group;
        public Opening? Opening { get; set; }
        public bool Truncated => inputs.Any(input => input.Start > 0);
        public TokenInput First => inputs[0];
        public int Shared { get; } = inputs.Min(input => inputs[0].CommonPrefix(input));

        /// <summary>Tokens before the first scored position, which an opening must not reach.</summary>
        public int Unscored =>
            Math.Min(Shared, inputs.Min(input => input.Length - input.Span.Continuation.Length));

        public int Tokens => Shared + inputs.Sum(input => input.Length - Shared) - (Opening?.Tokens.Length ?? 0);

        public Tree Tree() => new(
            Opening, First.Slice(Opening?.Tokens.Length ?? 0, Shared),
            [.. inputs.Select(input => new Branch(input.Slice(Shared, input.Length), input.Span.Continuation))]);
    }

    /// <summary>Each document's spans as a tree, if they share a beginning that is worth it; otherwise a tree each.</summary>
    private static IEnumerable<Sapling> Saplings(
        IReadOnlyList<IReadOnlyList<TokenSpan>> documents, IReadOnlyList<string> groups, int[] of,
        IReadOnlyList<TokenSpan> distinct, int maxLength)
    {
        var asked = new bool[distinct.Count];
        var next = 0;
        for (var d = 0; d < documents.Count; d++)
        {
            var fresh = new List<int>();
            for (var i = 0; i < documents[d].Count; i++, next++)
                if (!asked[of[next]])
                {
                    asked[of[next]] = true;
                    fresh.Add(of[next]);
                }
            if (fresh.Count == 0)
                continue;
            var whole = Of(fresh);
            if (fresh.Count == 1 || whole.Shared >= WorthSharing)
                yield return whole;
            else
                foreach (var span in fresh)
                    yield return Of([span]);

            Sapling Of(List<int> ids) => new(
                groups[d], [.. ids], [.. ids.Select(i => distinct[i].Input(maxLength))]);
        }
    }

    /// <summary>Gives the trees of a task the opening they share. A truncated prompt has lost its own, and gets none.</summary>
    private static void Plant(List<Sapling> saplings)
    {
        foreach (var task in saplings.Where(sapling => !sapling.Truncated).GroupBy(sapling => sapling.Group))
        {
            var trees = task.ToList();
            var shared = trees.Aggregate(trees[0].Unscored, (n, tree) =>
                Math.Min(Math.Min(n, tree.Unscored), trees[0].First.CommonPrefix(tree.First)));
            if (trees.Count < 2 || shared < WorthSharing)
                continue;
            var opening = new Opening(trees[0].First.Slice(0, shared));
            foreach (var tree in trees)
                tree.Opening = opening;
        }
    }

    /// <summary>Fills batches up to the budget: trees of one opening together, longest first.</summary>
    private static List<List<Sapling>> Pack(List<Sapling> saplings, int batchTokens)
    {
        var batches = new List<List<Sapling>>();
        var room = 0;
        var ordered = saplings.GroupBy(sapling => (object?)sapling.Opening ?? "none")
            .SelectMany(group => group.OrderByDescending(sapling => sapling.Tokens));
        foreach (var sapling in ordered)
        {
            if (batches.Count == 0 || sapling.Tokens > room)
            {
                batches.Add([]);
                room = batchTokens;
            }
            batches[^1].Add(sapling);
            room -= sapling.Tokens;
        }
        return batches;
    }

    private static long ForwardTokensOf(IReadOnlyList<ScoreBatch> batches)
    {
        var trees = batches.SelectMany(batch => batch.Trees).ToList();
        return trees.Select(tree => tree.Opening).OfType<Opening>().Distinct().Sum(opening => (long)opening.Tokens.Length)
            + trees.Sum(tree => tree.Trunk.Length + tree.Branches.Sum(branch => (long)branch.Tokens.Length));
    }
}
