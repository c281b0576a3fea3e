using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Rows on which the reference stops, or that are of no use, are refused by file and row; what it runs is run.</summary>
public sealed class RowFaultTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private const string Arc = """{"question":"q?","choices":{"text":["a","b","c","d"],"label":["A","B","C","D"]},"answerKey":"B"}""";
    private const string HellaSwagRow = """{"activity_label":"x","ctx_a":"a","ctx_b":"b","endings":["1","2","3","4"],"label":"3"}""";
    private const string MmluRow = """{"question":"q","choices":["a","b","c","d"],"answer":3}""";
    private const string TruthfulQaRow =
        """{"question":"q","mc1_targets":{"choices":["t","f"],"labels":[1,0]},"mc2_targets":{"choices":["t","u","f"],"labels":[1,1,0]}}""";
    private const string WinograndeRow = """{"sentence":"The _ sat.","option1":"a","option2":"b","answer":"1"}""";
    private const string Gsm8kRow = """{"question":"q","answer":"so #### 7"}""";

    private static (string Folder, string Split, string? Shots, string Row, string Name) Of(string task) => task switch
    {
        "arc" => ("arc_challenge", "test", "train", Arc, "arc_challenge"),
        "hellaswag" => ("hellaswag", "validation", "train", HellaSwagRow, "hellaswag"),
        "mmlu" => ("mmlu/anatomy", "test", "dev", MmluRow, "hendrycksTest-anatomy"),
        "truthfulqa" => ("truthfulqa_mc", "validation", null, TruthfulQaRow, "truthfulqa_mc"),
        "winogrande" => ("winogrande_xl", "validation", "train", WinograndeRow, "winogrande"),
        _ => ("gsm8k", "test", "train", Gsm8kRow, "gsm8k"),
    };

    private Questions Ask(string task, IReadOnlyList<string> rows, IReadOnlyList<string>? shotRows = null, int? shots = 0, Limit? limit = null)
    {
        var (at, split, shotSplit, row, name) = Of(task);
        folder.Write($"{at}/{split}.jsonl", string.Join('\n', rows) + "\n");
        if (shotSplit is not null)
            folder.Write($"{at}/{shotSplit}.jsonl", string.Join('\n', shotRows ?? [row]) + "\n");
        return Questions.Ask(TaskSet.Leaderboard.Select([name]).Tasks.Single(), DataRoot.Open(folder.Path), LeaderboardV1.Rules, shots, limit);
    }

    private static string With(string row, string path, string? value)
    {
        var json = JsonNode.Parse(row)!;
        var parts = path.Split('.');
        var at = parts[..^1].Aggregate(json, (node, part) => node[part]!);
        if (value is null)
            at.AsObject().Remove(parts[^1]);
        else
            at[parts[^1]] = JsonNode.Parse(value);
        return json.ToJsonString();
    }

    [Theory]
    [InlineData("gsm8k", "answer", "\"7\"", "no \"#### \"")]
    [InlineData("gsm8k", "answer", "\"#### seven\"", "no \"#### \"")]
    [InlineData("gsm8k", "answer", "\"####7\"", "no \"#### \"")]
    [InlineData("truthfulqa", "mc2_targets.labels", "[1,1,1]", "mc2_targets has no false choice")]
    [InlineData("truthfulqa", "mc2_targets.labels", "[0,0,0]", "mc2_targets has no true choice")]
    [InlineData("truthfulqa", "mc1_targets.labels", "[1,1]", "mc1_targets has no false choice")]
    [InlineData("truthfulqa", "mc1_targets.labels", "[0,0]", "mc1_targets has no true choice")]
    [InlineData("truthfulqa", "mc1_targets.labels", "[1,2]", "label 2 is neither 0 nor 1")]
    [InlineData("truthfulqa", "mc2_targets.labels", "[1,0]", "3 choices and 2 labels")]
    [InlineData("truthfulqa", "mc2_targets.choices", "[]", "0 choices")]
    [InlineData("arc", "answerKey", "\"E\"", "names none of the 4 choices")]
    [InlineData("arc", "answerKey", "\"5\"", "names none of the 4 choices")]
    [InlineData("arc", "answerKey", "\"\"", "names none of the 4 choices")]
    [InlineData("arc", "choices.text", "[]", "names none of the 0 choices")]
    [InlineData("arc", "choices.label", "[\"A\",\"B\"]", "4 choices and 2 labels")]
    [InlineData("arc", "choices.label", "[\"P\",\"Q\",\"R\",\"S\"]", "is none of the labels")]
    [InlineData("hellaswag", "label", "\"4\"", "names none of the 4 endings")]
    [InlineData("hellaswag", "label", "\"\"", "the test split has no labels")]
    [InlineData("hellaswag", "endings", "[]", "names none of the 0 endings")]
    [InlineData("mmlu", "answer", "4", "names none of the 4 choices")]
    [InlineData("mmlu", "answer", "-1", "names none of the 4 choices")]
    [InlineData("mmlu", "choices", "[]", "0 choices")]
    [InlineData("winogrande", "answer", "\"3\"", "neither 1 nor 2")]
    [InlineData("winogrande", "sentence", "\"no gap\"", "without a gap")]
    public void A_row_that_cannot_be_graded_is_named(string task, string path, string value, string fact)
    {
        var row = Of(task).Row;
        var error = Assert.Throws<InputException>(() => Ask(task, [row, row, With(row, path, value)]));
        Assert.Contains($"{Of(task).Split}.jsonl line 3", error.Message);
        Assert.Contains(fact, error.Message);
        Assert.Contains("; ", error.Message + "; ");
    }

    [Theory]
    [InlineData("arc", "question")]
    [InlineData("arc", "choices")]
    [InlineData("arc", "choices.text")]
    [InlineData("arc", "answerKey")]
    [InlineData("hellaswag", "ctx_b")]
    [InlineData("hellaswag", "endings")]
    [InlineData("hellaswag", "label")]
    [InlineData("mmlu", "choices")]
    [InlineData("mmlu", "answer")]
    [InlineData("truthfulqa", "mc1_targets")]
    [InlineData("truthfulqa", "mc2_targets.labels")]
    [InlineData("winogrande", "option2")]
    [InlineData("winogrande", "answer")]
    [InlineData("gsm8k", "question")]
    [InlineData("gsm8k", "answer")]
    public void A_field_that_is_missing_null_or_of_another_kind_is_named(string task, string path)
    {
        var row = Of(task).Row;
        foreach (var value in (string?[])[null, "null", "true", "1.5", "[null]", "{\"x\":1}"])
        {
            var error = Assert.Throws<InputException>(() => Ask(task, [row, With(row, path, value)]));
            Assert.Contains($"{Of(task).Split}.jsonl line 2", error.Message);
            Assert.Contains($"\"{path.Split('.')[^1]}", error.Message);
            Assert.DoesNotContain("System.", error.Message);
        }
    }

    [Theory]
    [InlineData("arc", "choices.label", "[\"1\",\"2\",\"3\",\"4\"]")]
    [InlineData("arc", "answerKey", "\"2\"")]
    [InlineData("arc", "choices.text", "[\"\",\"b\",\"c\",\"d\"]")]
    [InlineData("gsm8k", "answer", "\"#### ,\"")]
    [InlineData("gsm8k", "answer", "\"a #### 5 b #### x\"")]
    [InlineData("truthfulqa", "mc2_targets.labels", "[0,1,0]")]
    [InlineData("truthfulqa", "mc1_targets.labels", "[0,1]")]
    [InlineData("hellaswag", "ctx_b", "\"\"")]
    [InlineData("winogrande", "option1", "\"\"")]
    public void What_the_reference_runs_is_asked(string task, string path, string value) =>
        Assert.Single(Ask(task, [With(Of(task).Row, path, value)]).Docs);

    [Fact]
    public void Examples_are_only_shown_so_they_need_no_answer()
    {
        var asked = Ask("gsm8k", [Gsm8kRow], [With(Gsm8kRow, "answer", "\"7\"")], shots: 1);
        Assert.Contains("Answer: 7\n\n", Assert.IsType<GreedyUntil>(asked.Docs[0].Requests[0]).Context);
    }

    [Fact]
    public void A_document_that_is_not_asked_is_not_graded()
    {
        string[] rows = [Gsm8kRow, With(Gsm8kRow, "answer", "\"7\"")];
        var first = new PythonRandom(42);
        int[] order = [0, 1];
        first.Shuffle(order);
        var limit = new Limit(1);
        Assert.Single(Ask("gsm8k", order[0] == 0 ? rows : [.. rows.Reverse()], limit: limit).Docs);
        Assert.Throws<InputException>(() => Ask("gsm8k", order[0] == 1 ? rows : [.. rows.Reverse()], limit: limit));
    }

    [Fact]
    public void More_shots_than_rows_are_an_error_where_they_are_drawn_and_as_many_as_there_are_where_they_are_the_first()
    {
        foreach (var task in (string[])["arc", "hellaswag", "winogrande", "gsm8k"])
            Assert.Contains("3 shots asked", Assert.Throws<InputException>(() => Ask(task, [Of(task).Row], [Of(task).Row, Of(task).Row], shots: 3)).Message);
        var asked = Ask("mmlu", [MmluRow], [MmluRow, MmluRow], shots: 7);
        Assert.Equal(2, asked.Shots);
        Assert.Equal(Ask("mmlu", [MmluRow], [MmluRow, MmluRow], shots: 2).Digest, asked.Digest);
        Assert.False(asked.IsComplete);
    }

    [Fact]
    public void A_choice_of_the_original_ARC_that_is_none_is_not_dropped()
    {
        var original = ArcChallenge.Task.Dataset.Originals[0];
        var row = new Row("x.jsonl line 1", new Dictionary<string, object?>
        {
            ["question"] = new Dictionary<string, object?> { ["stem"] = "q", ["choices"] = new object?[] { "a", "b" } },
            ["answerKey"] = "A",
        });
        Assert.Contains("choice 1 is no object", Assert.Throws<InputException>(() => original.ToRow(row)).Message);
    }
}
