using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Attention;

namespace Cognito.Eval.Tests;

public sealed class SharedPrefixStoreTests
{
    private static readonly SharedPrefix First = new([1, 2]), Second = new([3]);

    private static ScoreBatch Batch(params SharedPrefix?[] sharedPrefixes) => new([.. sharedPrefixes.Select(o => new PrefixTree(o, [7], []))]);

    [Theory]
    [InlineData(1, "1 A B 2 C D E")]
    [InlineData(2, "1 A 2 B C D E")]
    [InlineData(9, "1 2 A B C D E")]
    public void An_opening_comes_some_places_before_the_first_batch_that_names_it(int places, string order)
    {
        ScoreBatch[] batches = [Batch(First, null), Batch(First), Batch([null]), Batch(First, Second), Batch(Second)];
        using var store = new SharedPrefixStore(batches, _ => []);
        Assert.Equal(order, string.Join(' ', store.Ahead(batches, places).Select(work =>
            work.Batch is { } batch ? $"{(char)('A' + Array.IndexOf(batches, batch))}" : work.SharedPrefix == First ? "1" : "2")));
    }

    [Fact]
    public void An_opening_that_failed_ahead_is_computed_anew_by_its_batch()
    {
        var calls = 0;
        using var store = new SharedPrefixStore([Batch(First)], _ => calls++ == 0 ? throw new InsufficientMemoryException() : []);
        store.Prepare(First);
        Assert.Empty(store[First]);
        Assert.Equal(2, calls);
    }
}
