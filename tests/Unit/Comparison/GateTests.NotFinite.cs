using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Answers from what is no finite number.</summary>
public sealed partial class GateTests
{
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
}
