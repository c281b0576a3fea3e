using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Where the rows of task files lie, what their files may be, and first files written for them.</summary>
public sealed class TaskFileRowsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Questions Ask(string more)
    {
        var file = _folder.Write("t.yaml", $"task: t\n{more}\ntest_split: test\noutput_type: generate_until\ndoc_to_text: \"{{{{q}}}}|{{{{n}}}}|{{{{b}}}}\"\ndoc_to_target: q\n");
        return Questions.Ask(TaskFileSet.Read([file], TaskSet.LmEval, []).Select("t").Tasks[0], new DataRoot(_folder.Path) { WorkingFolder = _folder.Path }, LmEval04.Rules);
    }

    private static string Json(string q) => $$"""{"q": "{{q}}", "n": 1.5, "b": true}""";

    [Theory]
    [InlineData("dataset_path: org/set\ndataset_name: one", "org/set/one")]
    [InlineData("dataset_path: org/set\ndataset_name: one", "org/set/data/one")]
    [InlineData("dataset_path: org/set\ndataset_name: one", "set/one")]
    [InlineData("dataset_path: org/set", "org/set")]
    [InlineData("dataset_path: org/set", "org/set/data")]
    [InlineData("dataset_path: org/set", "set")]
    [InlineData("dataset_path: org/set\ndataset_name: one", "t")]
    public void Rows_lie_where_the_dataset_or_the_task_says(string path, string place)
    {
        _folder.Write($"{place}/test.jsonl", Json("here"));
        Assert.Equal("here|1.5|True", Ask(path).Requests.Single().Context);
    }

    [Fact]
    public void The_dataset_itself_comes_before_the_task_and_that_before_the_last_part_of_its_name()
    {
        foreach (var (place, q) in new[] { ("set", "last"), ("t", "task"), ("org/set", "whole") })
        {
            _folder.Write($"{place}/test.jsonl", Json(q));
            Assert.StartsWith(q, Ask("dataset_path: org/set").Requests.Single().Context, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("json", "rows.jsonl", """{"q": "a", "n": 1, "b": true}""" + "\n" + """{"q": "c", "n": 2}""", "a|1|True", "c|2|None")]
    [InlineData("json", "rows.json", """[{"q": "a", "n": 1, "b": true}, {"q": "c", "n": 2, "b": null}]""", "a|1|True", "c|2|None")]
    [InlineData("json", "rows.json", """{"q": "a", "n": 1, "b": true}""" + "\n" + """{"q": "c", "n": 2, "b": null}""", "a|1|True", "c|2|None")]
    [InlineData("csv", "rows.csv", "q,n,b\na,1,True\nc,2,False\n", "a|1|True", "c|2|False")]
    [InlineData("csv", "rows.csv", "q,n,b\na,1.5,x\nc,2,7\n", "a|1.5|x", "c|2.0|7")]
    public void Files_that_a_task_names_are_read_as_the_reference_reads_them(string kind, string name, string text, params string[] expected)
    {
        _folder.Write(name, text);
        var asked = Ask($"dataset_path: {kind}\ndataset_kwargs:\n  data_files:\n    test: {name}");
        Assert.Equal(expected, asked.Requests.Select(request => request.Context));
    }

    [Fact]
    public void A_cell_of_csv_that_may_be_missing_is_refused()
    {
        _folder.Write("rows.csv", "q,n,b\na,1,NA\n");
        Assert.Contains("take for a missing value", Assert.Throws<InputException>(() => Ask("dataset_path: csv\ndataset_kwargs: {data_files: {test: rows.csv}}")).Message);
    }

    [Theory]
    [InlineData("""{"question": "x", "options": ["a", "b"], "label": 1}""", "multiple_choice", "Question: x\nAnswer:")]
    [InlineData("""{"question": "x", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "B"}""", "multiple_choice", "Question: x\nAnswer:")]
    [InlineData("""{"question": "x", "choices": ["a", "b"], "answer": "B"}""", "multiple_choice", "Question: x\nAnswer:")]
    [InlineData("""{"question": "x", "choices": ["a", "b"], "answer": "b"}""", "multiple_choice", "Question: x\nAnswer:")]
    [InlineData("""{"problem": "x", "solution": "42"}""", "generate_until", "Question: x\nAnswer:")]
    [InlineData("""{"text": "a page"}""", "loglikelihood_rolling", "")]
    public void A_first_file_asks_the_rows_it_was_written_for(string row, string type, string prompt)
    {
        _folder.Write("rows.jsonl", row);
        var dataset = new Dataset("first") { Folders = ["first"], Columns = [], Files = new Dictionary<string, IReadOnlyList<string>> { ["test"] = ["rows.jsonl"] } };
        var root = new DataRoot(_folder.Path) { WorkingFolder = _folder.Path };
        var text = NewTaskFile.Write("first", new("json", null, new Dictionary<string, string> { ["test"] = "rows.jsonl" }, "test", null), root.Read(dataset, "test").Rows);
        Assert.Contains($"output_type: {type}", text);
        var task = TaskFileSet.Read([_folder.Write("first.yaml", text)], TaskSet.LmEval, []).Select("first").Tasks[0];
        var asked = Questions.Ask(task, root, LmEval04.Rules);
        Assert.Equal(prompt, asked.Requests.First().Context);
        if (type == "multiple_choice")
            Assert.Equal(1, ((FiledDoc)asked.Docs[0].Doc).Gold);
    }

    [Fact]
    public void A_task_that_a_group_changes_is_asked_by_the_group_s_name_alone()
    {
        _folder.Write("set/test.jsonl", string.Join('\n', Enumerable.Range(0, 4).Select(i => $$"""{"q": "q{{i}}", "a": "a{{i}}"}""")));
        string Task(string name) => $"task: {name}\ndataset_path: set\ntraining_split: test\ntest_split: test\ndoc_to_text: q\ndoc_to_target: a\n";
        _folder.Write("f/one.yaml", Task("one"));
        _folder.Write("f/g.yaml", "group: g\ntask:\n  - task: one\n    num_fewshot: 1\naggregate_metric_list:\n  - metric: exact_match\n");
        _folder.Write("f/bad.yaml", Task("bad") + "nonsense: 1\n");
        var set = TaskFileSet.Read([Path.Combine(_folder.Path, "f")], TaskSet.LmEval, ["all"]);
        Assert.Equal(1, set.Select("g").Tasks.Single().Shots);
        Assert.Equal(["g"], set.Select("g").Scored.Where(group => group.IsAskedByName).Select(group => group.Name));
        Assert.Equal(0, set.Select("one").Tasks.Single().Shots);
        Assert.DoesNotContain(set.Select("one").Scored, group => group.IsAskedByName);
        Assert.Contains("in two ways", Assert.Throws<InputException>(() => set.Select("g,one")).Message);
        Assert.Contains("nonsense is no key", Assert.Throws<InputException>(() => set.Select("bad")).Message);
        Assert.Single(set.Refused);
    }
}
