using Cognito.Eval.Benchmarks;
using Cognito.Eval.Cli;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>What the program says of data that it asks: bounds, and shots that are not there.</summary>
public sealed class AskingTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Fact]
    public void Plan_refuses_more_rows_than_any_split_has_unless_the_bounds_are_lifted()
    {
        const string Row = """{"sentence":"The cup was fuller than the glass, as _ was new.","option1":"cup","option2":"glass","answer":"1"}""";
        var folder = Winogrande.Task.Dataset.Folders[0];
        line.Write($"data/{folder}/train.jsonl", string.Concat(Enumerable.Repeat(Row + "\n", 10)));
        var file = line.Write($"data/{folder}/validation.jsonl", string.Concat(Enumerable.Repeat(Row + "\n", RowBounds.Usual.Rows + 1)));
        string[] plan = ["plan", "-t", "winogrande", "--limit", "1", "--data", line.At("data"), "--json"];
        var outcome = line.Run(plan);
        Assert.Equal(2, outcome.Code);
        Assert.Equal($"cognito-eval: {file}: more than 200,000 rows of one split; take fewer rows, or lift the bounds with --unbounded",
            outcome.Error.Trim());
        outcome = line.Run([.. plan, "--unbounded"]);
        Assert.True(outcome.Code == 0, outcome.Error);
    }

    [Fact]
    public void Fewer_shots_than_the_leaderboards_are_noted()
    {
        const string Row = """{"question":"q","choices":["a","b","c","d"],"answer":3}""";
        line.Write("mmlu/anatomy/test.jsonl", Row + "\n");
        line.Write("mmlu/anatomy/dev.jsonl", Row + "\n" + Row + "\n");
        var notes = Evaluator.Ask(
            TaskSet.Leaderboard.Select("hendrycksTest-anatomy"), new() { Data = DataRoot.Open(line.Folder), Shots = 7 }).Notes;
        Assert.Contains(notes, note => note.Contains("MMLU: dev has 2 rows, so 2 shots stand in the prompts, not 7", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.Contains("MMLU: 2 shots, the leaderboard's are 5", StringComparison.Ordinal));
    }
}
