using System.Globalization;
using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Runs of which no files of lm-evaluation-harness are made.</summary>
public sealed class LmEvalRefusedTests : LmEvalRuns
{
    private string Refused(ReportedRun run, DataRoot data)
    {
        var e = Assert.Throws<InputException>(() => Write(run, data, Path.Combine(Folder.Path, "out")));
        Assert.False(Directory.Exists(Path.Combine(Folder.Path, "out")));
        Assert.DoesNotContain('\n', e.Message);
        return e.Message;
    }

    [Fact]
    public async Task A_run_that_kept_no_answers_is_refused() =>
        Assert.Contains(
            "winogrande.parquet: no such file, and it alone has the model's answers; run it again with --details scores",
            Refused(await RunAsync("winogrande", 0, details: DetailLevel.None), Mini));

    [Fact]
    public async Task Rows_that_the_run_did_not_read_are_refused()
    {
        var run = await RunAsync("arc_challenge", 0);
        var lines = File.ReadAllLines(Fixture.Path("mini", "data", "arc_challenge", "test.jsonl"));
        DataRoot With(string first)
        {
            Folder.Write("other/arc_challenge/test.jsonl", string.Join('\n', lines.Skip(1).Prepend(first)) + "\n");
            return DataRoot.Open(Path.Combine(Folder.Path, "other"));
        }
        Assert.Contains("its rows of arc_challenge ask other questions than the run did; give --data the rows that it read",
            Refused(run, With(lines[0].Replace("Which", "What"))));
        Assert.Contains("its rows of arc_challenge ask the same as the run did, but are not the same",
            Refused(run, With(lines[0].Replace("te_000", "te_999"))));
    }

    [Fact]
    public async Task Runs_of_other_protocols_and_the_harness_own_are_refused()
    {
        var run = await RunAsync("winogrande", 0);
        ReportedRun From(Provenance provenance) => run with { Run = run.Run with { Provenance = provenance } };
        Assert.Contains(
            "was asked by leaderboard-v1", Refused(From(run.Run.Provenance with { Protocol = "leaderboard-v1" }), Mini));
        Assert.Contains("run it with --protocol lm-eval-0.4", Refused(From(run.Run.Provenance with { Protocol = null }), Mini));
        Assert.Contains("lm-evaluation-harness's own file",
            Refused(From(run.Run.Provenance with { Kind = "lm-evaluation-harness", Source = "results.json" }), Mini));
    }

    [Fact]
    public async Task Damaged_results_and_details_are_refused()
    {
        var run = await RunAsync("winogrande,arc_challenge", 0);
        Assert.Contains("results.json: arc_challenge has no acc,none", Refused(run with
        {
            Run = run.Run with { Results = run.Run.Results.Where(task => task.Key != "arc_challenge").ToDictionary() },
        }, Mini));
        Assert.Contains("results.json: copa is no task of lm-eval-0.4", Refused(run with
        {
            Run = run.Run with { Tasks = new Dictionary<string, TaskRecord> { ["copa"] = run.Run.Tasks["winogrande"] } },
        }, Mini));
        Assert.Contains("name for a folder", Refused(run with
        {
            Run = run.Run with { Provenance = run.Run.Provenance with { Model = ".." } },
        }, Mini));
        var records = run.Run.Tasks["arc_challenge"];
        var details = DetailsReader.Read(run.Folder, "arc_challenge", records)!;
        DetailsFile.Write(run.Folder, "arc_challenge", [.. details.Select(doc => doc with
        {
            ChoiceLogprobs = [.. doc.ChoiceLogprobs.Take(1)],
            ChoiceLengths = [.. doc.ChoiceLengths.Take(1)],
            ChoiceTokens = [.. doc.ChoiceTokens.Take(1)],
            ChoiceGreedy = [.. doc.ChoiceGreedy.Take(1)],
            Gold = 0,
            Prediction = 0,
        })]);
        Assert.Contains("arc_challenge.parquet: has not an answer for each question", Refused(run, Mini));
    }
}
