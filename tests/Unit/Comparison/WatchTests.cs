using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>Many runs of one lineage against one baseline.</summary>
public sealed class WatchTests
{
    private static Run At(Run run, int day, string weights = "b") => run with
    {
        Provenance = run.Provenance with { WeightsSha256 = new(weights[0], 64) },
        Circumstances = new()
        {
            Started = new(2026, 1, day, 0, 0, 0, TimeSpan.Zero),
            Seconds = 1,
            Host = "",
            Os = "",
            Threads = 1,
            ModelPath = "",
            DataPath = "",
            TaskSeconds = new Dictionary<string, double>(),
            Stages = new Dictionary<string, StageRecord>(),
            PeakMemoryMib = 0,
        },
    };

    private static Run AllOf(Run run, string task, double score) => run.WithScores(task, scores => [.. scores.Select(_ => score)]);

    [Fact]
    public void Levels_add_up_to_alpha()
    {
        Assert.Equal(0.05 * 200 / 201, Enumerable.Range(1, 200).Sum(look => Watch.Level(look, 0.05)), 12);
        Assert.Equal(0.025, Watch.Level(1, 0.05), 12);
    }

    [Fact]
    public void Runs_are_looked_at_in_the_order_of_their_start_and_intervals_grow_wider()
    {
        var watch = Watch.Over(MadeRuns.Nano, [("late", At(MadeRuns.Early, 9)), ("first", At(MadeRuns.Early, 1)), ("middle", At(MadeRuns.Early, 5))], new());
        Assert.Equal(["first", "middle", "late"], watch.Looks.Select(look => look.Name));
        var widths = watch.Looks.Select(look => look.Values[0].DropInterval!.Value).Select(interval => interval.High - interval.Low).ToList();
        Assert.True(widths[0] < widths[1] && widths[1] < widths[2]);
        // The first look's level is half of 4 %, two-sided.
        var average = RunComparison.Create(MadeRuns.Nano, MadeRuns.Early).Average!;
        Assert.Equal(-100 * average.Cautious!.Interval(0.98)!.Value.Low, watch.Looks[0].Values[0].DropInterval!.Value.High, 9);
        Assert.Equal(WatchVerdict.Quiet, watch.Verdict);
    }

    [Fact]
    public void A_drop_beyond_delta_is_an_alarm_and_a_recovery_is_quiet_and_names_it()
    {
        var (right, wrong) = (AllOf(MadeRuns.Nano, "arc_challenge", 1), AllOf(MadeRuns.Nano, "arc_challenge", 0));
        var watch = Watch.Over(right, [("a", At(right, 1)), ("b", At(wrong, 2)), ("c", At(right, 3))], new());
        Assert.Equal([WatchVerdict.Quiet, WatchVerdict.Alarm, WatchVerdict.Quiet], watch.Looks.Select(look => look.Verdict));
        Assert.Equal(WatchVerdict.Alarm, watch.Looks[1].Values.Single(value => value.Name == "ARC").Verdict);
        Assert.Equal("Watch: quiet; alarms before: b", WatchText.Headline(watch));
        Assert.Equal("Watch: alarm at b", WatchText.Headline(watch with { Looks = [.. watch.Looks.Take(2)] }));
        var (text, page) = (WatchText.Markdown(watch), WatchText.Page(watch));
        Assert.Contains("| b ", text);
        Assert.Contains("| ARC ", text);
        Assert.Contains("<svg", page);
        Assert.Contains("history-0-", page);
        Assert.Contains("alarm", page);
        Assert.Contains("\"verdict\": \"alarm\"", ComparisonData.ToJson(watch));
    }

    [Fact]
    public void A_certain_drop_that_may_be_within_delta_is_said_and_no_alarm()
    {
        var right = AllOf(MadeRuns.Nano, "arc_challenge", 1);
        var less = right.WithScores("arc_challenge", scores => [.. scores.Select((_, i) => i % 10 == 0 ? 0.0 : 1.0)]);
        var watch = Watch.Over(right, [("a", At(less, 1))], new() { Delta = { ["ARC"] = 8 } });
        Assert.Equal((WatchVerdict.Dropped, "Watch: a dropped, perhaps by more than δ"), (watch.Verdict, WatchText.Headline(watch)));
    }

    [Fact]
    public void Answers_that_are_no_numbers_are_an_alarm_and_other_questions_are_refused()
    {
        var broken = At(MadeRuns.Nano.With("gsm8k", task => task with { NotFiniteRequests = 1 }), 2);
        Assert.Equal((WatchVerdict.Alarm, "not a number"), (Watch.Over(MadeRuns.Nano, [("a", broken)], new()).Verdict, Watch.Over(MadeRuns.Nano, [("a", broken)], new()).Looks[0].Flaw));
        Assert.Throws<InputException>(() => Watch.Over(MadeRuns.Nano, [("a", MadeRuns.Early.With("arc_challenge", task => task with { NumFewshot = 3 }))], new()));
        Assert.Throws<InputException>(() => Watch.Over(MadeRuns.Nano, [("a", MadeRuns.Early.Without(task => task == "gsm8k"))], new()));
    }
}
