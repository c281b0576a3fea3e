using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>What the gate says of runs whose truth is known.</summary>
public sealed class GateTests : IDisposable
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

    private static Run First(Run run, int documents, string? column = null)
    {
        foreach (var task in run.Tasks.Where(task => column is null || task.Value.Column == column).Select(task => task.Key).ToList())
            run = run.With(task, record => record.Documents <= documents ? record : record.First(documents));
        return run;
    }

    /// <summary>The same run of another model: equal scores alone are not equal answers.</summary>
    private static Run Another(Run run) => run with { Provenance = run.Provenance with { WeightsSha256 = new('b', 64) } };

    [Fact]
    public void A_candidate_with_fewer_documents_than_the_baseline_does_not_pass_and_its_margin_is_the_baselines()
    {
        var shorter = Another(First(MadeRuns.Nano, 100, "ARC"));
        var gate = Gate.Decide(MadeRuns.Nano, shorter, new());
        Assert.Equal((Verdict.Undecided, 6.2610, "100 of 200 documents; a candidate with fewer than the baseline does not pass"),
            (gate.Verdict, Math.Round(Of(gate, "ARC").Delta!.Value, 4), Of(gate, "ARC").Reason));
        Assert.Equal((Verdict.Undecided, true), (gate.Criteria[0].Verdict, gate.Criteria[0].Counts));
        // A policy's δ changes nothing of it; its permission does.
        Assert.Equal(Verdict.Undecided, Gate.Decide(MadeRuns.Nano, shorter, new() { Delta = { ["ARC"] = 50, ["Average"] = 50 } }).Verdict);
        var allowed = Gate.Decide(MadeRuns.Nano, shorter, new() { FewerDocuments = ["arc"], Delta = { ["ARC"] = 10 } });
        Assert.Equal((Verdict.Pass, Verdict.Pass), (allowed.Verdict, Of(allowed, "ARC").Verdict));
        // A drop is one all the same, and more documents than the baseline has are no flaw.
        Assert.Equal(Verdict.Regression, Gate.Decide(HalfRight, Another(First(Dropped(HalfRight, "ARC", 40), 100, "ARC")), new()).Verdict);
        Assert.Equal(Verdict.Pass, Of(Gate.Decide(First(MadeRuns.Nano, 100), Another(MadeRuns.Nano), new() { Delta = { ["ARC"] = 10 } }), "ARC").Verdict);
        Assert.Contains("names OpenBookQA", Assert.Throws<InputException>(
            () => Gate.Decide(MadeRuns.Nano, shorter, new() { FewerDocuments = ["OpenBookQA"] })).Message);
    }

    [Fact]
    public void A_card_as_the_candidate_may_pass_since_its_documents_are_taken_to_be_as_published()
    {
        var card = new Run
        {
            Leaderboard = new(new OrderedDictionary<string, double?> { ["ARC"] = 60 }, null, false, []),
            Provenance = new() { Model = "card", Kind = "reported" },
        };
        Assert.Equal(Verdict.Pass, Gate.Decide(MadeRuns.Nano.Without(task => task != "arc_challenge"), card, new()).Verdict);
        // As the baseline it has the published documents, and this candidate 200 of 1,172.
        Assert.Contains("200 of 1,172 documents", Gate.Decide(card, MadeRuns.Nano.WithScores("arc_challenge", scores => [.. scores.Select((_, i) => i % 10 == 0 ? 0.0 : 1.0)]),
            new()).Criteria[0].Reason);
    }

    [Fact]
    public void Twenty_documents_give_no_margin()
    {
        var (baseline, same) = (First(HalfRight, 20), Another(First(HalfRight, 20)));
        var gate = Gate.Decide(baseline, same, new());
        Assert.Equal(Verdict.Undecided, gate.Verdict);
        Assert.All(gate.Criteria.Where(c => c.Name is not "MMLU"), criterion =>
            Assert.Equal((null, "not assessable: 79 documents would do"), (criterion.Delta, criterion.Reason)));
        Assert.False(Of(gate, "ARC").Counts);
        // With a policy's margin for the average it decides, and a column that has none objects only if it dropped for certain.
        Assert.Equal(Verdict.Pass, Gate.Decide(baseline, same, new() { Delta = { ["Average"] = 6 } }).Verdict);
        Run AllOf(double score) => baseline.WithScores("arc_challenge", scores => [.. scores.Select(_ => score)]);
        var broken = Gate.Decide(AllOf(1), AllOf(0), new() { Delta = { ["Average"] = 30 } });
        Assert.Equal(Verdict.Regression, Of(broken, "ARC").Verdict);
        Assert.Contains("10.00 points, the most that a default tolerates", Of(broken, "ARC").Reason);
        double Margins(int documents) => Margin.Of("x", [new() { Name = "x", Documents = documents, IsPaired = true, Baseline = 0, Candidate = 0 }], new()).Delta;
        Assert.True(Margins(79) < 10);
    }

    [Fact]
    public void The_same_answers_pass_on_any_number_of_documents()
    {
        var one = First(MadeRuns.Nano, 1);
        foreach (var (baseline, candidate) in new[] { (one, one), (MadeRuns.Nano, one), (one, MadeRuns.Nano) })
        {
            var gate = Gate.Decide(baseline, candidate, new());
            Assert.Equal(Verdict.Pass, gate.Verdict);
            Assert.All(gate.Criteria, criterion => Assert.Equal("the same answers", criterion.Reason));
        }
        // Equal scores of other weights are not known to be equal answers; details show that they are.
        Assert.Equal(Verdict.Undecided, Gate.Decide(one, Another(one), new()).Verdict);
        Assert.Equal(Verdict.Pass, Gate.Decide(one, Another(one), new(), repliesAreEqual: true).Verdict);
        // Nor are equal weights with another score, or asked in another way.
        Assert.DoesNotContain(Gate.Decide(MadeRuns.Nano, MadeRuns.Nano.WithScores("gsm8k", scores => [1 - scores[0], .. scores.Skip(1)]), new()).Criteria,
            criterion => criterion.Reason == "the same answers");
        Assert.DoesNotContain(Gate.Decide(MadeRuns.Nano, MadeRuns.Nano with { Provenance = MadeRuns.Nano.Provenance with { AddBos = true } }, new()).Criteria,
            criterion => criterion.Reason == "the same answers");
        // What the policy asks beside is asked all the same.
        Assert.Equal(Verdict.Regression, Gate.Decide(one, one, new() { Minimum = { ["ARC"] = 100.0 } }).Verdict);
    }

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
    public void What_is_no_number_in_a_task_that_the_baseline_lacks_is_noted_and_not_counted()
    {
        var baseline = MadeRuns.Nano.Without(task => task == "gsm8k");
        var broken = MadeRuns.Nano.With("gsm8k", task => task with { NotFiniteRequests = 1 }).WithScores("gsm8k", scores => [double.NaN, .. scores.Skip(1)]);
        var gate = Gate.Decide(baseline, broken, new());
        Assert.Equal(Verdict.Pass, gate.Verdict);
        Assert.Contains(gate.Comparison.Notes, note => note.Contains("gsm8k: 1 of 200 requests"));
        Assert.Equal(Verdict.Regression, Gate.Decide(MadeRuns.Nano, broken, new()).Verdict);
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
    public void More_scores_that_are_no_numbers_are_a_regression()
    {
        var broken = MadeRuns.Nano.WithScores("truthfulqa_mc", scores => [double.NaN, .. scores.Skip(1)]);
        Assert.Equal(Verdict.Regression, Gate.Decide(MadeRuns.Nano, broken, new()).Verdict);
        Assert.Equal(Verdict.Pass, Gate.Decide(broken, broken, new()).Verdict);
    }

    [Theory]
    [InlineData(OnUndecided.Undecided)]
    [InlineData(OnUndecided.Pass)]
    [InlineData(OnUndecided.Fail)]
    public void One_request_that_is_no_number_fails_the_candidate_with_every_policy(OnUndecided undecided)
    {
        var broken = MadeRuns.Nano.With("gsm8k", task => task with { NotFiniteRequests = 1 });
        foreach (var baseline in new[] { MadeRuns.Nano, broken })
        {
            var gate = Gate.Decide(baseline, broken, new() { Undecided = undecided, Delta = { ["Average"] = 100, ["GSM8K"] = 100 } });
            Assert.Equal((Verdict.Regression, "Gate: regression: not a number"), (gate.Verdict, GateText.Headline(gate, undecided)));
            Assert.Contains("gsm8k 1 of 200", gate.Criteria[0].Reason);
            Assert.Contains("not a number", GateText.Markdown(gate, undecided));
            var cases = System.Xml.Linq.XElement.Parse(GateText.JUnit(gate, undecided)).Descendants("testcase");
            Assert.NotNull(cases.Single(test => test.Attribute("name")!.Value == "not a number").Element("failure"));
        }
        var error = Assert.Throws<InputException>(() => Gate.Decide(broken, MadeRuns.Nano, new() { Undecided = undecided }));
        Assert.Contains("the baseline cognito-nano answered 1 requests from what is no finite number (gsm8k)", error.Message);
    }

    [Fact]
    public void Requests_that_are_no_numbers_stand_beside_the_score()
    {
        var broken = MadeRuns.Nano.With("gsm8k", task => task with { NotFiniteRequests = 3 });
        var comparison = RunComparison.Create(MadeRuns.Nano, broken);
        var text = ComparisonText.OfTwo(comparison);
        Assert.Equal(2, text.Split('\n').Count(row => row.Contains(" (3 not finite)", StringComparison.Ordinal))); // GSM8K, and the average
        Assert.Contains("gsm8k: 3 of 200 requests were answered from what is no finite number", text);
        Assert.Contains("\"candidate_not_finite\": 3", ComparisonData.ToJson([comparison]));
        Assert.DoesNotContain("not_finite", ComparisonData.ToJson([RunComparison.Create(MadeRuns.Nano, MadeRuns.Nano)]));
        ReportedRun[] runs = [new(broken, "nowhere", "broken")];
        Assert.Contains("(3 not finite)", ScoreTables.Markdown(runs, TaskSet.Leaderboard.Columns));
        Assert.Contains("(3 not finite)", ModelCard.Table(broken, TaskSet.Leaderboard.Columns));
        Assert.Contains("(3 not finite)", HtmlReport.Render(runs, TaskSet.Leaderboard.Columns, null));
        Assert.DoesNotContain("not finite", ModelCard.Table(MadeRuns.Nano, TaskSet.Leaderboard.Columns));
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
