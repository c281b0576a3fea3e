using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;

namespace Cognito.Eval.Tests;

/// <summary>How prompts are cut into batches, and which of a batch begin at once.</summary>
public sealed class GenerationPlanTests
{
    private sealed record Endless : AnswerRule
    {
        public override bool IsDone(IReadOnlyList<int> generated) => false;

        public override IReadOnlyList<int[]> CutTogether(IReadOnlyList<int[]> rows) => rows;

        public override string Text(IReadOnlyList<int> generated, int dropped) => "";
    }

    /// <summary>Prompts of these lengths, shortest first as protocols order them, each with as many tokens to come.</summary>
    private static GenerationGroup[] Groups(IEnumerable<int> lengths, int coming = 10) =>
        [.. lengths.Order().Select((length, at) => new GenerationGroup([new(new int[length], [at])], new Endless(), coming, 0))];

    private static int[] Needs(IReadOnlyList<IReadOnlyList<GenerationGroup>> batches) =>
        [.. batches.Select(batch => batch.Sum(group => group.Rows.Sum(row => row.Input.Length + 10)))];

    [Fact]
    public void What_fits_a_cache_is_one_batch_and_what_fits_two_is_two_of_equal_work()
    {
        Assert.Equal([60], Needs(GenerationPlan.Pack(Groups([10, 10, 10]), 100)));
        Assert.Equal([60, 60], Needs(GenerationPlan.Pack(Groups([10, 10, 10, 10, 10, 10]), 100)));
    }

    [Theory]
    [InlineData(230, 4)]
    [InlineData(399, 4)]
    [InlineData(401, 4)]
    [InlineData(790, 4)]
    [InlineData(900, 8)]
    [InlineData(4000, 20)]
    public void More_are_cut_into_equal_batches_that_two_or_four_devices_share(int documents, int batches)
    {
        var random = new Random(documents);
        var groups = Groups(Enumerable.Range(0, documents).Select(_ => random.Next(60, 120)));
        var cut = GenerationPlan.Pack(groups, 10_000);
        int[] needs = Needs(cut), costs = [.. cut.Select(batch => batch.Sum(group => group.Rows[0].Input.Length + 10))];
        Assert.Equal(batches, needs.Length);
        Assert.InRange(needs.Max(), 0, 20_000);
        Assert.InRange(costs.Max() - costs.Min(), 0, batches * 130);
        Assert.Equal(groups.Sum(group => group.Rows[0].Input.Length + 10), needs.Sum());
    }

    /// <summary>As GSM8K's are with a tokenizer of 32,000: reading what is kept is half of a step there.</summary>
    [Fact]
    public void Work_counts_what_each_step_reads_of_a_long_prompt()
    {
        var random = new Random(8);
        var cut = GenerationPlan.Pack(Groups(Enumerable.Range(0, 1319).Select(_ => random.Next(600, 1600)), coming: 256), 512 * 1024);
        double[] work = [.. cut.Select(batch => batch.Sum(group => Enumerable.Range(0, 256)
            .Sum(step => 1 + (group.Rows[0].Input.Length + step) / 1024.0) + group.Rows[0].Input.Length))];
        Assert.Equal(4, work.Length);
        Assert.InRange(work.Max() / work.Min(), 1, 1.02);
    }

    [Fact]
    public void Prompts_that_each_fill_a_cache_stay_alone() =>
        Assert.Equal(Enumerable.Repeat(60, 9), Needs(GenerationPlan.Pack(Groups(Enumerable.Repeat(50, 9)), 1)));

    [Fact]
    public void The_longest_begin_as_many_as_fit_and_always_one()
    {
        GenerationBatch batch = new([.. new[] { 5, 40, 20, 40, 10 }.Select(length => new Prompt(new int[length], 10))]);
        Begins([0, 1, 2, 3, 4], 5, batch);
        Begins([1, 3, 2, 4, 0], 3, batch with { CacheTokens = 149 });
        Begins([1, 3, 2, 4, 0], 5, batch with { CacheTokens = 165 });
        Assert.Equal(1, (batch with { CacheTokens = 1 }).Beginning().AtOnce);
        Assert.Equal(0, new GenerationBatch([]) { CacheTokens = 1 }.Beginning().AtOnce);

        static void Begins(int[] order, int atOnce, GenerationBatch batch)
        {
            var (its, many) = batch.Beginning();
            Assert.Equal(order, its);
            Assert.Equal(atOnce, many);
        }
    }
}
