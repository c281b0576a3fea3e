using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

/// <summary>Plans of made-up tokens, executed by a model whose answers hang on every token before the scored one.</summary>
public sealed class PlanTests
{
    private const string Task = "task";

    private static readonly int[] Budgets = [1, 7, 40, 300, 100_000];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    /// <summary>A continuation's whole input, and what is scored of it.</summary>
    private static IEnumerable<(int[] Input, int[] Targets)> Sequences(ScoreBatch batch) =>
        batch.Trees.SelectMany(tree => tree.Continuations.Select(continuation =>
            ((int[])[.. tree.SharedPrefix?.Tokens ?? [], .. tree.Context, .. continuation.Tokens], continuation.Targets)));

    private static int TokensOf(ScoreBatch batch) =>
        batch.Trees.Sum(tree => tree.Context.Length + tree.Continuations.Sum(continuation => continuation.Tokens.Length));

    private static long ForwardOf(Plan plan) => plan.Batches.Sum(TokensOf)
        + plan.Batches.SelectMany(batch => batch.Trees).Select(tree => tree.SharedPrefix).OfType<SharedPrefix>().Distinct()
            .Sum(sharedPrefix => sharedPrefix.Tokens.Length);

    private static ulong Answer(IEnumerable<int> input, int[] targets)
    {
        int[] tokens = [.. input];
        Assert.True(targets.Length <= tokens.Length);
        var (rolled, answer) = (17UL, 0UL);
        for (var i = 0; i < tokens.Length; i++)
        {
            rolled = unchecked(rolled * 6364136223846793005 + (ulong)tokens[i] + 1442695040888963407);
            if (i >= tokens.Length - targets.Length)
            {
                var target = (ulong)targets[i - tokens.Length + targets.Length];
                answer = unchecked(answer * 31 + (rolled ^ target) * 0x9E3779B97F4A7C15);
            }
        }
        return answer;
    }

    private static ulong[] Answers(Plan plan)
    {
        var batches = plan.Batches
            .Select(batch => Sequences(batch).Select(s => Answer(s.Input, s.Targets)).ToArray()).ToArray();
        return [.. plan.Answers.Select(at => batches[at.Batch][at.Continuation])];
    }

    /// <summary>What each request is answered alone; where equal ones are merged, as the first one's split has it.</summary>
    private static IEnumerable<ulong> Alone(IEnumerable<TokenSpan> spans, int maxLength, bool merges)
    {
        var first = new Dictionary<string, TokenSpan>();
        foreach (var span in spans)
        {
            int[] whole = [.. span.Context, .. span.Continuation];
            var key = string.Join(' ', whole);
            first.TryAdd(key, span);
            yield return Answer(
                whole[Math.Max(0, whole.Length - maxLength - 1)..^1], (merges ? first[key] : span).Continuation);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Planned_answers_are_those_of_each_request_alone(int seed)
    {
        var asked = RandomRequests.Make(seed);
        foreach (var merges in new[] { true, false })
        {
            ulong[] alone = [.. Alone(asked.Documents.SelectMany(spans => spans), asked.MaxLength, merges)];
            foreach (var shares in new[] { true, false })
                foreach (var budget in Budgets)
                {
                    var plan = Plan.Make(asked.Documents, asked.Groups, asked.MaxLength, budget, merges, shares);
                    Assert.Equal(alone, Answers(plan));
                    Assert.All(plan.Batches, batch => Assert.True(batch.Trees.Count == 1 || TokensOf(batch) <= budget));
                    Assert.All(plan.Batches.SelectMany(Sequences), s => Assert.True(s.Input.Length <= asked.MaxLength));
                    // What is scored is predicted after the shared prefix.
                    Assert.All(Trees(plan), tree => Assert.All(tree.Continuations, continuation =>
                        Assert.True(tree.Context.Length + continuation.Tokens.Length >= continuation.Targets.Length)));
                }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Counts_are_what_the_batches_hold(int seed)
    {
        var asked = RandomRequests.Make(seed);
        TokenSpan[] spans = [.. asked.Documents.SelectMany(document => document)];
        long Input(TokenSpan span) => Math.Min(span.Length - 1, asked.MaxLength);
        foreach (var budget in Budgets)
        {
            var plan = Plan.Make(asked.Documents, asked.Groups, asked.MaxLength, budget);
            var total = plan.Total;
            Assert.Equal(ForwardOf(plan), total.ForwardTokens);
            Assert.Equal(plan.Batches.Sum(batch => Sequences(batch).Count()), total.Distinct);
            Assert.Equal((asked.Documents.Count, spans.Length), (total.Documents, total.Requests));
            Assert.Equal(spans.Sum(Input), total.RequestTokens);
            Assert.Equal(spans.Count(span => span.IsTruncated(asked.MaxLength)), total.Truncated);
            Assert.Equal(plan.Truncated.Count(cut => cut), total.Truncated);
            Assert.Equal(plan.Batches.Select(TokensOf), plan.Shares.Select(share => share.Values.Sum()));
            foreach (var (group, counts) in plan.Counts)
                Assert.Equal(asked.Groups.Count(g => g == group), counts.Documents);
            var unshared = Plan.Make(asked.Documents, asked.Groups, asked.MaxLength, budget, shares: false);
            Assert.Equal(ForwardOf(unshared), unshared.Total.ForwardTokens);
            Assert.Equal(unshared.Batches.SelectMany(Sequences).Sum(s => s.Input.Length), unshared.Total.ForwardTokens);
            Assert.Equal(total.DistinctTokens, unshared.Total.DistinctTokens);
            Assert.InRange(total.ForwardTokens, 0, unshared.Total.ForwardTokens);
        }
    }

    [Fact]
    public void Without_sharing_each_distinct_request_is_a_tree_longest_first()
    {
        var asked = RandomRequests.Make(3);
        var plan = Plan.Make(asked.Documents, asked.Groups, asked.MaxLength, 100, shares: false);
        var trees = plan.Batches.SelectMany(batch => batch.Trees).ToList();
        Assert.All(trees, tree => Assert.True(tree is { SharedPrefix: null, Context: [], Continuations.Count: 1 }));
        Assert.Equal(trees.OrderByDescending(tree => tree.Continuations[0].Tokens.Length), trees);
        Assert.Equal(plan.Total.Distinct, trees.Count);
    }

    private static int[] Tokens(int from, int count) => [.. Enumerable.Range(from, count)];

    /// <summary>A document of two choices; its own tokens are those from <paramref name="own"/> on.</summary>
    private static TokenSpan[] Document(int[] sharedPrefix, int own, int length = 10)
    {
        int[] context = [.. sharedPrefix, .. Tokens(own, length)];
        return [new(context, [1, 2]), new(context, [3, 4, 5])];
    }

    private static Plan Planned(int maxLength, params TokenSpan[][] documents) =>
        Plan.Make(documents, [.. documents.Select(_ => Task)], maxLength, 10_000);

    private static List<PrefixTree> Trees(Plan plan) => [.. plan.Batches.SelectMany(batch => batch.Trees)];

    [Fact]
    public void An_odd_document_leaves_the_opening_to_the_others()
    {
        int[] sharedPrefix = Tokens(1000, 50);
        var plan = Planned(
            500, Document(sharedPrefix, 100), Document([], 200), Document(sharedPrefix, 300), Document(sharedPrefix, 400));
        var trees = Trees(plan);
        Assert.Equal(3, trees.Count(tree => tree.SharedPrefix?.Tokens.SequenceEqual(sharedPrefix) == true));
        Assert.Equal(Tokens(200, 10), Assert.Single(trees, tree => tree.SharedPrefix is null).Context);
        Assert.Equal(50 + 4 * (10 + 1 + 2), plan.Total.ForwardTokens);
        Assert.Equal(plan.Total.DistinctTokens, plan.Total.ForwardTokens);
    }

    [Fact]
    public void A_beginning_that_most_share_may_be_longer_than_what_all_share()
    {
        int[] sharedPrefix = Tokens(1000, 50);
        var plan = Planned(500,
            Document(sharedPrefix, 100), Document(sharedPrefix[..9], 200), Document(sharedPrefix, 300), Document(sharedPrefix, 400),
            Document(sharedPrefix, 500));
        Assert.Equal(4, Trees(plan).Count(tree => tree.SharedPrefix?.Tokens.Length == 50));
    }

    [Fact]
    public void A_truncated_prompt_has_no_opening_and_the_others_keep_theirs()
    {
        int[] sharedPrefix = Tokens(1000, 50);
        TokenSpan[][] documents =
        [
            Document(sharedPrefix, 100), Document(sharedPrefix, 200, 90), Document(sharedPrefix, 300, 90), Document(sharedPrefix, 400, 90),
            Document(sharedPrefix, 500),
        ];
        var plan = Planned(100, documents);
        Assert.Equal(2, Trees(plan).Count(tree => tree.SharedPrefix?.Tokens.SequenceEqual(sharedPrefix) == true));
        Assert.Equal(6, plan.Total.Truncated);
        Assert.Equal(50 + 2 * (10 + 1 + 2) + 3 * 2 * 100, plan.Total.ForwardTokens);
    }

    [Fact]
    public void Choices_that_lost_as_many_tokens_share_what_is_left()
    {
        var context = Tokens(100, 60);
        var plan = Planned(50, [[new(context, [1]), new(context, [2]), new(context, [3, 4]), new(context, [5, 6])]]);
        Assert.Equal([2, 2], Trees(plan).Select(tree => tree.Continuations.Count));
        Assert.Equal(50 + 49 + 2, plan.Total.ForwardTokens);
    }

    [Fact]
    public void A_short_beginning_is_computed_again_rather_than_shared()
    {
        var plan = Planned(500, Document([], 100, 7), Document([], 200, 7));
        Assert.All(Trees(plan), tree => Assert.True(tree is { SharedPrefix: null, Context: [], Continuations.Count: 1 }));
        Assert.Equal(2 * (8 + 9), plan.Total.ForwardTokens);
        Assert.Equal(2 * (7 + 1 + 2), plan.Total.DistinctTokens);
        Assert.All(
            Trees(Planned(500, Document([], 100, 8), Document([], 200, 8))), tree => Assert.Equal(8, tree.Context.Length));
    }

    [Fact]
    public void A_single_document_has_a_trunk_and_no_opening()
    {
        var tree = Assert.Single(Trees(Planned(500, Document([], 100))));
        Assert.True(tree is { SharedPrefix: null, Context.Length: 10, Continuations.Count: 2 });
    }

    [Fact]
    public void Tasks_do_not_share_an_opening()
    {
        int[] sharedPrefix = Tokens(1000, 50);
        TokenSpan[][] documents = [.. Enumerable.Range(1, 4).Select(d => Document(sharedPrefix, 100 * d))];
        var plan = Plan.Make(documents, ["a", "b", "a", "b"], 500, 10_000);
        Assert.Equal(2, Trees(plan).Select(tree => tree.SharedPrefix).Distinct().Count());
        Assert.Equal(["a", "b"], plan.Counts.Keys);
        Assert.Equal(plan.Counts["a"], plan.Counts["b"]);
    }

    [Fact]
    public void An_equal_request_is_counted_where_it_is_asked_first()
    {
        TokenSpan[][] documents = [Document([], 100), Document([], 100)];
        var plan = Plan.Make(documents, ["a", "b"], 500, 10_000);
        Assert.Equal((2, 0), (plan.Counts["a"].Distinct, plan.Counts["b"].Distinct));
        Assert.Equal((2, 0L), (plan.Counts["b"].Requests, plan.Counts["b"].ForwardTokens));
        Assert.Equal(plan.Answers.Take(2), plan.Answers.Skip(2));
    }
}
