using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>Few documents, and fewer than the baseline has.</summary>
public sealed partial class GateTests
{
    private static Run First(Run run, int documents, string? column = null)
    {
        foreach (var task in run.Tasks.Where(task => column is null || task.Value.Column == column).Select(task => task.Key).ToList())
            run = run.With(task, record => record.Documents <= documents ? record : record.First(documents));
        return run;
    }

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
}
