using Cognito.Eval.Comparison;
using Cognito.Eval.Results;
using MathNet.Numerics.Distributions;

namespace Cognito.Eval.Tests;

/// <summary>At full size, as tables of docs/statistics.md: tests/simulate.sh runs it and prints what it wrote.</summary>
public sealed partial class SimulationTests
{
    private readonly List<string> tables = [];

    private void Table(string title, params string[] columns) =>
        tables.AddRange(["", $"{title}", "", $"| {string.Join(" | ", columns)} |", $"|---|{string.Concat(columns.Skip(1).Select(_ => "---:|"))}"]);

    private void Line(params object[] cells) => tables.Add($"| {string.Join(" | ", cells.Select(cell =>
        cell is double share ? FormattableString.Invariant($"{100 * share:0.00}") : $"{cell}"))} |");

    private static string Size(int n) => n.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void The_tables_of_the_documentation()
    {
        var file = Environment.GetEnvironmentVariable("COGNITO_EVAL_SIMULATE");
        Assert.SkipWhen(string.IsNullOrEmpty(file), "takes minutes: tests/simulate.sh");
        var scale = double.Parse(Environment.GetEnvironmentVariable("COGNITO_EVAL_SIMULATE_SCALE") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
        Action<Func<int, int>>[] parts =
            [OneTaskTable, PowerTable, DetectableTable, OtherScoresTable, MmluTable, OneRunTable, GateTable, FamilyTable, WatchTable];
        var only = Environment.GetEnvironmentVariable("COGNITO_EVAL_SIMULATE_TABLE");
        foreach (var part in parts.Where((_, i) => string.IsNullOrEmpty(only) || only == $"{i + 1}"))
        {
            part(draws => Math.Max(20, (int)(draws * scale)));
            File.WriteAllLines(file!, tables);
        }
    }

    private void OneTaskTable(Func<int, int> draws)
    {
        Table("0/1 scores of one task, enumerated. In brackets what Student's t and the exact p do.", "documents, truth", "covered", "passes δ", "regression", "p < 0.05", "p and interval part");
        foreach (var n in new[] { 20, 50, 100, 300, 1172, 10042 })
            foreach (var (what, truth) in OneTask(n))
            {
                var claim = Claim.Enumerated(truth, Delta(n));
                string Both(double now, double before) => FormattableString.Invariant($"{100 * now:0.00} ({100 * before:0.00})");
                Line($"{Size(n)}, {what}", Both(claim.Covered, claim.Before.Covered), Both(claim.Passes, claim.Before.Passes),
                    Both(claim.Regressions, claim.Before.Regressions), Both(claim.Found, claim.Before.Found), claim.Parted);
            }
    }

    private void PowerTable(Func<int, int> draws)
    {
        Table("Power, enumerated: a column that decides alone.", "documents", "regression at 2 δ, 10 %", "at 3 δ", "losses only, 2 δ", "3 δ", "detectable, 10 %", "found", "detectable, 25 %", "found");
        foreach (var n in new[] { 20, 50, 100, 300, 1172, 10042 })
        {
            double Regression(double discordant, double deltas) =>
                Claim.Enumerated(Counted.Alike("x", [n], discordant, Math.Min(100, deltas * Delta(n))), Delta(n)).Regressions;
            (string, double) Detectable(int discordant)
            {
                var points = 100 * Power.Detectable(n, discordant)!.Value;
                return (FormattableString.Invariant($"{points:0.00} points"),
                    Claim.Enumerated(Counted.Alike("x", [n], (double)discordant / n, points), Delta(n)).Found);
            }
            var (some, many) = (Detectable(n / 10), Detectable(n / 4));
            Line(Size(n), Regression(0.1, 2), Regression(0.1, 3), Regression(0, 2), Regression(0, 3), some.Item1, some.Item2, many.Item1, many.Item2);
        }
    }

    private void DetectableTable(Func<int, int> draws)
    {
        Table("What is called detectable elsewhere, of MMLU from the true standard error, of mc2 as 200 comparisons say in the mean, drawn.", "what", "points", "found");
        double Of(double error, double freedom) => 100 * error * Power.Factor(freedom);
        var (subjects, seed) = (Truth.Subjects, 150);
        var mmlu = Of(Math.Sqrt(0.1 * subjects.Sum(n => 1.0 / n)) / subjects.Length, double.PositiveInfinity);
        // What comparisons say of it, in the mean.
        static (string, double, Truth) Mean(string what, Func<double, Truth> at)
        {
            var (none, random) = (at(0), new Random(7));
            var points = Enumerable.Range(0, 200).Average(_ => none.Draw(random).Detectable!.Value);
            return (what, points, at(points));
        }
        foreach (var (what, points, truth) in new (string, double, Truth)[]
        {
            ("MMLU as published, 10 % discordant", mmlu, Counted.Alike("MMLU", subjects, 0.1, mmlu)),
            Mean("mc2, 817 documents, smooth, sd 0.15", drop => Other.Smooth(817, 0.15, drop)),
            Mean("mc2, 50 documents, smooth, sd 0.15", drop => Other.Smooth(50, 0.15, drop)),
            Mean("mc2, 817 documents, sparse, 5 %", drop => Other.Sparse(817, 0.05, drop)),
        })
            Line(what, FormattableString.Invariant($"{points:0.00}"), Claim.Drawn(truth, 5, draws(4000), seed++).Found);
    }

    private void OtherScoresTable(Func<int, int> draws)
    {
        Table("mc2, drawn. In brackets Student's t.", "documents, truth", "covered", "passes δ", "regression", "p < 0.05");
        var seed = 100;
        foreach (var n in new[] { 20, 50, 100, 300, 817 })
            foreach (var (what, truth) in new (string, Other)[]
            {
                ("no drop", Other.Smooth(n, 0.05, 0)), ("no drop", Other.Smooth(n, 0.15, 0)), ("drop δ", Other.Smooth(n, 0.15, Delta(n))),
                ("no drop", Other.Sparse(n, 0.05, 0)), ("drop δ", Other.Sparse(n, 0.05, Delta(n))),
                ("", Other.Rare(n, 0.004, 0)), ("", Other.Rare(n, 0.004, 0.01)), ("", Other.Rare(n, 0.004, 0.05)),
            })
            {
                var claim = Claim.Drawn(truth, Delta(n), draws(4000), seed++);
                string Both(double now, double before) => FormattableString.Invariant($"{100 * now:0.0} ({100 * before:0.0})");
                Line($"{Size(n)}, {truth.Name}{(what.Length > 0 ? ", " + what : "")}", Both(claim.Covered, claim.Before.Covered), Both(claim.Passes, claim.Before.Passes),
                    Both(claim.Regressions, claim.Before.Regressions), FormattableString.Invariant($"{100 * claim.Found:0.0}"));
            }
    }

    /// <summary>Subjects drop by 0 to twice the mean.</summary>
    private static Counted Differing(int[] subjects, double discordant, double drop)
    {
        double[] drops = [.. subjects.Select((_, i) => 2 * drop / 100 * i / (subjects.Length - 1))];
        double[] share = [.. drops.Select(d => Math.Max(discordant, Math.Abs(d)))];
        return new("MMLU", subjects, [.. drops.Select((d, i) => (share[i] - d) / 2)], [.. drops.Select((d, i) => (share[i] + d) / 2)]);
    }

    private void MmluTable(Func<int, int> draws)
    {
        Table("MMLU's 57 subjects, drawn.", "documents a subject, truth", "covered (t)", "p < 0.05", "pooled mid-p < 0.05", "passes δ", "regression");
        var seed = 200;
        foreach (var most in new int?[] { 20, 100, null })
        {
            int[] subjects = [.. Truth.Subjects.Select(n => Math.Min(n, most ?? n))];
            var delta = Margin.Default([new() { Name = "MMLU", Documents = 0, AskedByTask = subjects, IsPaired = true, Baseline = 0, Candidate = 0 }]);
            foreach (var (what, truth) in new[]
            {
                ("10 % discordant, no drop", Differing(subjects, 0.1, 0)), ("10 %, subjects drop by 0 to 2 δ", Differing(subjects, 0.1, delta)),
                ("losses only, 0 to 2 δ", Differing(subjects, 0, delta)), ("1 %, no drop", Differing(subjects, 0.01, 0)),
                ("one large subject wins 4.5 points, the others lose as much together", OneSubjectMoved(subjects, 0.1, 0.045)),
            })
            {
                var (random, all) = (new Random(seed++), draws(6000));
                var sums = new double[6];
                for (var i = 0; i < all; i++)
                {
                    var drawn = truth.Draw(random);
                    var verdict = Gate.Drops([drawn], null, new() { Delta = { ["MMLU"] = delta } }).Single().Verdict;
                    bool[] facts =
                    [
                        drawn.Interval!.Value.Contains(truth.Difference), (drawn.Mean.Interval()!.Value * 100).Contains(truth.Difference), Truth.P(drawn) < 0.05,
                        PairedTests.McNemarMidP(drawn.Wins!.Value, drawn.Losses!.Value) < 0.05, verdict == Verdict.Pass, verdict == Verdict.Regression,
                    ];
                    for (var f = 0; f < facts.Length; f++)
                        sums[f] += facts[f] ? 1.0 / all : 0;
                }
                Line($"{most?.ToString() ?? "as published"}, {what}", FormattableString.Invariant($"{100 * sums[0]:0.0} ({100 * sums[1]:0.0})"), sums[2], sums[3], sums[4], sums[5]);
            }
        }
    }

    private void OneRunTable(Func<int, int> draws)
    {
        var seed = 250;
        Table("One run's interval, drawn; in brackets Student's t and Satterthwaite.", "what", "covered", "of no width");
        foreach (var (what, documents, p) in new (string, int[], double)[]
        {
            ("MMLU as published, p = 0.02", Truth.Subjects, 0.02), ("MMLU as published, p = 0.25", Truth.Subjects, 0.25), ("MMLU as published, p = 0.98", Truth.Subjects, 0.98),
            ("MMLU, 20 a subject, p = 0.02", [.. Truth.Subjects.Select(_ => 20)], 0.02), ("MMLU, 5 a subject, p = 0.02", [.. Truth.Subjects.Select(_ => 5)], 0.02), ("MMLU, 2 a subject, p = 0.02", [.. Truth.Subjects.Select(_ => 2)], 0.02),
            ("one task of 100, p = 0.02", [100], 0.02), ("one task of 1,319, p = 0.02", [1319], 0.02),
        })
        {
            var (random, all) = (new Random(seed++), draws(6000));
            var (covered, before, none) = (0, 0, 0);
            for (var i = 0; i < all; i++)
            {
                int[] right = [.. documents.Select(n => Binomial.Sample(random, p, n))];
                var scores = new WeightedMean([.. documents.Select((n, s) => new WeightedMean.Part(Stratum.Right(n, right[s]), 1.0 / documents.Length))]);
                var t = MeanOf.Strata([.. documents.Select((n, s) => MeanOf.Discordant(n, right[s], 0))]).Interval()!.Value;
                covered += scores.Interval()!.Value.Contains(p) ? 1 : 0;
                before += t.Contains(p) ? 1 : 0;
                none += t.High - t.Low < 1e-12 ? 1 : 0;
            }
            Line(what, FormattableString.Invariant($"{100.0 * covered / all:0.0} ({100.0 * before / all:0.0})"), FormattableString.Invariant($"0 ({100.0 * none / all:0.0})"));
        }
    }

    private void GateTable(Func<int, int> draws)
    {
        Table("The gate, six columns, drawn.", "truth", "pass", "regression", "the average's interval covers", "Holm finds a difference");
        var seed = 300;
        foreach (var (documents, name) in new (int?, string)[] { (null, "published documents"), (100, "100 a task") })
        {
            double[] deltas = [.. Truth.Leaderboard(documents).Select(column => Margin.Default(
                [new() { Name = "", Documents = 0, AskedByTask = column.Documents, IsPaired = true, Baseline = 0, Candidate = 0 }]))];
            var average = Margin.Default([.. Truth.Leaderboard(documents).Select(column =>
                new Contrast { Name = "", Documents = 0, AskedByTask = column.Documents, IsPaired = true, Baseline = 0, Candidate = 0 })]);
            // MMLU, of many documents, drops by no more than its own margin.
            var (mmlu, rest) = (Math.Min(average, deltas[2]), (6 * average - Math.Min(average, deltas[2])) / 5);
            double[] all = [rest, rest, mmlu, rest, rest, rest];
            foreach (var (what, discordant, drops) in new (string, double, double[])[]
            {
                ("no drop, 10 % discordant", 0.1, [0]), ("no drop, 25 %", 0.25, [0]), ("all drop, the average by δ, 10 %", 0.1, all),
                ("the same, losses only", 0, all), ("the same, 25 %", 0.25, all),
                ("three columns drop by δ, the others so that the average does", 0.1,
                    [deltas[0], deltas[1], deltas[2], 6 * average - deltas[0] - deltas[1] - deltas[2], 0, 0]),
                ("ARC alone drops by δ", 0.1, [deltas[0], 0, 0, 0, 0, 0]), ("every column drops by 2 δ", 0.1, [2 * average]),
                ("every column drops by 3 δ", 0.1, [3 * average]), ("ARC alone drops by 2.5 δ", 0.1, [2.5 * deltas[0], 0, 0, 0, 0, 0]),
            })
            {
                var said = Judge(documents, discordant, draws(documents is null ? 6000 : 2000), seed++, drops);
                Line($"{name}: {what}", said.Pass, said.Regression, said.Covered, said.Holm);
            }
        }
    }

    private void FamilyTable(Func<int, int> draws)
    {
        Table("Beside the gate's six columns, drawn.", "what", "now", "before");
        var (all, random) = (draws(20_000), new Random(400));
        // Six columns without an average, each at its margin: is one of them called a regression?
        Counted[] six = [.. Enumerable.Range(0, 6).Select(i => Counted.Alike($"x{i}", [1172], 0.25, Delta(1172)))];
        var policy = new GatePolicy();
        foreach (var column in six)
            policy.Delta[column.Name] = Delta(1172);
        var (now, before) = (0, 0);
        for (var i = 0; i < all; i++)
        {
            var drawn = six.Select(column => column.Draw(random)).ToList();
            now += Gate.Drops(drawn, null, policy).Any(drop => drop.Verdict == Verdict.Regression) ? 1 : 0;
            before += drawn.Any(column => -100 * column.Mean.Interval()!.Value.High > Delta(1172)) ? 1 : 0;
        }
        Line("six columns without an average, each drops by δ: a regression", (double)now / all, (double)before / all);
        // The candidate was asked 100 of 1,172 documents, and dropped by 3 points.
        var few = Counted.Alike("x", [100], 0.1, 3);
        double passed = 0, passes = 0;
        foreach (var (contrast, chance) in few.All())
        {
            passed += -100 * contrast.Mean.Interval()!.Value.Low <= Delta(100) ? chance : 0;
            passes += Gate.Drops([contrast with { AskedByTask = [1172] }], null, new()).Single().Verdict == Verdict.Pass ? chance : 0;
        }
        Line("a candidate of 100 of 1,172 documents that dropped by 3 points: passes", passes, passed);
        foreach (var (n, delta) in new[] { (50, 10.0), (100, 5), (200, 2.5) })
        {
            var rare = Claim.Enumerated(Counted.Alike("x", [n], 0, delta), delta);
            Line(FormattableString.Invariant($"losses only, δ = {delta:0.#} points of {n} documents, and dropped by it: passes"), rare.Passes, rare.Before.Passes);
        }
        // Holm's family where nothing differs.
        Counted[] same = [.. Truth.Leaderboard().Select(column => Counted.Alike(column.Name, column.Documents, 0.1, 0))];
        var (found, exact) = (0, 0);
        for (var i = 0; i < all; i++)
        {
            var drawn = same.Select(column => column.Draw(random)).ToList();
            found += PairedTests.Holm([.. drawn.Select(Truth.P)]).Any(p => p < 0.05) ? 1 : 0;
            exact += PairedTests.Holm([.. drawn.Select(c => PairedTests.McNemar(c.Wins!.Value, c.Losses!.Value))]).Any(p => p < 0.05) ? 1 : 0;
        }
        Line("the six columns, 10 % discordant, no difference: Holm's family finds one (mid-p and score; exact)", (double)found / all, (double)exact / all);
        // McNemar where nothing differs.
        var none = Claim.Enumerated(Counted.Alike("x", [100], 0.1, 0), 5);
        Line("100 documents, 10 % discordant, no difference: p < 0.05 (mid-p; exact)", none.Found, none.Before.Found);
    }

    /// <summary>A lineage: from look to look a share of the documents is answered anew, by the same chances.</summary>
    private static (int Alarms, int Drops, int Lineages) Watched(int documents, double discordant, double drop, double anew, int lineages, int looks, int seed)
    {
        var (random, column) = (new Random(seed), Counted.Alike("x", [documents], discordant, drop));
        var (a, b) = ((Math.Max(discordant, drop / 100) - drop / 100) / 2, (Math.Max(discordant, drop / 100) + drop / 100) / 2);
        var policy = new GatePolicy { Delta = { ["x"] = Delta(documents) } };
        var (alarms, drops) = (0, 0);
        for (var lineage = 0; lineage < lineages; lineage++)
        {
            var (wins, losses, alarm, dropped) = (Binomial.Sample(random, a, documents), 0, false, false);
            losses = Binomial.Sample(random, b / (1 - a), documents - wins);
            for (var look = 1; look <= looks; look++)
            {
                var said = Watch.Values(look, [column.Of(wins, losses)], null, policy).Single().Verdict;
                (alarm, dropped) = (alarm || said == WatchVerdict.Alarm, dropped || said != WatchVerdict.Quiet);
                // Those that are answered anew, of each kind.
                var (w, l) = (Binomial.Sample(random, anew, wins), Binomial.Sample(random, anew, losses));
                var all = w + l + Binomial.Sample(random, anew, documents - wins - losses);
                var won = Binomial.Sample(random, a, all);
                (wins, losses) = (wins - w + won, losses - l + Binomial.Sample(random, b / (1 - a), all - won));
            }
            (alarms, drops) = (alarms + (alarm ? 1 : 0), drops + (dropped ? 1 : 0));
        }
        return (alarms, drops, lineages);
    }

    private void WatchTable(Func<int, int> draws)
    {
        Table("A watch of 200 looks, drawn: some look is called.", "truth, documents answered anew from look to look", "alarm", "dropped or alarm");
        var (seed, all) = (500, draws(1000));
        foreach (var (n, discordant, drop, anew) in new (int, double, double, double)[]
        {
            (1172, 0.1, 0, 0.05), (1172, 0.1, 0, 1), (1172, 0.1, Delta(1172), 0.05), (1172, 0.1, Delta(1172), 1), (1172, 0, Delta(1172), 1), (300, 0.1, Delta(300), 1),
            (1172, 0.1, 2 * Delta(1172), 0.05),
        })
        {
            var (alarms, drops, lineages) = Watched(n, discordant, drop, anew, all, 200, seed++);
            Line(FormattableString.Invariant($"{n:N0} documents, {(discordant == 0 ? "losses only" : "10 % discordant")}, drop {drop / Delta(n):0} δ, {100 * anew:0} % anew"),
                (double)alarms / lineages, (double)drops / lineages);
        }
    }

    [Fact]
    public void A_watch_of_200_looks_rarely_calls_what_is_not_there()
    {
        const int Lineages = 40;
        var none = Watched(300, 0.1, 0, 1, Lineages, 200, seed: 1);
        var atDelta = Watched(300, 0.1, Delta(300), 1, Lineages, 200, seed: 2);
        Assert.InRange((double)none.Drops / Lineages, 0, 0.05 + Noise(0.05, Lineages));
        Assert.InRange((double)atDelta.Alarms / Lineages, 0, 0.05 + Noise(0.05, Lineages));
        Assert.Equal(5, Watched(300, 0.1, 4 * Delta(300), 0.1, 5, 20, seed: 3).Alarms);
    }
}
