using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>The rules that two runs' protocols differ in, of made-up runs.</summary>
public sealed class RuleDifferencesTests
{
    [Fact]
    public void Each_rule_that_can_move_a_number_is_named_for_its_benchmark()
    {
        var rules = Between(
            Run(LeaderboardV1.Rules, Leaderboard(25, 10, 5, 5, 5)),
            Run(LmEval04.Rules, LmEval(25, 10, 5, 5, 5)) with { Provenance = Of(LmEval04.Rules) with { AddBos = true } });
        Assert.Equal(["order of documents", "examples drawn", "tokenizer's files", "beginning of a text", "equal requests"], Names(rules, "ARC"));
        Assert.Equal(("Random(42) goes on after the shuffle", "Random(1234)"), Words(rules, "ARC", "examples drawn"));
        Assert.Equal("Random(1234), one more than are shown", Words(rules, "HellaSwag", "examples drawn").To);
        // The first rows are drawn by nobody, and all documents are asked.
        Assert.Equal(["tokenizer's files", "beginning of a text", "equal requests", "mean"], Names(rules, "MMLU"));
        Assert.Equal(("of the tasks", "of all tasks' documents"), Words(rules, "MMLU", "mean"));
        Assert.Equal(["tokenizer's files", "beginning of a text", "equal requests", "metric"], Names(rules, "TruthfulQA"));
        Assert.Equal(["order of documents", "examples drawn", "tokenizer's files", "beginning of a text", "end of an answer", "metric"], Names(rules, "GSM8K"));
        Assert.Equal(("mean of the columns", "none"), Words(rules, "Average", "mean"));
        Assert.Equal(("nothing", "a token of its own (BOS)"), Words(rules, "Winogrande", "beginning of a text"));
        Assert.Equal(["ARC", "HellaSwag", "MMLU", "TruthfulQA", "Winogrande", "GSM8K", "Average"], rules.Select(rule => rule.Column).Distinct());
    }

    [Fact]
    public void Examples_that_one_run_does_not_show_are_drawn_by_no_rule()
    {
        var rules = Between(Run(LeaderboardV1.Rules, Leaderboard(25, 10, 5, 5, 5)), Run(LmEval04.Rules, LmEval(0, 0, 0, 0, 5)));
        Assert.Equal(("25", "0"), Words(rules, "ARC", "shots"));
        Assert.DoesNotContain("examples drawn", Names(rules, "ARC"));
        Assert.DoesNotContain("shots", Names(rules, "GSM8K"));
    }

    [Fact]
    public void A_limit_makes_the_order_matter_where_nothing_is_drawn()
    {
        var rules = Between(Run(LeaderboardV1.Rules, Limited(Leaderboard(25, 10, 5, 5, 5))), Run(LmEval04.Rules, Limited(LmEval(25, 10, 5, 5, 5))));
        Assert.Contains("order of documents", Names(rules, "TruthfulQA"));
        Assert.DoesNotContain("mean", Names(rules, "MMLU"));
    }

    [Fact]
    public void The_harness_group_differs_in_shots_and_draws_alone()
    {
        var rules = Between(Run(LmEval04.Rules, LmEval(25, 10, 5, 5, 5)), Run(LmEval04.OpenLlm, LmEval(25, 10, 5, 5, 5)));
        Assert.Equal([("HellaSwag", "examples drawn"), ("Winogrande", "examples drawn")], rules.Select(rule => (rule.Column, rule.Rule)));
        Assert.Equal(["HellaSwag", "MMLU", "Winogrande"],
            Between(Run(LmEval04.Rules, LmEval(25, 10, 0, 0, 5)), Run(LmEval04.OpenLlm, LmEval(25, 10, 5, 5, 5))).Select(rule => rule.Column));
    }

    [Fact]
    public void Runs_of_one_protocol_have_none()
    {
        Assert.Empty(Between(Run(LeaderboardV1.Rules, Leaderboard(25, 10, 5, 5, 5)), Run(LeaderboardV1.Rules, Leaderboard(0, 0, 0, 0, 0))));
        Assert.Empty(BridgeText.Rules("a", "b", []));
    }

    [Fact]
    public void Of_a_file_of_the_harness_it_is_said_what_is_not_known()
    {
        var file = Run(LmEval04.Rules, LmEval(25, 10, 5, 5, 5)) with
        {
            Provenance = new() { Kind = HarnessFile.Kind, Model = "m", Protocol = "lm-eval-0.4.9.2", Dtype = "torch.bfloat16" },
        };
        var ours = Run(LeaderboardV1.Rules, Leaderboard(25, 10, 5, 5, 5)) with
        {
            Provenance = Of(LeaderboardV1.Rules) with { Dtype = "float32", LogprobDtype = "float32" },
        };
        var rules = Between(ours, file);
        Assert.Equal(("nothing", "as the tokenizer and the version had it"), Words(rules, "ARC", "beginning of a text"));
        Assert.Equal(("float32, log-probabilities in float32", "bfloat16, log-probabilities in the model's type"), Words(rules, "ARC", "rounding"));
    }

    /// <summary>What is said of stops is what the tasks' documents have.</summary>
    [Fact]
    public void Words_on_stops_name_those_of_the_tasks()
    {
        var rules = Between(Run(LeaderboardV1.Rules, Leaderboard(25, 10, 5, 5, 5)), Run(LmEval04.Rules, LmEval(25, 10, 5, 5, 5)));
        string[] Stops(Protocol protocol) =>
            [.. ((FreeForm)Questions.Ask(TaskSet.Of(protocol).Tasks.Single(task => task.Name == "gsm8k"), new(Fixture.Path("mini", "data")), protocol).Docs[0].Doc).Stops];
        var (from, to) = Words(rules, "GSM8K", "end of an answer");
        Assert.Equal([":", "Question:", "Question"], Stops(LeaderboardV1.Rules));
        Assert.Equal("at a colon or \"Question\"", from);
        Assert.Equal("Question:", Stops(LmEval04.Rules)[0]);
        Assert.StartsWith("at \"Question:\"", to);
    }

    private static IReadOnlyList<RuleDifferences> Between(Run one, Run other) => RuleDifferences.Between(one, other, TaskSet.Of);

    private static IEnumerable<string> Names(IEnumerable<RuleDifferences> rules, string column) =>
        rules.Where(rule => rule.Column == column).Select(rule => rule.Rule);

    private static (string From, string To) Words(IEnumerable<RuleDifferences> rules, string column, string name) =>
        rules.Where(rule => rule.Column == column && rule.Rule == name).Select(rule => (rule.Baseline, rule.Candidate)).Single();

    private static Provenance Of(Protocol protocol) => new() { Model = "m", Protocol = protocol.Name, AddBos = false };

    private static Run Run(Protocol protocol, IReadOnlyDictionary<string, TaskRecord> tasks) => new()
    {
        Leaderboard = new(new Dictionary<string, double?>(), null, false, []),
        Tasks = tasks,
        Provenance = Of(protocol),
    };

    private static Dictionary<string, TaskRecord> Leaderboard(int arc, int hellaSwag, int mmlu, int winogrande, int gsm8k) => new()
    {
        ["arc_challenge"] = Task("ARC", arc, 10),
        ["gsm8k"] = Task("GSM8K", gsm8k, 10),
        ["hellaswag"] = Task("HellaSwag", hellaSwag, 10),
        ["hendrycksTest-anatomy"] = Task("MMLU", mmlu, 10),
        ["hendrycksTest-philosophy"] = Task("MMLU", mmlu, 30),
        ["truthfulqa_mc"] = Task("TruthfulQA", 0, 10),
        ["winogrande"] = Task("Winogrande", winogrande, 10),
    };

    private static Dictionary<string, TaskRecord> LmEval(int arc, int hellaSwag, int mmlu, int winogrande, int gsm8k) => new()
    {
        ["arc_challenge"] = Task("ARC", arc, 10),
        ["gsm8k"] = Task("GSM8K", gsm8k, 10),
        ["hellaswag"] = Task("HellaSwag", hellaSwag, 10),
        ["mmlu_anatomy"] = Task("MMLU", mmlu, 10),
        ["mmlu_philosophy"] = Task("MMLU", mmlu, 30),
        ["truthfulqa_mc1"] = Task("truthfulqa_mc1", 0, 10),
        ["truthfulqa_mc2"] = Task("TruthfulQA", 0, 10),
        ["winogrande"] = Task("Winogrande", winogrande, 10),
    };

    private static Dictionary<string, TaskRecord> Limited(Dictionary<string, TaskRecord> tasks) =>
        tasks.ToDictionary(task => task.Key, task => task.Value with { Documents = 5 });

    private static TaskRecord Task(string column, int shots, int documents) => new()
    {
        Column = column,
        Headline = "acc",
        Split = "test",
        NumFewshot = shots,
        Documents = documents,
        SplitRows = documents,
        IsComplete = true,
        Requests = 1,
        TruncatedRequests = 0,
        TruncatedDocuments = 0,
        NearTies = new(0, 0, []),
        RequestsSha256 = new("", "", ""),
        DataSha256 = new Dictionary<string, string>(),
        DocIds = [],
        Scores = new Dictionary<string, IReadOnlyList<double>>(),
    };
}
