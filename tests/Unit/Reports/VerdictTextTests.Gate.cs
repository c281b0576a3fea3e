using System.Xml.Linq;
using Cognito.Eval.Comparison;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>A gate's decision in words.</summary>
public sealed partial class VerdictTextTests
{
    private static Gate Decided(Run baseline, Run candidate, GatePolicy? policy = null)
    {
        var gate = Gate.Decide(baseline, candidate, policy ?? new());
        return gate with { Comparison = gate.Comparison with { Baseline = "A", Candidate = "B" } };
    }

    private static string Decision(Run baseline, Run candidate, GatePolicy? policy = null) => GateVerdictText.Of(Decided(baseline, candidate, policy));

    [Fact]
    public void A_pass_says_how_much_lower_it_may_be()
    {
        Assert.Equal("B gives the same answers as A.", Decision(MadeRuns.Nano, MadeRuns.Nano));
        var gate = Decided(MadeRuns.Nano, MadeRuns.Early, new() { Delta = { ["Average"] = 4 } });
        Assert.Equal((Verdict.Pass, 3.56), (gate.Verdict, Math.Round(gate.Criteria[0].DropInterval!.Value.High, 2)));
        Assert.Equal("On average B is 1.47 points lower than A, and for certain no more than 3.56 lower; δ is 4.00. Of TruthfulQA and Winogrande "
            + "too little is known to say so. B and A differ on no benchmark beyond chance; true differences of 2.2 to 14.4 points would be "
            + "seen in 4 of 5 comparisons.", GateVerdictText.Of(gate));
        Assert.StartsWith("On average B is 2.50 points higher than A, and for certain no lower; δ is ", Decision(Turned(HalfRight, "arc_challenge", 60), HalfRight));
        var two = MadeRuns.Nano.Without(task => task is not ("arc_challenge" or "gsm8k"));
        Assert.StartsWith("On the mean of 2 columns B is unchanged from A, and for certain ", Decision(two, two with { Provenance = two.Provenance with { WeightsSha256 = null } }));
    }

    [Fact]
    public void A_regression_says_what_dropped_and_by_how_much()
    {
        Assert.StartsWith("B dropped for certain by more than is tolerated: on ARC by 15.00 points, where δ is 6.26. Beyond chance B is worse than A on ARC ",
            Decision(HalfRight, Turned(HalfRight, "arc_challenge", 60)));
        Assert.StartsWith("\"ARC at least\" fails: 25.50, the least is 90.00. ", Decision(MadeRuns.Nano, MadeRuns.Nano, new() { Minimum = { ["ARC"] = 90 } }));
        var broken = MadeRuns.Early.With("arc_challenge", task => task with { NotFiniteRequests = 3 });
        Assert.Matches("^\"not a number\" fails: requests answered from what is no finite number: arc_challenge 3 of \\d+\\. .* 3 requests are not finite: those scores say nothing of a model\\.$",
            Decision(MadeRuns.Nano, broken));
        Run Few(double to) => Turned(Only(MadeRuns.Nano, "arc_challenge").With("arc_challenge", task => task.First(40)), "arc_challenge", 40, to);
        Assert.StartsWith("B dropped for certain by more than is tolerated: on ARC by 100.00 points, where so few documents have no δ. ", Decision(Few(1), Few(0)));
    }

    [Fact]
    public void What_is_undecided_says_why_and_how_many_documents_would_decide()
    {
        Assert.StartsWith("Whether B dropped by more than is tolerated is open on average: the drop may be within δ or beyond. If nothing dropped, about "
            + "80,000 more documents of the 6 benchmarks together (they have 28,659) would decide on 1 point. B and A differ on no benchmark ",
            Decision(MadeRuns.Nano, MadeRuns.Early));
        var (arc, early) = (Only(MadeRuns.Nano, "arc_challenge"), Only(MadeRuns.Early, "arc_challenge"));
        Assert.StartsWith("Whether B dropped by more than is tolerated is open on ARC: the drop may be within δ or beyond. If nothing dropped, about "
            + "3,700 more documents of ARC (it has 1,172) would decide on 2 points. ", Decision(arc, early, new() { Delta = { ["ARC"] = 2 } }));
        Assert.StartsWith("Whether B dropped by more than is tolerated is open on ARC: 100 of 200 documents; a candidate with fewer than the baseline does not pass. B and A ",
            Decision(arc, early.With("arc_challenge", task => task.First(100))));
        Run Few(Run run) => run.With("arc_challenge", task => task.First(20));
        Assert.StartsWith("Whether B dropped by more than is tolerated is open on ARC: not assessable: 79 documents would do. B and A ", Decision(Few(arc), Few(early)));
    }

    [Fact]
    public void Every_text_begins_with_the_verdict()
    {
        var gate = Decided(MadeRuns.Nano, MadeRuns.Early);
        var said = GateVerdictText.Of(gate);
        Assert.StartsWith($"Gate: undecided\n\n{said}\n\n", GateText.Markdown(gate, default));
        var suite = XElement.Parse(GateText.JUnit(gate, default)).Element("testsuite")!;
        var verdict = suite.Elements().First().Element("property")!;
        Assert.Equal(("verdict", $"Gate: undecided. {said}"), (verdict.Attribute("name")!.Value, verdict.Attribute("value")!.Value));
        var comparison = RunComparison.Create(MadeRuns.Nano, MadeRuns.Early);
        Assert.StartsWith($"{VerdictText.Of(comparison, comparison.Baseline, comparison.Candidate)}\n\n", ComparisonText.OfTwo(comparison));
        Assert.StartsWith("- cognito-nano-early and cognito-nano differ ", ManyRunsText.Of(["cognito-nano", "x"], [comparison], [[null, comparison], [comparison, null]]));
    }
}
