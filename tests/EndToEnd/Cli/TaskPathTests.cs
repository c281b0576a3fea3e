using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>Task files on the command line: written, shown, planned, run, reported, compared.</summary>
public sealed class TaskPathTests : IDisposable
{
    private const string Rows = """
        {"question": "Which bird lays its eggs in other birds' nests?", "choices": ["the cuckoo", "the wren"], "answer": 0}
        {"question": "What do bees make out of nectar?", "choices": ["wax", "honey"], "answer": 1}
        {"question": "Which of these is a tree?", "choices": ["the thistle", "the willow"], "answer": 1}
        """;

    private readonly CommandLine _line = new();

    public TaskPathTests() => _line.Write("quiz.jsonl", Rows);

    public void Dispose() => _line.Dispose();

    private CommandLine.Outcome Done(params string[] args)
    {
        var outcome = _line.Run(args);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }

    private void Refused(string expected, params string[] args)
    {
        var outcome = _line.Run(args);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(expected, outcome.Error);
    }

    [Fact]
    public void From_rows_to_a_score()
    {
        var made = Done("tasks", "new", "quiz", "--from", "quiz.jsonl");
        Assert.Contains("Question: Which bird", made.Out);
        Refused("is there already", "tasks", "new", "quiz", "--from", "quiz.jsonl");
        Assert.Contains("quiz", Done("tasks", "--task-path", "quiz.yaml").Out);
        Assert.Contains("lm-eval-0.4", Done("plan", "--task-path", "quiz.yaml").Out);
        Assert.Contains("What do bees make", Done("prompt", "quiz", "--task-path", "quiz.yaml", "-n", "1").Out);
        var run = JsonNode.Parse(Done("--task-path", "quiz.yaml", "--json", "-q", "--device", "cpu", "-o", "r").Out)!;
        Assert.Equal("lm-eval-0.4", run["provenance"]!["protocol"]!.GetValue<string>());
        Assert.Equal(3, run["tasks"]!["quiz"]!["documents"]!.GetValue<int>());
        Assert.Equal("1.0", run["versions"]!["quiz"]!.ToJsonString());
        Assert.Empty(run["leaderboard"]!["notes"]!.AsArray());
        // The same again is the run that there is; another grade of the same questions is not.
        Assert.Contains("answered before", Done("--task-path", "quiz.yaml", "--device", "cpu", "-o", "r").Error);
        File.WriteAllText(_line.At("quiz.yaml"), File.ReadAllText(_line.At("quiz.yaml")).Replace("  - metric: acc\n", "  - metric: acc_bytes\n", StringComparison.Ordinal));
        Assert.DoesNotContain("answered before", Done("--task-path", "quiz.yaml", "--device", "cpu", "-o", "r").Error);
    }

    [Fact]
    public void What_is_let_pass_is_named_and_the_protocol_is_the_harness_own()
    {
        Done("tasks", "new", "quiz", "--from", "quiz.jsonl");
        File.AppendAllText(_line.At("quiz.jsonl"), "\n" + """{"question": "Which is which?", "choices": ["this", "this"], "answer": 0}""" + "\n");
        Refused("--allow equal-choices", "--task-path", "quiz.yaml", "-q");
        Refused("leave --protocol out", "--task-path", "quiz.yaml", "--protocol", "leaderboard-v1", "-q");
        Refused("nothing of that name", "--task-path", "quiz.yaml", "--allow", "equals", "-q");
        Refused("give --task-path too", "--allow", "equal-choices", "-q");
        var run = JsonNode.Parse(Done("--task-path", "quiz.yaml", "--allow", "equal-choices", "--json", "-q", "--device", "cpu", "-o", "r").Out)!;
        Assert.Equal(["quiz: --allow equal-choices: choices that are equal (document 3)"], run["leaderboard"]!["notes"]!.AsArray().Select(note => note!.GetValue<string>()));
        Assert.Contains("--allow equal-choices", Done("report", "r", "-f", "table").Out + Done("report", "r", "-f", "card").Out);
    }

    [Fact]
    public void A_reason_that_files_share_is_said_once()
    {
        _line.Write("files/_base", "dataset_path: org/rows\noutput_type: multiple_choice\ndoc_to_text: !function utils.text\n");
        foreach (var name in (string[])["north", "south", "west"])
            _line.Write($"files/{name}.yaml", $"include: _base\ntask: {name}\n");
        _line.Write("files/east.yaml", "task: east\nspeed: 3\n");
        var said = Done("tasks", "--task-path", "files").Error.TrimEnd().Split('\n');
        Assert.Equal(2, said.Length);
        Assert.Single(said, line => line.StartsWith("cannot be asked (3 tasks): ", StringComparison.Ordinal) && line.Contains("_base line 3: doc_to_text", StringComparison.Ordinal));
        Assert.Single(said, line => line.StartsWith("cannot be asked: ", StringComparison.Ordinal) && line.Contains("east.yaml line ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Texts_groups_and_tags_run_report_and_compare()
    {
        foreach (var part in (string[])["tasks", "data"])
            _line.Copy(Fixture.Path("task-files", part), part);
        string[] asked = ["--task-path", "tasks", "--tasks", "t08_pages,t07_lastword,t13_unweighted,second_tag", "--limit", "4", "--allow", "all", "-q", "--device", "cpu"];
        var run = JsonNode.Parse(Done([.. asked, "--json", "-o", "a"]).Out)!;
        Assert.Equal(["t13_unweighted"], run["groups"]!.AsObject().Select(group => group.Key));
        Assert.Equal(4, run["tasks"]!["t08_pages"]!["weights"]!["word_perplexity,none"]!.AsArray().Count);
        Assert.True(run["results"]!["t08_pages"]!["word_perplexity,none"]!.GetValue<double>() > 1);
        Assert.Equal(2, run["tasks"]!["t13_south"]!["num_fewshot"]!.GetValue<int>());
        var folder = Directory.GetDirectories(_line.At("a/cognito-nano")).Single();
        Assert.Empty((await ResultsSchema.Read()).Validate(File.ReadAllText(Path.Combine(folder, "results.json"))));
        Assert.Contains("t13_unweighted (group), acc,none", Done([.. asked, "-o", "a"]).Out);
        foreach (var format in (string[])["card", "table", "markdown", "html", "yaml", "csv"])
            Assert.Contains("t08_pages", Done("report", folder, "--format", format).Out.Replace("\\_", "_", StringComparison.Ordinal));
        Done("report", folder, "--format", "lm-eval", "-o", "theirs");
        var results = Golden.Json(Directory.GetFiles(_line.At("theirs/cognito-nano"), "results_*.json").Single());
        Assert.Equal("N/A", results["results"]!["t08_pages"]!["word_perplexity_stderr,none"]!.GetValue<string>());
        Assert.Equal("1.0", results["versions"]!["t13_unweighted"]!.GetValue<string>());
        var sample = JsonNode.Parse(File.ReadLines(Directory.GetFiles(_line.At("theirs/cognito-nano"), "samples_t08*").Single()).First())!;
        Assert.Equal(6, sample["word_perplexity"]![1]!.GetValue<int>());
        Done([.. asked, "--dtype", "bfloat16", "-o", "b"]);
        var compared = Done("compare", "a", "b").Out;
        Assert.Contains("compared as -ln word_perplexity,none", compared);
        Assert.Equal(0, _line.Run("gate", "-b", "a", "-c", "a").Code);
    }
}
