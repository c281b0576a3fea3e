using Cognito.Eval.Cli;
using Cognito.Eval.Models;

namespace Cognito.Eval.Tests;

/// <summary>What fits in a terminal's line, and how long a run still takes.</summary>
public sealed class TerminalTests
{
    private static readonly StageCost[] Three =
        [new("log-likelihoods", 6000, Generates: false), new("generation/gsm8k", 1000, Generates: true), new("rounding", 1000, Generates: false)];

    private static Progress At(int number, string stage, long done, long all, string task = "arc_challenge", long kept = 0) =>
        new(stage, task, done, all, done, kept) { Number = number, Stages = Three };

    private static RunEstimate Run(params (Progress Progress, double Seconds)[] steps)
    {
        var run = new RunEstimate();
        foreach (var (progress, seconds) in steps)
            run.Take(progress, TimeSpan.FromSeconds(seconds));
        return run;
    }

    [Fact]
    public void All_stages_are_in_one_estimate()
    {
        var run = Run((At(1, "log-likelihoods", 0, 6000), 0), (At(1, "log-likelihoods", 3000, 6000), 30));
        // 100 tokens a second: 3000 of this stage, and 2000 to come.
        Assert.Equal(("stage 1 of 3", 37.5, 50.0), (run.Place, run.Percent, run.Left!.Value.TotalSeconds));
        // What generates goes by its own speed once that is known: 40 prompts in 20 s, 60 to come; then 1000 tokens at 100 a second.
        run.Take(At(1, "log-likelihoods", 6000, 6000), TimeSpan.FromSeconds(60));
        run.Take(At(2, "generation", 0, 100), TimeSpan.FromSeconds(60));
        run.Take(At(2, "generation", 40, 100), TimeSpan.FromSeconds(80));
        Assert.Equal(("stage 2 of 3", 80.0, 40.0), (run.Place, run.Percent, Math.Round(run.Left!.Value.TotalSeconds, 6)));
        // The sample that is asked once more comes without a plan of the whole, and with its own costs.
        run.Take(new("rounding", "", 0, 500, 0, 0) { Number = 1, Stages = [new("rounding", 500, false)] }, TimeSpan.FromSeconds(110));
        run.Take(new("rounding", "", 250, 500, 250, 0) { Number = 1, Stages = [new("rounding", 500, false)] }, TimeSpan.FromSeconds(115));
        Assert.Equal(("stage 3 of 3", 100 * 7250 / 7500.0, 5.0), (run.Place, run.Percent, run.Left!.Value.TotalSeconds));
    }

    [Fact]
    public void A_sample_of_two_stages_follows_those_of_the_run()
    {
        var run = Run((At(1, "log-likelihoods", 0, 6000), 0), (At(1, "log-likelihoods", 6000, 6000), 60));
        StageCost[] two = [new("rounding", 500, false), new("rolling rounding", 500, false)];
        run.Take(new("rounding", "", 0, 500, 0, 0) { Number = 1, Stages = two }, TimeSpan.FromSeconds(60));
        Assert.Equal("stage 3 of 4", run.Place);
        run.Take(new("rolling rounding", "", 250, 500, 250, 0) { Number = 2, Stages = two }, TimeSpan.FromSeconds(70));
        Assert.Equal(("stage 4 of 4", 100 * 7750 / 8000.0), (run.Place, run.Percent));
    }

    [Fact]
    public void Kept_answers_take_no_time_and_stages_not_planned_are_said()
    {
        var run = Run((At(1, "log-likelihoods", 0, 6000), 0), (At(1, "log-likelihoods", 3000, 6000, kept: 2000), 10));
        Assert.Equal(30 + 20, run.Left!.Value.TotalSeconds);
        Assert.Null(Run((At(1, "log-likelihoods", 0, 6000), 0), (At(1, "log-likelihoods", 3000, 6000, kept: 3000), 10)).Left);
        StageCost[] unknown = [Three[0], new("", null, Generates: true)];
        run = Run((At(1, "log-likelihoods", 0, 6000) with { Stages = unknown }, 0), (At(1, "log-likelihoods", 3000, 6000) with { Stages = unknown }, 3600 * 30));
        Assert.EndsWith("50 %  arc_challenge  0 tokens/s  over 30:00:00 left", ProgressLine.Of(run, 200));
    }

    [Theory]
    [InlineData(120, "stage 1 of 3, log-likelihoods   38 %  arc_challenge  100 tokens/s  0:00:50 left")]
    [InlineData(80, "stage 1 of 3, log-likelihoods   38 %  arc_challenge  100 tokens/s  0:00:50 left")]
    [InlineData(79, "stage 1 of 3, log-likelihoods   38 %  arc_challenge  100 tokens/s  0:00:50 left")]
    [InlineData(76, "stage 1 of 3, log-likelihoods   38 %  arc_chall…  100 tokens/s  0:00:50 left")]
    [InlineData(62, "stage 1 of 3, log-likelihoods   38 %  arc_chall…  0:00:50 left")]
    [InlineData(60, "stage 1 of 3, log-likelihoods   38 %  0:00:50 left")]
    [InlineData(50, "stage 1 of 3, log-likelihoods   38 %  0:00:50 left")]
    [InlineData(39, "stage 1 of 3   38 %  0:00:50 left")]
    [InlineData(10, "stage 1 o…")]
    public void What_matters_least_goes_first(int columns, string shown) => Assert.Equal(
        shown, ProgressLine.Of(Run((At(1, "log-likelihoods", 0, 6000), 0), (At(1, "log-likelihoods", 3000, 6000), 30)), columns));

    [Fact]
    public void No_name_makes_the_line_longer_than_the_terminal()
    {
        string[] names = [new('x', 300), "模型評估任務模型評估任務模型評估任務", "e\u0301\u0301 " + new string('é', 90), "👩‍👩‍👧 family 👩‍👩‍👧", "\u001b[2J\r\nhostile \u202e"];
        foreach (var name in names)
            for (var columns = 1; columns < 130; columns++)
            {
                var line = ProgressLine.Of(Run((At(1, "log-likelihoods", 0, 6000), 0), (At(1, "log-likelihoods", 3000, 6000, name), 30)), columns);
                Assert.InRange(Cells.Width(line), 1, columns);
                Assert.DoesNotContain(line, char.IsControl);
            }
    }

    private const string Table = """
        | Metric          | Baseline | Difference of both |
        | --------------- | -------: | -----------------: |
        | ARC, acc_norm   |    55.71 |             -27.14 |
        | 模型 評估 任務任務任務 |     1.00 |              +1.00 |
        """;

    [Theory]
    [InlineData(58, 4)]
    [InlineData(48, 6)]
    [InlineData(40, 7)]
    public void A_table_takes_as_many_lines_as_it_needs(int columns, int lines)
    {
        var fitted = FittedTable.Fit($"Before.\n\n{Table}\nAfter {new string('x', 60)}\n", columns).Split('\n');
        Assert.Equal("Before.", fitted[0]);
        Assert.Equal($"After {new string('x', 60)}", fitted[^2]);
        Assert.All(fitted[2..^2], line => Assert.InRange(Cells.Width(line), 1, columns));
        Assert.Equal(lines, fitted.Length - 4);
    }

    [Fact]
    public void A_table_too_wide_for_lines_becomes_a_block_a_row()
    {
        Assert.Equal("""
            ARC, acc_norm
              Baseline      55.71
              Difference    -27.14
              of both

            模型 評估 任務任務任務
              Baseline      1.00
              Difference    +1.00
              of both

            """, FittedTable.Fit(Table + "\n", 28));
        Assert.Equal(Table, FittedTable.Fit(Table, null));
    }
}
