using System.Text.Json;
using Cognito.Eval.Comparison;
using MathNet.Numerics.Distributions;
using Part = Cognito.Eval.Comparison.WeightedMean.Part;

namespace Cognito.Eval.Tests;

/// <summary>
/// Distributions, tests and intervals against another program's (fixtures/make-comparison-goldens.py), to 1e-9.
/// </summary>
public sealed class ScoreIntervalTests
{
    private static readonly JsonElement Goldens =
        JsonDocument.Parse(File.ReadAllText(Fixture.Path("comparison-goldens.json"))).RootElement;

    private static List<JsonElement[]> Rows(string name) => [.. Goldens.GetProperty(name).EnumerateArray().Select(row => row.EnumerateArray().ToArray())];

    private static double[] Numbers(string name) => [.. Goldens.GetProperty(name).EnumerateArray().Select(number => number.GetDouble())];

    private static void Close(double expected, double actual) => Assert.Equal(expected, actual, 1e-9);

    private static void Close(double low, double high, Interval? actual)
    {
        Close(low, actual!.Value.Low);
        Close(high, actual.Value.High);
    }

    private static double Share(JsonElement fraction) => fraction.GetString()!.Split('/') is [var over, var under]
        ? double.Parse(over) / double.Parse(under) : double.Parse(fraction.GetString()!);

    [Fact]
    public void Quantiles_are_the_other_programs()
    {
        Close(Goldens.GetProperty("normal_975").GetDouble(), Interval.Quantile(double.PositiveInfinity, 0.975));
        // 636 of one degree has as many digits, not decimals.
        Assert.All(Rows("student"), row => Assert.Equal(1, Interval.Quantile(row[0].GetDouble(), row[1].GetDouble()) / row[2].GetDouble(), 1e-9));
    }

    [Fact]
    public void McNemar_exact_and_mid_p_are_sums_of_whole_numbers() => Assert.All(Rows("mcnemar"), row =>
    {
        Close(row[2].GetDouble(), PairedTests.McNemar(row[0].GetInt32(), row[1].GetInt32()));
        Close(row[3].GetDouble(), PairedTests.McNemarMidP(row[0].GetInt32(), row[1].GetInt32()));
    });

    [Fact]
    public void One_stratum_of_0_and_1_has_Wilsons_interval_and_a_paired_one_Tangos()
    {
        Assert.All(Rows("wilson"), row => Close(row[2].GetDouble(), row[3].GetDouble(),
            WeightedMean.Of(Stratum.Right(row[0].GetInt32(), row[1].GetInt32())).Interval()));
        Assert.All(Rows("wilson"), row => Close(row[2].GetDouble(), row[3].GetDouble(), Interval.Wilson(row[1].GetInt32(), row[0].GetInt32())));
        Assert.All(Rows("tango"), row => Close(row[3].GetDouble(), row[4].GetDouble(),
            WeightedMean.Of(Stratum.Discordant(row[0].GetInt32(), row[1].GetInt32(), row[2].GetInt32())).Interval()));
    }

    private static readonly Stratum[] Strata =
        [Stratum.Discordant(20, 0, 0), Stratum.Discordant(35, 4, 1), Stratum.Discordant(120, 3, 11), Stratum.Discordant(80, 0, 2)];

    private static void IsGolden(string name, WeightedMean mean, Func<double, double> below)
    {
        var golden = Numbers(name);
        Close(golden[0], golden[1], mean.Interval());
        Close(2 * below(-Math.Abs(golden[2])), mean.P(0));
    }

    [Fact]
    public void Strata_have_the_likeliest_distribution_of_all_together()
    {
        IsGolden("stratified", new([.. Strata.Select(stratum => new Part(stratum, 0.25))]), z => Normal.CDF(0, 1, z));
        IsGolden("stratified_by_size", new([.. Strata.Select(stratum => new Part(stratum, stratum.Documents / 255))]), z => Normal.CDF(0, 1, z));
    }

    [Fact]
    public void A_candidate_less_a_baseline_that_are_not_paired_has_weights_of_both_signs() =>
        IsGolden("unpaired", new([new(Stratum.Right(50, 3), 1), new(Stratum.Right(1172, 120), -1)]), z => Normal.CDF(0, 1, z));

    private static IEnumerable<double> Many(int count, double value) => Enumerable.Repeat(value, count);

    [Fact]
    public void Other_scores_have_the_values_that_were_seen_and_what_none_showed()
    {
        double[] differences = [.. Many(3, -0.5), .. Many(20, -0.031), .. Many(25, 0.012), .. Many(9, 0.2), 0, 0, 0];
        IsGolden("continuous", WeightedMean.Of(Stratum.Differences(differences)), t => StudentT.CDF(0, 1, 59, t));
        var (test, p) = PairedTests.MeanDifference(differences);
        Assert.Equal(("score", WeightedMean.Of(Stratum.Differences(differences)).P(0)), (test, p));
    }

    [Fact]
    public void Power_is_that_of_all_outcomes_enumerated() => Assert.All(Rows("power"), row =>
    {
        var (gains, losses) = (Share(row[1]), Share(row[2]));
        Close(row[3].GetDouble(), Power.OfMidP(row[0].GetInt32(), gains + losses, losses - gains));
    });

    [Theory]
    [InlineData(20, 2)]
    [InlineData(100, 10)]
    [InlineData(1172, 117)]
    [InlineData(10042, 520)] // by the normal approximation
    public void Detectable_is_found_in_4_of_5_comparisons(int documents, int discordant)
    {
        var difference = Power.Detectable(documents, discordant)!.Value;
        Assert.InRange(Power.OfMidP(documents, (double)discordant / documents, difference), 0.795, 0.805);
    }

    [Fact]
    public void An_interval_holds_no_difference_where_p_says_that_there_is_none()
    {
        // Of one stratum p is mid-p, which is another test: they part on few of all outcomes.
        var (parted, all) = (0, 0);
        for (var wins = 0; wins <= 60; wins++)
            for (var losses = 0; losses <= 60; losses++, all++)
                if (WeightedMean.Of(Stratum.Discordant(200, wins, losses)).Interval()!.Value.Contains(0) != PairedTests.McNemarMidP(wins, losses) >= 0.05)
                    parted++;
        Assert.Equal(3721, all);
        Assert.InRange(parted, 0, 15);
        var mean = new WeightedMean([.. Strata.Select(stratum => new Part(stratum, 0.25))]);
        foreach (var level in (double[])[0.5, 0.9, 0.99])
        {
            var interval = mean.Interval(level)!.Value;
            Close(1 - level, mean.P(interval.Low));
            Close(1 - level, mean.P(interval.High));
        }
    }

    [Fact]
    public void An_interval_never_passes_what_is_possible_and_turns_round_with_the_sides()
    {
        foreach (var (n, wins, losses) in new[] { (1, 0, 1), (2, 2, 0), (3, 1, 1), (20, 20, 0), (20, 0, 20), (5, 0, 0) })
        {
            var there = WeightedMean.Of(Stratum.Discordant(n, wins, losses)).Interval()!.Value;
            var back = WeightedMean.Of(Stratum.Discordant(n, losses, wins)).Interval()!.Value;
            Assert.InRange(there.Low, -1, there.High);
            Assert.InRange(there.High, there.Low, 1);
            Close(-there.High, back.Low);
        }
    }

    [Fact]
    public void A_stratum_of_one_document_takes_the_others_variance()
    {
        var rest = new WeightedMean([new(Stratum.Discordant(50, 5, 5), 0.5), new(Stratum.Discordant(1, 0, 0), 0.5)]);
        Close(0.25 * (0.2 * 50 / 49) * (1.0 / 50 + 1), rest.Variance);
        Assert.NotNull(rest.Interval());
        Assert.Null(new WeightedMean([new(Stratum.Discordant(1, 1, 0), 0.5), new(Stratum.Discordant(1, 0, 0), 0.5)]).Interval());
    }

    [Theory]
    [InlineData(0.00005, 0)]
    [InlineData(0.000099, 0)]
    [InlineData(0.0001, 1)]
    public void Differences_below_a_ten_thousandth_are_ties_everywhere(double difference, int moved)
    {
        double[] differences = [.. Many(30, difference), .. Many(3, -0.2), .. Many(7, 0.1)];
        // Of ties alone ten documents differ, and their signs are flipped; with 30 more it is the score test.
        Assert.Equal(moved == 0 ? "sign flips" : "score", PairedTests.MeanDifference(differences).Test);
    }
}
