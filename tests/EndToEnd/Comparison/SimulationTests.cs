using System.Globalization;
using System.Text.Json;
using Cognito.Eval.Comparison;

namespace Cognito.Eval.Tests;

/// <summary>
/// What intervals, tests and the gate do over pairs of runs whose truth is known. 0/1 scores of one task are enumerated;
/// the rest is drawn, with fixed seeds. tests/simulate.sh does the same with the published documents and many draws, and
/// prints the tables of docs/statistics.md.
/// </summary>
public sealed partial class SimulationTests(ITestOutputHelper output)
{
    /// <summary>2.8 √(0.1 / n), the default δ, in points.</summary>
    private static double Delta(int documents) => Math.Max(1, 280 * Math.Sqrt(0.1 / documents));

    /// <summary>Four standard errors of a share that was drawn.</summary>
    private static double Noise(double share, int draws) => 4 * Math.Sqrt(share * (1 - share) / draws);

    private void Row(string format, params object[] cells) => output.WriteLine(string.Format(CultureInfo.InvariantCulture, format, cells));

    [Fact]
    public void The_enumeration_is_what_another_program_summed_in_whole_numbers()
    {
        var goldens = JsonDocument.Parse(File.ReadAllText(Fixture.Path("comparison-goldens.json"))).RootElement;
        double Share(JsonElement fraction) => fraction.GetString()!.Split('/') is [var over, var under]
            ? double.Parse(over) / double.Parse(under) : double.Parse(fraction.GetString()!);
        foreach (var (name, fact) in new (string, Func<Claim, double>)[] { ("coverage", claim => claim.Covered), ("power", claim => claim.Found) })
            foreach (var row in goldens.GetProperty(name).EnumerateArray())
                Assert.Equal(row[3].GetDouble(), fact(Claim.Enumerated(new("x", [row[0].GetInt32()], [Share(row[1])], [Share(row[2])]), 5)), 1e-9);
    }

    [Theory]
    [InlineData(20, 0.25, 10)]
    [InlineData(40, 0.1, 0)]
    [InlineData(50, 0, 12)]
    public void What_is_drawn_is_what_the_enumeration_says(int documents, double discordant, double drop)
    {
        const int Draws = 40_000;
        var truth = Counted.Alike("x", [documents], discordant, drop);
        var (drawn, all) = (Claim.Drawn(truth, drop + 5, Draws, seed: 3), Claim.Enumerated(truth, drop + 5));
        foreach (var fact in (Func<Claim, double>[])[c => c.Covered, c => c.TooLow, c => c.Passes, c => c.Regressions, c => c.Found, c => c.Parted])
            Assert.Equal(fact(all), fact(drawn), Noise(fact(all), Draws) + 1e-9);
    }

    /// <summary>Losses only, gains only, and 10 or 25 % discordant, with and without a drop of δ.</summary>
    private static IEnumerable<(string What, Counted Truth)> OneTask(int n) =>
    [
        ("losses only, drop δ", Counted.Alike("x", [n], 0, Delta(n))),
        ("gains only, 10 %", Counted.Alike("x", [n], 0.1, -10)),
        ("10 % discordant, no drop", Counted.Alike("x", [n], 0.1, 0)),
        ("10 % discordant, drop δ", Counted.Alike("x", [n], 0.1, Delta(n))),
        ("25 % discordant, no drop", Counted.Alike("x", [n], 0.25, 0)),
        ("25 % discordant, drop δ", Counted.Alike("x", [n], 0.25, Delta(n))),
    ];

    /// <summary>What one task of 0/1 scores does; the bands are those of docs/statistics.md.</summary>
    [Theory]
    [InlineData(20, 0.93, 0.998)] // few outcomes; the interval is wide rather than narrow
    [InlineData(50, 0.935, 0.975)]
    [InlineData(100, 0.93, 0.97)]
    [InlineData(300, 0.93, 0.97)]
    public void Zeros_and_ones_of_one_task_keep_to_their_levels(int n, double least, double most)
    {
        foreach (var (what, truth) in OneTask(n))
        {
            var claim = Claim.Enumerated(truth, Delta(n));
            Row("n = {0}, {1}: covered {2:P2}, passes {3:P2}, regression {4:P2}, p {5:P2}, parted {6:P2}",
                n, what, claim.Covered, claim.Passes, claim.Regressions, claim.Found, claim.Parted);
            Assert.InRange(claim.Covered, least, most);
            if (what.EndsWith('δ'))
                Assert.InRange(claim.Passes, 0, 0.03);
            Assert.InRange(claim.Regressions, 0, what.EndsWith('δ') ? 0.025 : 0.01);
            if (what.EndsWith("no drop", StringComparison.Ordinal))
                Assert.InRange(claim.Found, 0, 0.06);
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(50)]
    [InlineData(100)]
    [InlineData(300)]
    public void What_is_called_detectable_is_found_in_78_to_82_of_100(int n)
    {
        foreach (var discordant in new[] { n / 10, n / 4 })
        {
            var difference = 100 * Power.Detectable(n, discordant)!.Value;
            Assert.InRange(Claim.Enumerated(Counted.Alike("x", [n], (double)discordant / n, difference), 5).Found, 0.78, 0.82);
        }
    }

    /// <summary>By what comparisons say in the mean: with few documents the score test's critical value is not Student's.</summary>
    [Theory]
    [InlineData(30)]
    [InlineData(50)]
    [InlineData(100)]
    public void What_is_called_detectable_of_other_scores_is_found_in_78_to_82_of_100(int n)
    {
        var (none, random) = (Other.Smooth(n, 0.15, 0), new Random(7));
        var points = Enumerable.Range(0, 200).Average(_ => none.Draw(random).Detectable!.Value);
        var found = Claim.Drawn(Other.Smooth(n, 0.15, points), 5, 10_000, seed: 9).Found;
        Row("n = {0}: {1:0.00} points found in {2:P2}", n, points, found);
        Assert.InRange(found, 0.78, 0.82);
    }

    /// <summary>The leaderboard's six columns, each with a drop in points; the verdicts' shares.</summary>
    private static (double Pass, double Regression, double Holm, double Covered) Judge(
        int? documents, double discordant, int draws, int seed, params double[] drops)
    {
        Truth[] columns = [.. Truth.Leaderboard(documents).Select((column, i) =>
            Counted.Alike(column.Name, column.Documents, discordant, drops[i % drops.Length]))];
        var truth = columns.Average(column => column.Difference);
        var random = new Random(seed);
        var (pass, regression, holm, covered) = (0, 0, 0, 0);
        for (var i = 0; i < draws; i++)
        {
            var drawn = columns.Select(column => column.Draw(random)).ToList();
            var average = RunComparison.Mean(drawn, columns.Length);
            var verdict = Gate.Whole([.. Gate.Drops(drawn, average, new())]);
            pass += verdict == Verdict.Pass ? 1 : 0;
            regression += verdict == Verdict.Regression ? 1 : 0;
            holm += PairedTests.Holm([.. drawn.Select(Truth.P)]).Any(p => p < 0.05) ? 1 : 0;
            covered += average.Interval!.Value.Contains(truth) ? 1 : 0;
        }
        return ((double)pass / draws, (double)regression / draws, (double)holm / draws, (double)covered / draws);
    }

    [Theory]
    [InlineData(0.1, new[] { 0.0 }, 0.05)]
    [InlineData(0.1, new[] { 1.0 }, 0.03)]
    public void Six_columns_keep_to_the_family_s_level(double discordant, double[] drops, double most)
    {
        const int Draws = 150;
        var said = Judge(null, discordant, Draws, seed: 21, drops);
        Row("drop {0}: pass {1:P1}, regression {2:P1}, Holm {3:P1}, covered {4:P1}", drops[0], said.Pass, said.Regression, said.Holm, said.Covered);
        Assert.InRange(said.Regression, 0, 0.03 + Noise(0.03, Draws));
        Assert.InRange(said.Covered, 0.95 - Noise(0.05, Draws), 1);
        if (drops[0] == 0)
            Assert.InRange(said.Holm, 0, most + Noise(most, Draws));
        else
            Assert.InRange(said.Pass, 0, 0.03 + Noise(0.03, Draws));
    }

    [Fact]
    public void A_drop_of_three_points_of_every_column_is_a_regression()
    {
        var said = Judge(null, 0.1, 60, seed: 31, 3);
        Assert.InRange(said.Regression, 0.95, 1);
    }

    [Fact]
    public void Rare_large_losses_of_mc2_are_covered()
    {
        const int Draws = 400;
        foreach (var truth in (Other[])[Other.Rare(817, 0.004, 0), Other.Rare(817, 0.004, 0.05), Other.Smooth(100, 0.1, 0), Other.Sparse(300, 0.05, 0)])
        {
            var claim = Claim.Drawn(truth, 5, Draws, seed: 5);
            Row("{0}: covered {1:P1}", truth.Name, claim.Covered);
            Assert.InRange(claim.Covered, 0.93 - Noise(0.07, Draws), 1);
        }
    }

    /// <summary>One large subject wins, the 56 others lose as much together: the mean of subjects does not move.</summary>
    private static Counted OneSubjectMoved(int[] subjects, double discordant, double moved)
    {
        var largest = Array.IndexOf(subjects, subjects.Max());
        double[] drops = [.. subjects.Select((_, i) => i == largest ? -moved : moved / (subjects.Length - 1))];
        return new("MMLU", subjects, [.. drops.Select(d => (Math.Max(discordant, Math.Abs(d)) - d) / 2)], [.. drops.Select(d => (Math.Max(discordant, Math.Abs(d)) + d) / 2)]);
    }

    [Fact]
    public void MMLUs_p_is_of_the_mean_of_subjects_and_the_pooled_one_is_not()
    {
        const int Draws = 200;
        var (random, truth) = (new Random(51), OneSubjectMoved(Truth.Subjects, 0.1, 0.15));
        var (stratified, pooled) = (0, 0);
        for (var i = 0; i < Draws; i++)
        {
            var drawn = truth.Draw(random);
            stratified += Truth.P(drawn) < 0.05 ? 1 : 0;
            pooled += PairedTests.McNemarMidP(drawn.Wins!.Value, drawn.Losses!.Value) < 0.05 ? 1 : 0;
        }
        Row("stratified {0:P1}, pooled {1:P1}", (double)stratified / Draws, (double)pooled / Draws);
        Assert.Equal(0, truth.Difference, 1e-9);
        Assert.InRange((double)stratified / Draws, 0, 0.05 + Noise(0.05, Draws));
        Assert.InRange((double)pooled / Draws, 0.4, 1);
    }
}
