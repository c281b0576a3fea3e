namespace Cognito.Eval.Tests;

public sealed class BatchDigestTests
{
    private static readonly Opening Shared = new([1, 2, 3]), Other = new([1, 2, 4]);

    [Fact]
    public void Any_token_target_opening_or_order_that_changes_changes_it()
    {
        Branch a = new([7], [8]), b = new([9, 10], [11]);
        Tree first = new(Shared, [4, 5], [a, b]), second = new(Shared, [6], [a]);
        ScoreBatch[] batches = [
            new([first, second]),
            new([second, first]),
            new([first]),
            new([first, second, second]),
            new([first with { Opening = Other }, second]),
            new([first with { Opening = Other }, second with { Opening = Other }]),
            new([first with { Opening = null }, second]),
            // The same whole input, cut elsewhere, is another shape.
            new([first with { Opening = null, Trunk = [1, 2, 3, 4, 5] }, second]),
            new([first with { Opening = new([1, 2, 3, 4]), Trunk = [5] }, second]),
            new([first with { Trunk = [4] }, second]),
            new([first with { Trunk = [5, 4] }, second]),
            new([first with { Branches = [b, a] }, second]),
            new([first with { Branches = [a] }, second with { Branches = [b, a] }]),
            new([first with { Branches = [a, b with { Tokens = [9] }] }, second]),
            new([first with { Branches = [a, b with { Tokens = [10, 9] }] }, second]),
            new([first with { Branches = [a, b with { Targets = [12] }] }, second]),
            new([first with { Branches = [a, b with { Tokens = [9], Targets = [10, 11] }] }, second]),
            new([first with { Branches = [a, b with { Targets = [] }] }, second])];
        Assert.Equal(batches.Length, batches.Select(BatchDigest.Of).Distinct().Count());
    }

    [Fact]
    public void It_depends_on_what_an_opening_says_not_on_which_object_says_it()
    {
        ScoreBatch Batch(Opening one, Opening two) => new([new(one, [4], [new([5], [6])]), new(two, [4], [new([5], [6])])]);
        Assert.Equal(BatchDigest.Of(Batch(Shared, Shared)), BatchDigest.Of(Batch(Shared, new([1, 2, 3]))));
        Assert.Matches("^[0-9a-f]{64}$", BatchDigest.Of(Batch(Shared, Other)));
    }

    [Fact]
    public void Prompts_their_order_and_their_room_change_it()
    {
        GenerationBatch Batch(params Prompt[] prompts) => new(prompts, (_, _) => true);
        Prompt a = new([1, 2], 8), b = new([3], 8);
        GenerationBatch[] batches = [
            Batch(a, b), Batch(b, a), Batch(a), Batch(a, b with { MaxNewTokens = 9 }), Batch(a, b with { Tokens = [4] }),
            Batch(new([1], 8), new([2, 3], 8)), Batch(new Prompt([1, 2, 3], 8))];
        Assert.Equal(batches.Length, batches.Select(BatchDigest.Of).Distinct().Count());
        Assert.Equal(BatchDigest.Of(Batch(a, b)), BatchDigest.Of(Batch(a, b) with { IsDone = (_, _) => false }));
    }
}
