using Cognito.Eval.Comparison;
using Cognito.Eval.Data;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>Documents that flipped between two runs.</summary>
public sealed class FlipTests
{
    private static IReadOnlyList<Flip> Between(TwoRuns made) => Flip.Between(
        RunFile.Read(made.First), Path.GetDirectoryName(made.First)!, RunFile.Read(made.Second), Path.GetDirectoryName(made.Second)!);

    [Fact]
    public void They_are_those_that_the_comparison_counts_the_worst_first()
    {
        using var made = new TwoRuns();
        var flips = Between(made);
        var columns = RunComparison.Create(RunFile.Read(made.First), RunFile.Read(made.Second)).Columns;
        Assert.All(columns, column => Assert.Equal((column.Wins, column.Losses),
            (flips.Count(flip => flip.Column == column.Name && flip.Change > 0), flips.Count(flip => flip.Column == column.Name && flip.Change < 0))));
        Assert.Equal(flips.Select(flip => (flip.Change, flip.MarginChange ?? double.PositiveInfinity)).Order(), flips.Select(flip => (flip.Change, flip.MarginChange ?? double.PositiveInfinity)));
        Assert.All(flips, flip => Assert.Equal(flip.Before!.Scores.ContainsKey("acc_norm") ? flip.Before.Scores["acc_norm"] : flip.Before.Scores["acc"], flip.Baseline));
    }

    [Fact]
    public void Both_directions_are_shown_with_what_is_known_of_them()
    {
        using var made = new TwoRuns();
        var flips = Between(made);
        var text = FlipText.Markdown(flips, 3);
        var (lost, gained) = (flips.Count(flip => flip.Change < 0), flips.Count(flip => flip.Change > 0));
        Assert.StartsWith($"Lost: {lost} documents; the 3 that lost most, by the change of the score, then of the margin:\n\n1. arc_challenge {flips[0].DocId}: acc_norm 1.00, then 0.00; margin +", text);
        Assert.Contains($"\nGained: {gained} documents; the 3 that gained most, ", text);
        var before = flips[0].Before!;
        Assert.Contains($"   - right, baseline's: choice {before.Gold + 1} ({Decimals.Of(before.ChoiceLogprobs[before.Gold!.Value])}, then ", text);
        Assert.Contains("candidate's: choice ", text);
        Assert.EndsWith("In brackets log-likelihoods, baseline's and candidate's. Run both with --details full to see prompts and choices too.\n", text);
        Assert.Equal(6, text.Split('\n').Count(line => line.Length > 0 && char.IsAsciiDigit(line[0])));
        var generated = FlipText.Markdown([.. flips.Where(flip => flip.Task == "gsm8k")], 100);
        Assert.Contains("   - baseline: ", generated);
        Assert.Contains(", in \"So \\#\\#\\#\\# 0\"\n", generated);
        Assert.Equal("Lost: no document.\n\nGained: no document.\n", FlipText.Markdown([], 5));
    }

    [Fact]
    public void Details_in_full_show_prompts_ends_and_choices()
    {
        using var folder = new TemporaryFolder();
        string At(string name) => Path.Combine(folder.Path, name);
        DocDetail Doc(int prediction, string? text = null, params string[] choices) => new()
        {
            DocId = 7,
            Gold = 1,
            Prediction = prediction,
            Scores = new Dictionary<string, double> { ["acc"] = prediction == 1 ? 1 : 0 },
            Margin = prediction == 1 ? 0.5 : -0.25,
            ChoiceLogprobs = prediction == 1 ? [-2.5, -2] : [-1.75, -2],
            ChoiceLengths = [3, 4],
            ChoiceGreedy = [false, false],
            PromptTokens = 3,
            Truncated = 0,
            GeneratedText = text,
            Prompts = [$"{new string('x', 300)} Which is\na gas?\nAnswer:"],
            Choices = choices,
        };
        Run Of(double score) => MadeRuns.Nano.Without(task => task != "winogrande").With("winogrande", task => task with
        {
            Headline = "acc",
            Documents = 1,
            DocIds = [7],
            Scores = new Dictionary<string, IReadOnlyList<double>> { ["acc"] = [score] },
        });
        DetailsFile.Write(At("a"), "winogrande", [Doc(1, null, "lead", "oxygen | air")]);
        DetailsFile.Write(At("b"), "winogrande", [Doc(0, null, "lead", "oxygen | air")]);
        var flips = Flip.Between(Of(1), At("a"), Of(0), At("b"));
        Assert.Equal("""
            Lost: 1 document, by the change of the score, then of the margin, those first that lost most:

            1. winogrande 7: acc 1.00, then 0.00; margin +0.50, then -0.25 nats
               - prompt: ... Which is a gas? Answer:
               - candidate's: lead (-2.50, then -1.75)
               - right, baseline's: oxygen \| air (-2.00, then -2.00)

            Gained: no document.

            In brackets log-likelihoods, baseline's and candidate's. Prompts and texts are shown by their ends.

            """.ReplaceLineEndings("\n"), FlipText.Markdown(flips, 5));
        Assert.Contains("Not both runs kept details of these documents. Run both with --details full to see prompts and choices too.\n",
            FlipText.Markdown(Flip.Between(Of(1), At("a"), Of(0), At("none")), 5));
    }

    [Fact]
    public void Csv_holds_all_of_them_and_no_formula()
    {
        using var made = new TwoRuns();
        using var folder = new TemporaryFolder();
        var flips = Between(made);
        var rows = CsvRows.Read(folder.Write("x.csv", FlipText.Csv(flips))).Select(row => row.Cells).ToList();
        Assert.Equal(flips.Select(flip => $"{flip.Task} {flip.DocId}"), rows.Select(row => $"{row["task"]} {row["doc_id"]}"));
        Assert.All(rows, row => Assert.DoesNotContain('\n', (string)row["candidate_text"]!));
        Assert.StartsWith("column,task,doc_id,metric,baseline_score,candidate_score,change,", FlipText.Csv([]));
    }
}
