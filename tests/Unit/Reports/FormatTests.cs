using System.Globalization;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using YamlDotNet.Serialization;

namespace Cognito.Eval.Tests;

/// <summary>A run as .eval_results, CSV and Markdown.</summary>
public sealed class FormatTests
{
    private static ReportedRun Made(string label = "made-up") => new(MadeRuns.OfMiniRows(), ".", label);

    private static Run Reference
    {
        get
        {
            var at = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(at.FullName, "Cognito.Eval.sln")))
                at = at.Parent!;
            return RunFile.Read(Path.Combine(at.FullName, "results", "reference", "Cognito-2x7B-bf16.json"));
        }
    }

    private static List<Dictionary<object, object>> Entries(Run run) => new DeserializerBuilder().Build()
        .Deserialize<List<Dictionary<object, object>>>(EvalResults.Yaml(run, TaskSet.Leaderboard.Columns, TaskSet.Leaderboard.Tasks));

    [Fact]
    public void Eval_results_name_the_datasets_of_the_hub()
    {
        var entries = Entries(Reference);
        Assert.Equal(
            ["allenai/ai2_arc arc_challenge 72.95", "Rowan/hellaswag hellaswag 88.96", "cais/mmlu mmlu 64.86",
                "truthfulqa/truthful_qa truthfulqa_mc 71.7", "allenai/winogrande winogrande 85.64", "openai/gsm8k gsm8k 70.36"],
            entries.Select(entry => entry["dataset"] is Dictionary<object, object> dataset
                ? $"{dataset["id"]} {dataset["task_id"]} {entry["value"]}" : ""));
        Assert.All(entries, entry => Assert.Contains("as reported", (string)entry["notes"]));
        Assert.All(entries, entry => Assert.IsType<Dictionary<object, object>>(entry["source"]));
    }

    [Fact]
    public void Eval_results_of_a_part_say_so()
    {
        var entries = Entries(Made().Run);
        Assert.Equal(3, entries.Count);
        Assert.Contains("5 of 1172 documents: not a leaderboard score", (string)entries[0]["notes"]);
        Assert.Equal("1970-01-01", entries[0]["date"]);
    }

    [Fact]
    public void Csv_holds_every_metric_and_reads_back()
    {
        var run = Made("=cmd|' /C calc'!A0, \"x\"");
        using var folder = new TemporaryFolder();
        var lines = CsvRows.Read(folder.Write("x.csv", ScoreTables.Csv([run, Made("b")], TaskSet.Leaderboard.Columns)))
            .Select(row => row.Cells).ToList();
        Assert.Equal(2 * (2 + 2 + 1 + 3), lines.Count); // metrics of three tasks, three columns, no average
        var line = lines.Single(line => (string?)line["run"] == "b" && (string?)line["name"] == "truthfulqa_mc" && (string?)line["metric"] == "mc2");
        Assert.Equal(run.Run.Results["truthfulqa_mc"]["mc2"] * 100, double.Parse((string)line["value"]!, CultureInfo.InvariantCulture));
        Assert.Equal("true", line["headline"]);
        Assert.DoesNotContain(lines, line => ((string)line["run"]!).StartsWith('='));
    }

    [Fact]
    public void Markdown_shows_runs_side_by_side_and_no_markup_of_theirs()
    {
        var text = ScoreTables.Markdown([Made("a|b<script>"), new(Reference, ".", "c")], TaskSet.Leaderboard.Columns);
        var lines = text.Split('\n');
        string[][] rows = [.. lines.Where(line => line.StartsWith('|')).Select(line => line.Trim('|').Replace("\\|", "/").Split('|').Select(cell => cell.Trim()).ToArray())];
        Assert.StartsWith(@"Beyond chance c is worse than a\|b&lt;script\> on ", lines[0]);
        Assert.Equal(["Benchmark", "Metric", @"a/b&lt;script\>", "c", "Difference"], rows[0]);
        Assert.Equal(["AI2 Reasoning Challenge (25-Shot)", "acc_norm", "72.95"], [rows[2][0], rows[2][1], rows[2][3]]);
        Assert.Equal(["Average", "", "-", "75.74", "-"], rows[^1]);
        Assert.Matches(@"^\d+\.\d\d ± \d+\.\d\d \\\*$", rows[2][2]);
        Assert.Contains(@"\* a\|b&lt;script\> is not a leaderboard score:", lines);
    }

    [Fact]
    public void Runs_of_one_model_are_told_apart()
    {
        using var folder = new TemporaryFolder();
        var first = RunFile.Write(MadeRuns.OfMiniRows(), Path.Combine(folder.Path, "1"));
        var second = RunFile.Write(MadeRuns.OfMiniRows() with { Circumstances = null }, Path.Combine(folder.Path, "2"));
        Assert.Equal(
            ["made-up (1970-01-01 00:00:00)", "made-up (2)"], ReportedRun.Read([first, Path.GetDirectoryName(second)!]).Select(run => run.Label));
    }
}
