using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;

namespace Cognito.Eval.Tests;

public sealed class BatchDigestTests
{
    private static readonly SharedPrefix Shared = new([1, 2, 3]), Other = new([1, 2, 4]);

    [Fact]
    public void Any_token_target_opening_or_order_that_changes_changes_it()
    {
        Continuation a = new([7], [8]), b = new([9, 10], [11]);
        PrefixTree first = new(Shared, [4, 5], [a, b]), second = new(Shared, [6], [a]);
        ScoreBatch[] batches = [
            new([first, second]),
            new([second, first]),
            new([first]),
            new([first, second, second]),
            new([first with { SharedPrefix = Other }, second]),
            new([first with { SharedPrefix = Other }, second with { SharedPrefix = Other }]),
            new([first with { SharedPrefix = null }, second]),
            // The same whole input, cut elsewhere, is another shape.
            new([first with { SharedPrefix = null, Context = [1, 2, 3, 4, 5] }, second]),
            new([first with { SharedPrefix = new([1, 2, 3, 4]), Context = [5] }, second]),
            new([first with { Context = [4] }, second]),
            new([first with { Context = [5, 4] }, second]),
            new([first with { Continuations = [b, a] }, second]),
            new([first with { Continuations = [a] }, second with { Continuations = [b, a] }]),
            new([first with { Continuations = [a, b with { Tokens = [9] }] }, second]),
            new([first with { Continuations = [a, b with { Tokens = [10, 9] }] }, second]),
            new([first with { Continuations = [a, b with { Targets = [12] }] }, second]),
            new([first with { Continuations = [a, b with { Tokens = [9], Targets = [10, 11] }] }, second]),
            new([first with { Continuations = [a, b with { Targets = [] }] }, second])];
        Assert.Equal(batches.Length, batches.Select(BatchDigest.Compute).Distinct().Count());
    }

    [Fact]
    public void It_depends_on_what_an_opening_says_not_on_which_object_says_it()
    {
        ScoreBatch Batch(SharedPrefix one, SharedPrefix two) => new([new(one, [4], [new([5], [6])]), new(two, [4], [new([5], [6])])]);
        Assert.Equal(BatchDigest.Compute(Batch(Shared, Shared)), BatchDigest.Compute(Batch(Shared, new([1, 2, 3]))));
        Assert.Matches("^[0-9a-f]{64}$", BatchDigest.Compute(Batch(Shared, Other)));
    }

    [Fact]
    public void Prompts_their_order_and_their_room_change_it()
    {
        GenerationBatch Batch(params Prompt[] prompts) => new(prompts);
        Prompt a = new([1, 2], 8), b = new([3], 8);
        GenerationBatch[] batches = [
            Batch(a, b), Batch(b, a), Batch(a), Batch(a, b with { MaxNewTokens = 9 }), Batch(a, b with { Tokens = [4] }),
            Batch(new([1], 8), new([2, 3], 8)), Batch(new Prompt([1, 2, 3], 8))];
        Assert.Equal(batches.Length, batches.Select(BatchDigest.Compute).Distinct().Count());
        Assert.Equal(BatchDigest.Compute(Batch(a, b)), BatchDigest.Compute(Batch(a, b with { Stop = new StopAtIds([7]) })));
    }
}
