using System.CommandLine.Completions;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Cli;
using Cognito.Eval.Data;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using YamlDotNet.Serialization;

namespace Cognito.Eval.Tests;

/// <summary>A score that is none of the leaderboard's says so, and why, in every format and command.</summary>
public sealed class MarkedFormatTests : IDisposable
{
    private const string Reason = "GSM8K: 3 shots, the leaderboard's are 5; not a leaderboard score";

    /// <summary>All rows of GSM8K, but with other shots; the other columns are not there.</summary>
    private static readonly Run Other = MadeRuns.Nano.Without(task => task != "gsm8k").With("gsm8k", task => task with { NumFewshot = 3, IsComplete = false })
        is var run ? run with { Circumstances = MadeRuns.Nano.Timed().Circumstances, Leaderboard = run.Leaderboard with { Notes = [Reason] } } : null!;

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private string Reported(string run, string format)
    {
        Assert.Equal(0, ReportCommand.Create().Parse([run, "--format", format, "--output", line.At("report")]).Invoke());
        return File.ReadAllText(line.At("report"));
    }

    [Fact]
    public void Report_marks_the_score_and_gives_the_reason_in_every_format()
    {
        var file = RunFile.Write(Other, line.At("run"));
        // lm-eval is of runs of another protocol, whose own files have counts and settings of each task: LmEvalFilesTests.
        foreach (var format in ReportCommand.Create().Options.Single(option => option.Name == "--format").GetCompletions(CompletionContext.Empty)
            .Select(format => format.Label).Except(["lm-eval"]))
        {
            var text = Reported(file, format);
            Assert.Contains(format == "html" ? Reason.Replace("'", "&#39;") : Reason, format == "html" ? text.Replace("&#x27;", "&#39;") : text);
            Action marked = format switch
            {
                "table" => () => Assert.Contains("|GSM8k (3-shot) *", text),
                "card" => () => Assert.Equal(1 + 1, text.Split("|GSM8k (3-shot) *").Length - 1 + text.Split("name: accuracy (not a leaderboard score)").Length - 1),
                "yaml" => () => Assert.Contains("name: accuracy (not a leaderboard score)", text),
                "eval-results" => () => Assert.Contains("not a leaderboard score", text),
                "html" => () => Assert.Contains("<span class=\"star\">*</span>", text),
                "markdown" => () => Assert.Contains(" \\* |", text),
                "csv" => () => Assert.Equal(["false", "false"], CsvRows.Read(line.Write("x.csv", text)).Where(row =>
                    (string?)row.Cells["name"] is "GSM8K" or "gsm8k" && (string?)row.Cells["notes"] == Reason).Select(row => (string)row.Cells["complete"]!)),
                "every-eval-ever" => () => Assert.Contains("\"complete\": \"false\"", text),
                "json" => () => Assert.Contains("\"complete\": false", text),
                _ => () => Assert.Fail($"nothing is known of --format {format}"),
            };
            marked();
        }
        Assert.NotNull(new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(Reported(file, "yaml"))["model-index"]);
    }

    [Fact]
    public void Rows_that_are_not_the_locks_mark_their_column_though_none_is_missing()
    {
        const string Rows = "gsm8k: the rows of test are not those of datasets.lock.json (digest 0, not 1); not a leaderboard score";
        var whole = Other with { Tasks = new Dictionary<string, TaskRecord> { ["gsm8k"] = Other.Tasks["gsm8k"] with { NumFewshot = 5, IsComplete = true } } };
        Assert.DoesNotContain("GSM8k (5-shot) *", ModelCard.Table(whole with { Leaderboard = whole.Leaderboard with { Notes = [] } }, TaskSet.Leaderboard.Columns));
        Assert.Contains("GSM8k (5-shot) *", ModelCard.Table(whole with { Leaderboard = whole.Leaderboard with { Notes = [Rows] } }, TaskSet.Leaderboard.Columns));
    }

    [Fact]
    public void The_newest_run_of_a_folder_of_several_is_named()
    {
        RunFile.Write(Other, line.At("runs/nano/2026-01-01T00-00-00"));
        Assert.DoesNotContain("using", line.Run("report", "runs", "--format", "table").Error);
        var newest = RunFile.Write(Other, line.At("runs/nano/2026-01-02T00-00-00"));
        foreach (var args in (string[][])[["report", "runs", "--format", "table"], ["compare", "runs", newest], ["gate", "-b", "runs", "-c", newest]])
        {
            var outcome = line.Run(args);
            Assert.Equal(0, outcome.Code);
            Assert.Contains("using runs/nano/2026-01-02T00-00-00/results.json, the newest of 2\n", outcome.Error);
        }
        Assert.DoesNotContain("using", line.Run("report", "runs/nano/2026-01-01T00-00-00", "--format", "table").Error);
    }

    [Fact]
    public void None_of_two_has_an_interval_in_place_of_an_error()
    {
        var outcome = line.Run("-t", "winogrande", "-k", "0", "--limit", "2", "-q", "--device", "cpu");
        Assert.Contains("| Winogrande (0-shot), acc * |  0.00 | 0.00 to 65.76 |         2 |\n", outcome.Out);
        Assert.Contains("0.00 to 65.76: none or all are right, so a 95 % interval (Wilson's) stands in place of an error\n", outcome.Out);
    }
}
