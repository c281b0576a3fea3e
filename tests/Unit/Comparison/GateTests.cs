using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>What the gate says of runs whose truth is known.</summary>
public sealed partial class GateTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cognito-eval-test");

    public void Dispose() => folder.Delete(recursive: true);

    private static Criterion Of(Gate gate, string name) => gate.Criteria.Single(criterion => criterion.Name == name);

    /// <summary>Turns right documents of a column wrong, one after the other, until it has dropped by so many points.</summary>
    private static Run Dropped(Run run, string column, double points)
    {
        var tasks = run.Tasks.Where(task => task.Value.Column == column).Select(task => task.Key).ToList();
        var left = points / 100 * tasks.Count;
        foreach (var task in tasks)
            run = run.WithScores(task, scores => [.. scores.Select(score =>
            {
                var cost = score / scores.Count;
                if (score == 0 || left < cost / 2)
                    return score;
                left -= cost;
                return 0;
            })]);
        Assert.True(left < 0.005, $"{column} has too few right documents");
        return run;
    }

    /// <summary>A run that is right on half of the documents, so that there is something to lose.</summary>
    private static readonly Run HalfRight = Halved();

    private static Run Halved()
    {
        var run = MadeRuns.Nano;
        foreach (var task in run.Tasks.Keys)
            run = run.WithScores(task, scores => [.. scores.Select((_, i) => i % 2 == 0 ? 1.0 : 0.0)]);
        return run;
    }

    [Fact]
    public void A_run_passes_against_itself()
    {
        var gate = Gate.Decide(MadeRuns.Nano, MadeRuns.Nano, new());
        Assert.Equal(Verdict.Pass, gate.Verdict);
        Assert.Equal(7, gate.Criteria.Count);
        Assert.All(gate.Criteria, criterion => Assert.Equal(Verdict.Pass, criterion.Verdict));
    }

    [Theory]
    [InlineData("ARC", 6.2610)]
    [InlineData("HellaSwag", 6.2610)]
    [InlineData("MMLU", 1)]
    [InlineData("TruthfulQA", 6.2610)]
    [InlineData("Winogrande", 6.2610)]
    [InlineData("GSM8K", 6.2610)]
    public void A_drop_of_delta_is_undecided_and_one_of_two_and_a_half_is_a_regression(string column, double delta)
    {
        var run = HalfRight;
        var atDelta = Gate.Decide(run, Dropped(run, column, delta), new());
        Assert.Equal(delta, Of(atDelta, column).Delta!.Value, 3); // max(1, 2.8 √(0.1 / 200)) points
        Assert.Equal(Verdict.Undecided, atDelta.Verdict);
        Assert.Equal((Verdict.Undecided, true), (Of(atDelta, column).Verdict, Of(atDelta, column).Counts));
        var beyond = Gate.Decide(run, Dropped(run, column, 2.5 * delta), new());
        Assert.Equal(Verdict.Regression, beyond.Verdict);
        Assert.Equal(Verdict.Regression, Of(beyond, column).Verdict);
    }

    [Theory]
    [InlineData("ARC")]
    [InlineData("TruthfulQA")]
    [InlineData("Winogrande")]
    public void The_same_holds_for_the_real_run(string column)
    {
        var delta = 280 * Math.Sqrt(0.1 / 200);
        Assert.Equal(Verdict.Undecided, Gate.Decide(MadeRuns.Nano, Dropped(MadeRuns.Nano, column, delta), new()).Verdict);
        Assert.Equal(Verdict.Regression, Gate.Decide(MadeRuns.Nano, Dropped(MadeRuns.Nano, column, 2.5 * delta), new()).Verdict);
    }

    [Fact]
    public void A_gain_of_the_same_size_passes() // a swapped sign would call it a regression
        => Assert.Equal(Verdict.Pass, Gate.Decide(Dropped(HalfRight, "ARC", 15.6), HalfRight, new()).Verdict);

    [Fact]
    public void The_default_delta_of_the_published_documents_is_1_point_where_that_can_be_decided()
    {
        double Delta(int documents) => Margin.Default([new() { Name = "x", Documents = documents, IsPaired = true, Baseline = 0, Candidate = 0 }]);
        Assert.Equal(2.59, Delta(1172), 2); // ARC
        Assert.Equal(1, Delta(10042)); // HellaSwag
        Assert.Equal(3.10, Delta(817), 2); // TruthfulQA
        Assert.Equal(2.49, Delta(1267), 2); // Winogrande
        Assert.Equal(2.44, Delta(1319), 2); // GSM8K
    }

    [Fact]
    public void Margins_of_six_columns_and_of_fewer_follow_one_rule()
    {
        Contrast Of(int documents) => new() { Name = "x", Documents = documents, IsPaired = true, Baseline = 0, Candidate = 0 };
        Assert.Equal(2.8 * 100 * Math.Sqrt(6 * 0.1 / 200) / 6, Margin.Default([.. Enumerable.Repeat(Of(200), 6)]), 9);
        Assert.Equal(2.8 * 100 * Math.Sqrt(2 * 0.1 / 200) / 2, Margin.Default([Of(200), Of(200)]), 9);
        var gate = Gate.Decide(MadeRuns.Nano, MadeRuns.Early, new() { Delta = { ["ARC"] = 3 } });
        Assert.Equal(("default", "policy"), (gate.Criteria[0].DeltaFrom, GateTests.Of(gate, "ARC").DeltaFrom));
        var text = GateText.Markdown(gate, default);
        Assert.Contains("test of non-inferiority", text);
        Assert.Contains("3.00 (policy)", text);
        Assert.Contains("6.26 (default)", text);
        // Every one whose default is above a point, the average too, and no other.
        Assert.Contains("Average, HellaSwag, TruthfulQA, Winogrande, GSM8K: so few documents cannot decide on a drop of 1 point", text);
    }

    /// <summary>The same run of another model: equal scores alone are not equal answers.</summary>
    private static Run Another(Run run) => run with { Provenance = run.Provenance with { WeightsSha256 = new('b', 64) } };

    [Fact]
    public void A_minimum_is_reached_by_a_value_that_is_it_but_for_the_last_digit()
    {
        var run = First(HalfRight, 100).WithScores("arc_challenge", scores => [.. scores.Select((_, i) => i < 57 ? 1.0 : 0.0)]);
        Assert.Equal(Verdict.Pass, Gate.Decide(run, run, new() { Minimum = { ["ARC"] = 57 } }).Verdict);
        var gate = Gate.Decide(run, run, new() { Minimum = { ["ARC"] = 57.001 } });
        Assert.Equal((Verdict.Regression, "57.000, the least is 57.001"), (gate.Verdict, Of(gate, "ARC at least").Reason));
    }

    [Fact]
    public void Numbers_show_the_side_of_delta_and_no_minus_before_0()
    {
        Assert.Equal(["2.586", "2.587", "+2.587", "3.10", "0.00", "0.00", "-0.01", "0.0000001"],
        [
            Decimals.Beside(2.5864, 2.5869), Decimals.Beside(2.5869, 2.5864), Decimals.Beside(2.5869, 2.5864, signed: true), Decimals.Beside(3.1, 2.59),
            Decimals.Signed(-0.001), Decimals.Of(-0.0), Decimals.Of(-0.005), Decimals.Beside(1e-7, 0),
        ]);
        var drop = Of(Gate.Decide(MadeRuns.Nano, MadeRuns.Nano, new()), "ARC").Drop!.Value;
        Assert.False(double.IsNegative(drop));
    }

    [Fact]
    public void Columns_without_an_average_share_the_level_of_one()
    {
        Contrast Column(int losses)
        {
            var mean = MeanOf.Discordant(1000, 0, losses);
            return ColumnContrast.WithError(new()
            {
                Name = $"x{losses}",
                Documents = 1000,
                IsPaired = true,
                Baseline = 50,
                Candidate = 50 - losses / 10.0,
                Wins = 0,
                Losses = losses,
                Test = PairedTests.MidP,
            }, mean, WeightedMean.Of(Stratum.Discordant(1000, 0, losses)));
        }
        var policy = new GatePolicy { Delta = { ["x48"] = 3.2, ["x0"] = 3 } };
        // 4.8 points: the lower end at 2.5 % is 3.47, at a sixth of that 3.0.
        Assert.Equal(Verdict.Regression, Gate.Drops([Column(48)], null, policy).Single().Verdict);
        Assert.Equal([Verdict.Undecided, Verdict.Pass], Gate.Drops([Column(48), Column(0), .. Enumerable.Range(0, 4).Select(_ => Column(0))], null, policy)
            .Take(2).Select(criterion => criterion.Verdict));
    }

    [Fact]
    public void A_noisy_column_without_a_certain_drop_does_not_stop_a_pass()
    {
        var gate = Gate.Decide(MadeRuns.Nano, MadeRuns.Early, new() { Delta = { ["Average"] = 4 } });
        Assert.Equal((Verdict.Undecided, false), (Of(gate, "Winogrande").Verdict, Of(gate, "Winogrande").Counts));
        Assert.Equal(Verdict.Pass, gate.Verdict);
        Assert.Equal(Verdict.Undecided, Gate.Decide(MadeRuns.Nano, MadeRuns.Early, new()).Verdict);
    }

    [Fact]
    public void Minimums_and_changed_documents_are_what_the_policy_says()
    {
        Verdict With(GatePolicy policy) => Gate.Decide(MadeRuns.Nano, MadeRuns.Nano.WithScores("gsm8k", scores => [1 - scores[0], .. scores.Skip(1)]), policy).Verdict;
        Assert.Equal(Verdict.Pass, With(new() { Changed = 0.01 })); // 1 of 10183 is 0.0098 %
        Assert.Equal(Verdict.Regression, With(new() { Changed = 0.005 }));
        Assert.Equal(Verdict.Pass, With(new() { Minimum = { ["arc"] = 25.5 } }));
        Assert.Equal(Verdict.Regression, With(new() { Minimum = { ["Average"] = 99 } }));
    }

    [Fact]
    public void A_candidate_without_a_required_task_is_bad_input()
    {
        void Missing(string said, Run candidate, GatePolicy? policy = null) =>
            Assert.Contains(said, Assert.Throws<InputException>(() => Gate.Decide(MadeRuns.Nano, candidate, policy ?? new())).Message);
        Missing("has no GSM8K", MadeRuns.Early.Without(task => task == "gsm8k"));
        Missing("hendrycksTest-anatomy", MadeRuns.Early.Without(task => task == "hendrycksTest-anatomy"));
        Missing("has no OpenBookQA", MadeRuns.Early, new() { Require = ["OpenBookQA"] });
        Missing("names arcs", MadeRuns.Early, new() { Delta = { ["arcs"] = 1 } });
        var gate = Gate.Decide(MadeRuns.Nano, MadeRuns.Early.Without(task => task == "gsm8k"), new() { Require = ["arc", "MMLU"] });
        Assert.Equal("Mean of 5", gate.Criteria[0].Name);
    }

    [Theory]
    [InlineData("delta: {ARC: 3.5, Average: 2}\nundecided: Pass\nrequire: [ARC]\nfewer_documents: [ARC, MMLU]\nminimum: {mmlu: 20}\nchanged: 5\n", null)]
    [InlineData("", null)]
    [InlineData("deltas: {ARC: 3}\n", "deltas")]
    [InlineData("delta: {ARC: x}\n", "line 1")]
    [InlineData("delta: {ARC: -1}\n", "above 0")]
    [InlineData("delta:\n", "empty")]
    [InlineData("minimum: {ARC: 101}\n", "0 to 100")]
    [InlineData("changed: .nan\n", "0 to 100")]
    [InlineData("undecided: maybe\n", "line 1")]
    [InlineData("undecided: 1\n", "line 1")]
    [InlineData("undecided: pass, fail\n", "line 1")]
    [InlineData("undecided: [pass]\n", "line 1")]
    [InlineData("delta: {ARC: 3, arc: 4}\n", "arc is there twice")]
    [InlineData("changed: 3\nChanged: 4\n", "Changed is there twice")]
    [InlineData("minimum: {MMLU: 3, MMLU: 4}\n", "MMLU is there twice")]
    [InlineData("fewer_documents:\n", "empty")]
    [InlineData("- a\n", "line 1")]
    [InlineData("{", "line")]
    public void A_policy_is_read_or_refused_in_one_line(string yaml, string? fact)
    {
        var path = Path.Combine(folder.FullName, "policy.yaml");
        File.WriteAllText(path, yaml);
        if (fact is null)
        {
            var policy = GatePolicy.Read(path);
            Assert.Equal(yaml.Length > 0 ? (3.5, 20, OnUndecided.Pass) : (0, 0, OnUndecided.Undecided),
                (policy.Delta.GetValueOrDefault("arc"), policy.Minimum.GetValueOrDefault("MMLU"), policy.Undecided));
            return;
        }
        var error = Assert.Throws<InputException>(() => GatePolicy.Read(path));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(fact, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void JUnit_counts_regressions_as_failures_and_what_is_undecided_as_skipped()
    {
        var run = HalfRight;
        var junit = System.Xml.Linq.XElement.Parse(GateText.JUnit(Gate.Decide(run, Dropped(run, "ARC", 15.6), new()), default));
        var suite = junit.Element("testsuite")!;
        Assert.Equal("7", suite.Attribute("tests")!.Value);
        Assert.Equal("1", suite.Attribute("failures")!.Value); // ARC; of 200 documents a column the average's δ is 2.34, and it dropped by 2.6
        Assert.Contains(suite.Elements("testcase"), test => test.Attribute("name")!.Value == "ARC" && test.Element("failure") is not null);
        var undecided = Gate.Decide(MadeRuns.Nano, MadeRuns.Early, new());
        Assert.Contains("<skipped", GateText.JUnit(undecided, OnUndecided.Undecided));
        Assert.Contains("<failure", GateText.JUnit(undecided, OnUndecided.Fail));
    }
}
