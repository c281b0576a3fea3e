using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Datasets;
using Cognito.Eval.Reports;
using Cognito.Eval.Reports.Html;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The page as text: what is in it, what is not, how large it is and how long it takes.</summary>
public sealed partial class HtmlReportTests
{
    [Fact]
    public void Names_notes_and_texts_are_never_markup()
    {
        using var made = new TwoRuns(TwoRuns.Script, TwoRuns.Image + "\" onload=\"x");
        var page = File.ReadAllText(made.Page());
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script>window", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\" onload=", page, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(page, "<script", RegexOptions.IgnoreCase)); // its own, and the documents
        Assert.Contains("&lt;/script&gt;&lt;script&gt;", page);
    }

    [Fact]
    public void The_page_names_nothing_outside_itself()
    {
        using var made = new TwoRuns();
        var page = File.ReadAllText(made.Page());
        Assert.DoesNotMatch("(?i)\\b(src|href)\\s*=\\s*[\"'](?!#)", page);
        Assert.DoesNotMatch("(?i)\\burl\\((?!#)|@import|<link|<base", page);
        Assert.Contains("default-src 'none'", page);
        Assert.DoesNotContain("unsafe-inline", page);
        Assert.DoesNotMatch("(?i)\\sstyle=", page); // the policy would refuse it
    }

    [Fact]
    public void The_same_runs_make_the_same_page()
    {
        using var made = new TwoRuns();
        Assert.Equal(File.ReadAllText(made.Page()), File.ReadAllText(made.Page()));
    }

    [Fact]
    public void Identifiers_are_unique()
    {
        using var made = new TwoRuns();
        var ids = Regex.Matches(File.ReadAllText(made.Page()), " id=\"([^\"]*)\"").Select(match => match.Groups[1].Value).ToList();
        Assert.True(ids.Count > 20);
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void Documents_carry_each_runs_scores_margins_and_texts()
    {
        using var made = new TwoRuns();
        var arc = Documents(File.ReadAllText(made.Page()))["tasks"]!.AsArray().Single(task => (string?)task!["name"] == "arc_challenge")!;
        var run = RunFile.Read(made.Second).Tasks["arc_challenge"];
        Assert.Equal(run.DocIds, arc["ids"]!.AsArray().Select(id => (int)id!));
        Assert.Equal(run.Scores["acc_norm"].Select(score => (int)score), arc["runs"]![1]!["right"]!.AsArray().Select(right => (int)right!));
        var details = DetailsReader.Read(Path.GetDirectoryName(made.Second)!, "arc_challenge", run)!;
        Assert.Equal(details.Select(doc => Math.Round(doc.Margin, 3)), arc["runs"]![1]!["margin"]!.AsArray().Select(margin => (double)margin!));
        var at = run.DocIds.Index().Single(doc => doc.Item == 3).Index;
        Assert.StartsWith("Question: Hostile: </script>", (string?)arc["question"]![at]);
        Assert.Equal(TwoRuns.Image, (string?)arc["choices"]![at]![2]);
    }

    [Fact]
    public void Differences_are_those_of_the_comparison()
    {
        using var made = new TwoRuns();
        var page = File.ReadAllText(made.Page());
        var comparison = RunComparison.Create(RunFile.Read(made.First), RunFile.Read(made.Second));
        var arc = comparison.Columns.Single(column => column.Name == "ARC");
        Assert.True(arc is { Wins: > 0, Losses: > 0, Interval: not null });
        Assert.Contains($"<td class=\"num\" data-label=\"Difference\">{Words.Signed(arc.Difference)} <span class=\"pm\">[{Words.Signed(arc.Interval!.Value.Low, 1)}, "
            + $"{Words.Signed(arc.Interval.Value.High, 1)}]</span></td>", page);
        Assert.Contains($"<a href=\"#documents?task=c%3AARC&amp;show=lower&amp;other=1\">{arc.Losses}</a>", page);
        Assert.Contains($"<a href=\"#documents?task=c%3AARC&amp;show=higher&amp;other=1\">{arc.Wins}</a>", page);
        Assert.DoesNotContain("<h2>Differences</h2>", File.ReadAllText(made.Page(runs: 1)));
    }

    [Fact]
    public void Runs_of_different_questions_are_shown_and_not_compared()
    {
        using var made = new TwoRuns();
        var run = RunFile.Read(made.Second);
        RunFile.Write(run with
        {
            Tasks = run.Tasks.ToDictionary(task => task.Key, task => task.Value with { NumFewshot = 3 }),
        }, Path.GetDirectoryName(made.Second)!);
        var page = File.ReadAllText(made.Page());
        Assert.Contains("Not compared: first and second were asked different questions: arc_challenge: 0 and 3 shots", page);
        Assert.Contains("AI2 Reasoning Challenge (0-Shot)", page);
        Assert.Contains("AI2 Reasoning Challenge (3-Shot)", page);
    }

    [Fact]
    public void Without_datasets_the_page_says_how_to_get_questions()
    {
        using var made = new TwoRuns();
        var page = File.ReadAllText(made.Page(texts: false));
        Assert.Contains("--data DIR", page);
        Assert.Null(Documents(page)["tasks"]![0]!["question"]);
    }

    [Fact]
    public void Rows_that_the_run_did_not_read_are_not_shown()
    {
        using var made = new TwoRuns();
        File.AppendAllText(Path.Combine(made.Data, "gsm8k", "test.jsonl"), "{\"question\":\"q\",\"answer\":\"#### 1\"}\n");
        var texts = DocTexts.Read([.. made.Runs().Select(run => run.Run)], TaskSet.Leaderboard.Tasks, DataRoot.Open(made.Data));
        Assert.Equal(["arc_challenge"], texts.Tasks.Keys);
        Assert.Contains("gsm8k/test.jsonl holds other rows than the run read", Assert.Single(texts.Notes));
    }

    [Theory]
    [InlineData("a", 3000)]
    [InlineData("é", 1500)]
    [InlineData("😀", 700)]
    public void A_text_is_cut_at_2_kB_between_characters(string character, int times)
    {
        var cut = DocTexts.Cut(string.Concat(Enumerable.Repeat(character, times)));
        var kept = cut[..cut.IndexOf(' ')];
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(kept), 2045, 2048);
        Assert.Equal("", kept.Replace(character, "", StringComparison.Ordinal));
        Assert.EndsWith(" characters more)", cut);
        Assert.Equal("short é", DocTexts.Cut("short é"));
    }

    [Fact]
    public void Calibration_of_known_documents_is_that_by_hand()
    {
        DocDetail Doc(int gold, params double[] p) => new()
        {
            DocId = 0,
            Gold = gold,
            Scores = new Dictionary<string, double>(),
            PromptTokens = 1,
            Truncated = 0,
            ChoiceLogprobs = [.. p.Select(x => Math.Log(x) - 9)],
        };
        var calibration = Calibration.FromDetails([Doc(0, 0.62, 0.38), Doc(1, 0.66, 0.34), Doc(1, 0.05, 0.95), Doc(0, double.NaN, 0.5)])!;
        Assert.Equal([2, 1], calibration.Bins.Select(bin => bin.Documents));
        Assert.Equal([0.5, 1], calibration.Bins.Select(bin => bin.Accuracy));
        Assert.Equal(0.64, calibration.Bins[0].Confidence, 12);
        Assert.Equal((2 * 0.14 + 0.05) / 3, calibration.Error, 12);
        Assert.Null(Calibration.FromDetails([]));
    }

    [Fact]
    public void Bins_of_under_ten_documents_and_none_break_the_line()
    {
        CalibrationBin Bin(int tenth, int documents) => new(documents, tenth / 10.0 + 0.05, 0.5) { Tenth = tenth };
        var line = Plots.Joined([Bin(2, 10), Bin(3, 40), Bin(4, 9), Bin(5, 12), Bin(7, 11)]).ToList();
        Assert.Equal([2, 3, 5, 7], line.Index().Where(point => point.Item.IsDefined()).Select(point => point.Index));
        Assert.Equal(10, line.Count);
    }

    [Theory]
    [InlineData("college physics", "college physics")]
    [InlineData("high school government and politics", "high school government\nand politics")]
    [InlineData("a_name_without_any_space_that_is_longer_than_two_lines", "a_name_without_any_\nspace_that_is_longer_t…")]
    [InlineData("模型模型模型模型模型模型模型模型模型模型模型模型", "模型模型模型模型模型模\n型模型模型模型模型模型…")]
    public void A_plots_names_take_at_most_two_lines(string name, string shown)
    {
        Assert.Equal(shown, PlotName.Fold(name));
        Assert.InRange(PlotName.Width(shown), 1, 23.0);
    }

    [Fact]
    public void The_page_begins_with_what_it_comes_to()
    {
        using var made = new TwoRuns();
        string Verdict(int runs) => Regex.Match(File.ReadAllText(made.Page(runs: runs)), "<p class=\"verdict\">(.*?)</p>").Groups[1].Value
            .Replace("\u2068", "", StringComparison.Ordinal).Replace("\u2069", "", StringComparison.Ordinal);
        var comparison = RunComparison.Create(RunFile.Read(made.First), RunFile.Read(made.Second));
        Assert.All(comparison.Columns, column => Assert.True(column is { AdjustedP: < 0.05, Difference: < 0 }));
        var (arc, gsm) = (comparison.Columns[0].Difference, comparison.Columns[1].Difference);
        Assert.StartsWith($"Beyond chance second is worse than first on ARC (by {Words.Fixed(-arc)} points) and GSM8K ({Words.Fixed(-gsm)}).", Verdict(2));
        Assert.StartsWith("<bdi>first</bdi> has scores of ARC and GSM8K, and no average. It is no leaderboard score", Verdict(1));
    }

    [Fact]
    public void A_run_beside_itself_differs_in_nothing()
    {
        using var made = new TwoRuns();
        var page = HtmlReport.Render(ReportedRun.Read([made.First, made.First]), TaskSet.Leaderboard.Columns);
        Assert.Contains(" score the same on each of the 100 documents that both were asked.</p>", page);
        Assert.DoesNotContain("show=higher", page, StringComparison.Ordinal);
    }
}
