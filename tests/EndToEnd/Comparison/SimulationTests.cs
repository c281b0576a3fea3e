using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>
/// What the intervals, the gate and Holm's correction do over 20,000 pairs of runs whose truth is known: the published
/// number of documents, drawn within tasks and subjects. Seeds are fixed, and bands are stated. What depends on counts
/// alone is drawn as counts.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Draws = 20_000;

    /// <summary>2.8 √(0.1 / 1172) points.</summary>
    private const double ArcDelta = 2.586389;

    private static readonly int[] Subjects =
        [.. TaskSet.Leaderboard.Select(["mmlu"]).Tasks.Select(task => task.Dataset.PublishedRows[task.Split])];

    private static readonly (string Name, int[] Documents)[] Columns =
    [
        ("ARC", [1172]), ("HellaSwag", [10042]), ("MMLU", Subjects), ("TruthfulQA", [817]), ("Winogrande", [1267]), ("GSM8K", [1319]),
    ];

    /// <summary>A column of two runs that differ on a share of the documents, with a true difference, both in fractions.</summary>
    private sealed class Column(string name, int[] documents, double discordant, double difference)
    {
        private readonly Counts[] wins = [.. documents.Select(n => new Counts(n, (discordant + difference) / 2))];

        // Losses among the documents that are not wins, by stratum and how many these are.
        private readonly Counts?[][] losses = [.. documents.Select(n => new Counts?[n + 1])];

        private readonly int all = documents.Sum();

        public double Truth => difference;

        public Contrast Draw(Random random)
        {
            var strata = new MeanOf[documents.Length];
            var (won, lost) = (0, 0);
            for (var s = 0; s < documents.Length; s++)
            {
                var w = wins[s].Draw(random);
                var left = documents[s] - w;
                var l = (losses[s][left] ??= new(left, (discordant - difference) / 2 / (1 - (discordant + difference) / 2))).Draw(random);
                strata[s] = MeanOf.Discordant(documents[s], w, l);
                (won, lost) = (won + w, lost + l);
            }
            var mean = MeanOf.Strata(strata).AtLeastTwoDiscordant(documents);
            return ColumnContrast.WithError(new()
            {
                Name = name,
                Documents = all,
                IsPaired = true,
                Baseline = 0,
                Candidate = mean.Mean * 100,
                Wins = won,
                Losses = lost,
                Tasks = documents.Length == 1 ? [] : Parts,
            }, mean);
        }

        private Contrast[] Parts { get; } =
            [.. documents.Select(n => new Contrast { Name = "", Documents = n, IsPaired = true, Baseline = 0, Candidate = 0 })];
    }

    /// <summary>A binomial count, drawn from its cumulative distribution.</summary>
    private sealed class Counts
    {
        private readonly double[] upTo;

        public Counts(int n, double p)
        {
            upTo = new double[n + 1];
            var distribution = new MathNet.Numerics.Distributions.Binomial(p, n);
            var sum = 0.0;
            for (var k = 0; k <= n; k++)
                upTo[k] = sum += distribution.Probability(k);
            upTo[n] = 1;
        }

        public int Draw(Random random)
        {
            var at = Array.BinarySearch(upTo, random.NextDouble());
            return at < 0 ? ~at : at;
        }
    }

    private static Column[] Drawn(double discordant, params double[] drops) =>
        [.. Columns.Select((column, i) => new Column(column.Name, column.Documents, discordant, -drops[i % drops.Length] / 100))];

    [Theory]
    [InlineData(0.10, 0, 11)]
    [InlineData(0.10, 1.5, 12)]
    [InlineData(0.25, 1, 13)]
    [InlineData(0.03, 0.5, 14)]
    public void Intervals_cover_the_truth_in_94_to_96_of_100(double discordant, double drop, int seed)
    {
        var columns = Drawn(discordant, drop, 0, drop / 2, 0, drop, drop);
        var truth = columns.Average(column => column.Truth) * 100;
        var random = new Random(seed);
        var (covered, average, swapped) = (new int[columns.Length], 0, 0);
        for (var i = 0; i < Draws; i++)
        {
            var drawn = columns.Select(column => column.Draw(random)).ToList();
            foreach (var (c, contrast) in drawn.Index())
                covered[c] += contrast.Interval!.Value.Contains(columns[c].Truth * 100) ? 1 : 0;
            var mean = RunComparison.Mean(drawn, columns.Length).Interval!.Value;
            average += mean.Contains(truth) ? 1 : 0;
            swapped += mean.Contains(-truth) ? 1 : 0;
        }
        foreach (var (c, column) in Columns.Index())
            output.WriteLine($"{discordant:0.00} {drop:0.0}: {column.Name} {100.0 * covered[c] / Draws:0.00} %");
        output.WriteLine($"{discordant:0.00} {drop:0.0}: Average {100.0 * average / Draws:0.00} %, of the swapped sign {100.0 * swapped / Draws:0.00} %");
        Assert.All(covered.Append(average), count => Assert.InRange((double)count / Draws, 0.94, 0.96));
        if (drop > 1)
            Assert.True(swapped < 0.05 * Draws);
    }

    [Theory]
    [InlineData("no drop", 0.10, 0.03, 21, new[] { 0.0 })]
    [InlineData("no drop, many changes", 0.25, 0.03, 22, new[] { 0.0 })]
    [InlineData("the average and two columns at delta", 0.10, 0.03, 23, new[] { 1.0 })]
    [InlineData("the average and three columns at delta", 0.10, 0.03, 24, new[] { ArcDelta, 1, 1, 6 - ArcDelta - 2, 0, 0 })]
    [InlineData("one column at delta", 0.10, 0.03, 25, new[] { ArcDelta, 0, 0, 0, 0, 0 })]
    public void A_drop_of_0_or_of_delta_is_called_a_regression_at_most_3_times_in_100(
        string what, double discordant, double most, int seed, double[] drops)
    {
        var (verdicts, rate) = Judge(Drawn(discordant, drops), seed);
        output.WriteLine($"{what}: regression {100 * rate:0.00} %, pass {100.0 * verdicts[Verdict.Pass] / Draws:0.00} %");
        Assert.True(rate <= most, $"{rate}");
    }

    [Fact]
    public void A_drop_of_two_and_a_half_delta_is_mostly_a_regression()
    {
        var (_, all) = Judge(Drawn(0.10, 2.5), 31);
        var (_, one) = Judge(Drawn(0.10, 2.5 * ArcDelta, 0, 0, 0, 0, 0), 32);
        output.WriteLine($"average 2.5 points: {100 * all:0.00} %; ARC 2.5 delta: {100 * one:0.00} %");
        Assert.True(all > 0.95);
        Assert.True(one > 0.5);
    }

    private static (Dictionary<Verdict, int> Verdicts, double Regression) Judge(Column[] columns, int seed)
    {
        var random = new Random(seed);
        var policy = new GatePolicy();
        var verdicts = Enum.GetValues<Verdict>().ToDictionary(verdict => verdict, _ => 0);
        for (var i = 0; i < Draws; i++)
        {
            var drawn = columns.Select(column => column.Draw(random)).ToList();
            verdicts[Gate.Whole([.. Gate.Drops(drawn, RunComparison.Mean(drawn, columns.Length), policy)])]++;
        }
        return (verdicts, (double)verdicts[Verdict.Regression] / Draws);
    }

    [Fact]
    public void Holm_calls_some_column_different_at_most_5_times_in_100_where_none_is()
    {
        var columns = Drawn(0.10, 0);
        var random = new Random(41);
        var found = 0;
        for (var i = 0; i < Draws; i++)
            found += PairedTests.Holm([.. columns.Select(column => column.Draw(random)).Select(c => PairedTests.McNemar(c.Wins!.Value, c.Losses!.Value))])
                .Any(p => p < 0.05) ? 1 : 0;
        output.WriteLine($"Holm's family: {100.0 * found / Draws:0.00} %");
        Assert.InRange((double)found / Draws, 0.01, 0.05);
    }
}
