using Cognito.Eval.Files;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

public sealed class ShardTests
{
    [Theory]
    [InlineData("0/1", 0, 1)]
    [InlineData("3/4", 3, 4)]
    [InlineData("99999/100000", 99999, 100000)]
    public void A_part_is_read_and_written_alike(string text, int index, int count)
    {
        Assert.Equal(new(index, count), Shard.Parse(text));
        Assert.Equal(text, Shard.Parse(text).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("4/4")]
    [InlineData("-1/4")]
    [InlineData("0/0")]
    [InlineData("0/-1")]
    [InlineData("1/2/3")]
    [InlineData(" 0/2")]
    [InlineData("0 / 2")]
    [InlineData("0.0/2")]
    [InlineData("0/100001")]
    [InlineData("0/99999999999")]
    public void What_is_no_part_is_refused(string text) =>
        Assert.StartsWith(Printable.Line($"--shard {text}: "), Assert.Throws<InputException>(() => Shard.Parse(text)).Message);

    [Fact]
    public void Every_batch_is_dealt_once_side_by_side_and_no_shard_has_a_batch_more_than_its_part()
    {
        var random = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            long[] costs = [.. Enumerable.Range(0, random.Next(0, 60)).Select(_ => (long)random.Next(0, round % 3 == 0 ? 5 : 100_000))];
            var count = random.Next(1, 80);
            Shard[] shards = [.. Enumerable.Range(0, count).Select(i => new Shard(i, count))];
            Assert.Equal(Enumerable.Range(0, costs.Length), shards.SelectMany(shard => shard.Of(costs)));
            var most = costs.DefaultIfEmpty(0).Max();
            Assert.All(shards, shard => Assert.InRange(
                shard.Of(costs).Sum(b => costs[b]), 0, (costs.Sum() / (double)count) + most));
        }
    }

    [Fact]
    public void Shares_of_many_equal_batches_differ_by_one_at_most()
    {
        foreach (var count in (int[])[1, 2, 3, 7, 100])
        {
            var sizes = Shard.Deal([.. Enumerable.Repeat(1024L, 1000)], count).CountBy(shard => shard).Select(of => of.Value).ToList();
            Assert.Equal(count, sizes.Count);
            Assert.InRange(sizes.Max() - sizes.Min(), 0, 1);
        }
    }
}
