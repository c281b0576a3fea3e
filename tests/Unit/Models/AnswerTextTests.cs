using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

public sealed class AnswerTextTests
{
    [Fact]
    public void Numbers_come_back_with_the_same_bits()
    {
        var random = new Random(5);
        double[] values = [
            0.0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, -double.Epsilon,
            double.MaxValue, double.MinValue, 0.1, -1.0 / 3,
            .. Enumerable.Range(0, 10_000).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)))
                .Where(double.IsFinite)];
        var read = AnswerText.ReadScores(AnswerText.Write(new ScoredBatch([.. values.Select((value, i) => new TokenScore(value, i % 2 == 0))], null)))!;
        Assert.Equal(values.Select(BitConverter.DoubleToInt64Bits), read.Scores.Select(s => BitConverter.DoubleToInt64Bits(s.LogLikelihood)));
        Assert.Equal(values.Select((_, i) => i % 2 == 0), read.Scores.Select(score => score.IsGreedy));
        Assert.Null(read.Routing);
    }

    [Fact]
    public void What_is_no_number_has_the_same_bits_before_it_is_kept_and_after()
    {
        double[] values = [double.NaN, -double.NaN, BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0001)];
        var scored = ScoredBatch.Create([.. values.Select(value => new TokenScore(value, false))], ["a", "a", "a"]);
        static IEnumerable<long> Bits(ScoredBatch batch) => batch.Scores.Select(score => BitConverter.DoubleToInt64Bits(score.LogLikelihood));
        Assert.Equal(Bits(AnswerText.ReadScores(AnswerText.Write(scored))!), Bits(scored));
    }

    [Fact]
    public void Routing_comes_back_with_the_same_bits()
    {
        var routing = new Dictionary<string, RoutingSums> { ["gsm8k"] = new(1, 3, [0.1, 2, 0.3]), ["arc"] = new(2, 1, [1, -0.0, 1, 0, 1e-300]) };
        var read = AnswerText.ReadScores(AnswerText.Write(new ScoredBatch([new(-1, true)], routing)))!.Routing!;
        Assert.Equal(["gsm8k", "arc"], read.Keys);
        foreach (var (task, sums) in routing)
        {
            Assert.Equal((sums.Experts, sums.Tokens, sums.Layers), (read[task].Experts, read[task].Tokens, read[task].Layers));
            Assert.Equal(sums.Values.Select(BitConverter.DoubleToInt64Bits), read[task].Values.Select(BitConverter.DoubleToInt64Bits));
        }
    }

    [Fact]
    public void Numbers_of_layers_come_back_and_stand_only_where_one_has_no_router()
    {
        static string Written(params int[]? numbers) => AnswerText.Write(new ScoredBatch([new(-1, true)],
            new Dictionary<string, RoutingSums> { ["arc"] = new(1, 3, [1, 2, 3, 4, 5, 6]) { LayerNumbers = numbers } }));
        Assert.Equal([1, 3], AnswerText.ReadScores(Written(1, 3))!.Routing!["arc"].LayerNumbers!);
        // As it was written before layers had numbers: journals of then are read.
        Assert.EndsWith("""{"arc":{"experts":1,"tokens":3,"values":[1,2,3,4,5,6],"layers":2}}}""", Written(null));
        Assert.Null(AnswerText.ReadScores(Written(null))!.Routing!["arc"].LayerNumbers);
        Assert.All((int[][])[[1], [1, 2, 3], [3, 1], [1, 1], [-1, 1]], numbers => Assert.Null(AnswerText.ReadScores(Written(numbers))));
    }

    [Fact]
    public void Generated_tokens_come_back_also_empty_rows()
    {
        int[][] rows = [[1, 2, 3], [], [int.MaxValue]];
        var written = AnswerText.Write([.. rows.Select(row => new Generated(row))]);
        // As it was written before answers could be no numbers: journals of then are read.
        Assert.Equal("""{"tokens":[[1,2,3],[],[2147483647]]}""", written);
        Assert.Equal(rows, AnswerText.ReadGenerated(written)!.Select(row => row.Tokens));
    }

    [Fact]
    public void Where_a_row_was_first_no_number_comes_back()
    {
        int?[] found = [.. AnswerText.ReadGenerated(AnswerText.Write([new([1, 2], 0), new([3]), new([4, 5, 6], 2)]))!.Select(row => row.NotFiniteAt)];
        Assert.Equal([0, null, 2], found);
        Assert.Null(AnswerText.ReadGenerated("""{"tokens":[[1],[2]],"not_finite_at":[0]}"""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"log_likelihoods":[-1,-2],"greedy":[true]}""")]
    [InlineData("""{"log_likelihoods":null,"greedy":[]}""")]
    [InlineData("""{"log_likelihoods":["x"],"greedy":[true]}""")]
    public void What_is_no_answer_is_read_as_none(string replies)
    {
        Assert.Null(AnswerText.ReadScores(replies));
        Assert.Null(AnswerText.ReadGenerated(replies));
    }

    [Fact]
    public void The_checksum_changes_with_every_part()
    {
        var entry = new Entry("stage/1", "asked", 2, "{}");
        Entry[] others = [
            entry with { Key = "stage/2" }, entry with { Asked = "aske" }, entry with { Requests = 3 },
            entry with { Replies = "{ }" }];
        Assert.Equal(5, others.Append(entry).Select(e => e.Checksum).Distinct().Count());
    }
}
