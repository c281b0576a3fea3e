using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>What runs come to in words, held against the figures that the words are of.</summary>
public sealed partial class VerdictTextTests
{
    private static string Said(Run baseline, Run candidate) => VerdictText.Of(RunComparison.Create(baseline, candidate), "A", "B");

    private static Run Only(Run run, string task) => run.Without(name => name != task);

    /// <summary>Right on every second document, as another model's.</summary>
    private static Run Half(Run run)
    {
        foreach (var task in run.Tasks.Keys)
            run = run.WithScores(task, scores => [.. scores.Select((_, i) => i % 2 == 0 ? 1.0 : 0.0)]);
        return run with { Provenance = run.Provenance with { WeightsSha256 = new('b', 64) } };
    }

    /// <summary>With the first documents of a task all right or all wrong.</summary>
    private static Run Turned(Run run, string task, int documents, double to = 0) =>
        run.WithScores(task, scores => [.. scores.Select((score, i) => i < documents ? to : score)]);

    private static readonly Run HalfRight = Half(MadeRuns.Nano);

    [Fact]
    public void Columns_beyond_chance_are_named_with_their_differences_and_the_others_with_what_they_could_show()
    {
        var both = Turned(Turned(HalfRight, "arc_challenge", 60), "gsm8k", 80, to: 1);
        Assert.StartsWith("Beyond chance B is worse than A on ARC (by 15.00 points); on the others true differences of 0.1 to 4.6 points "
            + "would be seen in 4 of 5 comparisons. The average is 2.50 points lower, beyond chance (95 % interval: 3.4 lower to 1.8 lower).",
            Said(HalfRight, Turned(HalfRight, "arc_challenge", 60)));
        Assert.StartsWith("Beyond chance B is worse than A on ARC (by 15.00 points), and better on GSM8K (by 20.00 points); on the others ", Said(HalfRight, both));
        Assert.Contains("The average is 0.83 points higher, within chance (95 % interval: 0.4 lower to 2.1 higher).", Said(HalfRight, both));
        Assert.DoesNotContain("would decide", Said(HalfRight, both));
        Assert.StartsWith("Beyond chance B is better than A on ARC (by 15.00 points); ", Said(Turned(HalfRight, "arc_challenge", 60), HalfRight));
    }

    [Fact]
    public void Where_nothing_can_be_said_the_documents_that_would_decide_are_counted()
    {
        Assert.Equal("B and A differ on no benchmark beyond chance; true differences of 2.2 to 14.4 points would be seen in 4 of 5 comparisons. "
            + "The average is 1.47 points lower, within chance (95 % interval: 3.6 lower to 0.6 higher). About 3,400 more documents of GSM8K "
            + "(it has 1,319), 9,100 of TruthfulQA (it has 817) and more of 4 others would decide on 1 point.",
            Said(MadeRuns.Nano, MadeRuns.Early));
        Assert.Equal("B and A do not differ beyond chance on ARC; a true difference of 8.8 points would be seen in 4 of 5 comparisons. "
            + "About 16,000 more documents of ARC (it has 1,172) would decide on 1 point.",
            Said(Only(MadeRuns.Nano, "arc_challenge"), Only(MadeRuns.Early, "arc_challenge")));
    }

    /// <summary>The test's own power, summed over what may happen, at the figures that the sentences give.</summary>
    [Theory]
    [InlineData(1172, 76, 1, 3900)]
    [InlineData(200, 20, 1, 7700)]
    [InlineData(200, 20, 6, null)]
    public void Figures_hold_in_4_of_5_comparisons(int documents, int discordant, int columns, int? more)
    {
        var level = 0.05 / columns;
        var contrast = ColumnContrast.WithError(new()
        {
            Name = "ARC",
            Documents = documents,
            IsPaired = true,
            Baseline = 50,
            Candidate = 50,
            Wins = discordant / 2,
            Losses = discordant / 2,
            Test = PairedTests.MidP,
        }, MeanOf.Discordant(documents, discordant / 2, discordant / 2), WeightedMean.Of(Stratum.Discordant(documents, discordant / 2, discordant / 2)));
        var share = discordant / (double)documents;
        Assert.Equal(0.8, Power.OfMidP(documents, share, contrast.DetectableAt(level)!.Value / 100, level), 2);
        var needed = SampleSize.More(contrast, 1, level)!.Value;
        Assert.Equal(0.8, Power.OfMidP(documents + needed, share, 0.01, level), 1.5e-2);
        if (more is { } said)
            Assert.Equal(said, needed);
    }

    [Fact]
    public void Equal_scores_are_said_as_such()
    {
        Assert.Equal("B and A score the same on each of the 10,183 documents that both were asked.", Said(MadeRuns.Nano, MadeRuns.Nano));
        var rounded = Only(MadeRuns.Nano, "truthfulqa_mc");
        Assert.Equal("B and A score the same on each of the 200 documents that both were asked, to 0.0001.",
            Said(rounded, rounded.WithScores("truthfulqa_mc", scores => [.. scores.Select(score => score * 0.99999)])));
        Run One(Run run) => Only(run, "arc_challenge").With("arc_challenge", task => task.First(1));
        Assert.Equal("B and A score the same on the one document that both were asked.", Said(One(MadeRuns.Nano), One(MadeRuns.Nano)));
    }

    [Fact]
    public void Too_few_documents_show_nothing_and_no_number_is_made_up_for_them()
    {
        Run Some(Run run, int documents, double to) => Turned(Only(run, "arc_challenge").With("arc_challenge", task => task.First(documents)), "arc_challenge", documents, to);
        Assert.Equal("B and A do not differ beyond chance on ARC; ARC had too few documents to show any.",
            Said(Some(MadeRuns.Nano, 1, 1), Some(MadeRuns.Nano, 1, 0)));
        Assert.StartsWith("B and A do not differ beyond chance on ARC; ARC had too few documents to show any. About ",
            Said(Some(MadeRuns.Nano, 3, 1), Some(MadeRuns.Nano, 3, 0)));
    }

    [Fact]
    public void Numbers_without_an_error_say_nothing()
    {
        var card = MadeRuns.Nano with
        {
            Tasks = new Dictionary<string, TaskRecord>(),
            Results = new Dictionary<string, IReadOnlyDictionary<string, double?>>(),
            Leaderboard = MadeRuns.Nano.Leaderboard with { Columns = new OrderedDictionary<string, double?> { ["ARC"] = 50, ["MMLU"] = 40 } },
            Provenance = new() { Kind = "reported", Model = "card" },
        };
        Assert.Equal("B and A were compared. Of ARC and MMLU nothing can be said: the error of a difference is not known.", Said(card, card));
        // Against measured documents the published ones give an error, and no number of documents more would help a card.
        Assert.StartsWith("Beyond chance B is worse than A on ARC (by ", Said(card, MadeRuns.Early));
        Assert.DoesNotContain("would decide", Said(card, MadeRuns.Early));
    }

    [Fact]
    public void What_is_not_finite_stands_with_the_verdict()
    {
        var broken = MadeRuns.Nano.With("arc_challenge", task => task with { NotFiniteRequests = 3 });
        Assert.EndsWith(" 3 requests are not finite: those scores say nothing of a model.", Said(MadeRuns.Nano, broken));
        Assert.EndsWith(" 1 request is not finite: those scores say nothing of a model.",
            VerdictText.Of("A", MadeRuns.Nano.With("gsm8k", task => task with { NotFiniteRequests = 1 }), TaskSet.Leaderboard.Columns));
    }

    [Fact]
    public void Several_runs_are_said_one_by_one_where_they_differ_and_together_where_not()
    {
        RunComparison To(Run run) => RunComparison.Create(MadeRuns.Nano, run);
        Assert.Equal(["Beyond chance C is better than A on", "B and D differ from A on no benchmark beyond chance.", "E cannot be compared with A; "],
            VerdictText.Of("A", [("B", To(MadeRuns.Early)), ("C", To(HalfRight)), ("D", To(MadeRuns.Nano)), ("E", null)])
                .Zip([35, int.MaxValue, 29], (said, length) => said[..Math.Min(said.Length, length)]));
    }

    [Fact]
    public void One_run_is_said_by_its_average_or_its_only_score()
    {
        Assert.Equal("A scores 31.05 (28.9 to 33.3) on average of 6 benchmarks. It is no leaderboard score; the notes say why.",
            VerdictText.Of("A", MadeRuns.Nano, TaskSet.Leaderboard.Columns));
        Assert.Equal("A scores 25.50 (20.0 to 32.0) on ARC. It is no leaderboard score; the notes say why.",
            VerdictText.Of("A", Only(MadeRuns.Nano, "arc_challenge"), TaskSet.Leaderboard.Columns));
        Assert.StartsWith("A has scores of ARC and GSM8K, and no average.",
            VerdictText.Of("A", MadeRuns.Nano.Without(task => task is not ("arc_challenge" or "gsm8k")), TaskSet.Leaderboard.Columns));
    }
}
