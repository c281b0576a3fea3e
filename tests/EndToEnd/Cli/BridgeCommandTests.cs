using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>compare --why and --bridge across protocols, as a user runs them: the embedded checkpoint on the samples.</summary>
public sealed class BridgeCommandTests : IDisposable
{
    private const string Tasks = "truthfulqa,winogrande,gsm8k";

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private string Works(params string[] args)
    {
        var outcome = line.Run(args);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome.Out;
    }

    private void Refused(string fact, params string[] args)
    {
        var outcome = line.Run(args);
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.Contains(fact, Assert.Single(outcome.Error.TrimEnd().Split('\n')));
    }

    private string Scored(string name, params string[] more)
    {
        Works(["--tasks", Tasks, "--limit", "2", "--device", "cpu", "-o", name, "-q", .. more]);
        return name;
    }

    private static JsonNode Results(string folder) =>
        JsonNode.Parse(File.ReadAllText(Assert.Single(Directory.EnumerateFiles(folder, "results.json", SearchOption.AllDirectories))))!;

    [Fact]
    public void A_checkpoint_goes_from_one_protocol_to_the_other_by_steps_that_add_up()
    {
        var (v1, v04) = (Scored("v1"), Scored("v04", "--protocol", "lm-eval-0.4"));
        Refused("compare --why", "compare", v1, v04);
        var why = Works("compare", v1, v04, "--why");
        Assert.Contains("| TruthfulQA | order of documents  | shuffled by Random(42) ", why);
        Assert.Contains("| Average    | mean ", why);

        var json = JsonNode.Parse(Works("compare", v1, v04, "--bridge", "--device", "cpu", "--json", "-q"))!;
        var steps = json["steps"]!.AsArray();
        Assert.Empty(json["notes"]!.AsArray());
        foreach (var (folder, step) in new[] { (v1, steps[0]!), (v04, steps[^1]!) })
            foreach (var (column, value) in step["values"]!.AsObject())
                Assert.Equal(Results(line.At(folder))["leaderboard"]!["columns"]![column]!.GetValue<double>(), value!.GetValue<double>());
        Assert.Equal(["TruthfulQA", "Winogrande", "GSM8K"], json["columns"]!.AsArray().Select(column => column!.GetValue<string>()));
        foreach (var (column, sum) in json["sum"]!.AsObject())
            Assert.Equal(steps[^1]!["values"]![column]!.GetValue<double>() - steps[0]!["values"]![column]!.GetValue<double>(), sum!.GetValue<double>(), 1e-9);
        Assert.Contains(steps, step => step!["rule"]?.GetValue<string>() == "order of documents" && step["asked"]!["Winogrande"]!.GetValue<int>() > 0);
    }

    [Fact]
    public void What_a_file_of_the_harness_says_beyond_is_a_row_of_its_own()
    {
        var v1 = Scored("v1");
        var theirs = line.Write("results_2026-08-21.json", """
            {
              "results": {"truthfulqa_mc2": {"alias": "truthfulqa_mc2", "acc,none": 0.5, "acc_stderr,none": 0.1}},
              "n-shot": {"truthfulqa_mc2": 0}, "n-samples": {"truthfulqa_mc2": {"original": 6, "effective": 2}},
              "config": {"model": "hf", "model_args": "pretrained=nano", "limit": 2.0}, "lm_eval_version": "0.4.9", "model_name": "nano"
            }
            """);
        Assert.Contains("as the tokenizer and the version had it", Works("compare", v1, theirs, "--why"));
        var table = Works("compare", v1, theirs, "--bridge", "--device", "cpu", "-q");
        Assert.Contains("| lm-eval-0.4, as its file says |      50.00 |", table);
        Assert.Contains("| not explained ", table);
    }

    [Fact]
    public void Runs_of_task_files_are_crossed_by_their_settings()
    {
        foreach (var part in (string[])["tasks", "data"])
            line.Copy(Fixture.Path("task-files", part), part);
        string Filed(string name, params string[] more)
        {
            Works(["--task-path", "tasks", "--tasks", "t01_pond,t08_pages,t09_short", "--device", "cpu", "-o", name, "-q", .. more]);
            return name;
        }
        var (few, more) = (Filed("few", "--limit", "2"), Filed("more", "--limit", "3", "--num-fewshot", "1", "--bos", "no"));
        var json = JsonNode.Parse(Works("compare", few, more, "--bridge", "--device", "cpu", "--json", "-q"))!;
        Assert.Empty(json["notes"]!.AsArray());
        Assert.Equal(["t01_pond", "t08_pages", "t09_short"], json["columns"]!.AsArray().Select(column => column!.GetValue<string>()));
        Assert.Equal([null, "limit", "shots", "beginning of a text"], json["steps"]!.AsArray().Select(step => step!["rule"]?.GetValue<string>()));
        foreach (var (folder, step) in new[] { (few, json["steps"]![0]!), (more, json["steps"]![3]!) })
            foreach (var (task, points) in new[] { ("t01_pond", 100), ("t08_pages", 1), ("t09_short", 100) })
            {
                var results = Results(line.At(folder));
                var headline = results["tasks"]![task]!["headline"]!.GetValue<string>();
                Assert.Equal(results["results"]![task]![headline]!.GetValue<double>() * points, step["values"]![task]!.GetValue<double>());
            }
        Assert.Contains(" t08_pages |", Works("compare", few, more, "--bridge", "--device", "cpu", "-q").Replace("\\_", "_", StringComparison.Ordinal));
    }

    [Fact]
    public void What_cannot_be_crossed_is_one_line()
    {
        var (nano, early) = (Fixture.Path("runs", "cognito-nano-200.json"), Fixture.Path("runs", "cognito-nano-early-200.json"));
        Refused("--model: it is for --bridge", "compare", nano, early, "--model", CommandLine.Nano);
        Refused("other weights", "compare", nano, early, "--bridge");
        Refused("one run", "compare", nano, "--bridge");
        Refused("no run.json beside", "compare", nano, nano, "--bridge");
        Refused("leave out --details", "compare", nano, nano, "--bridge", "--details");
        Refused("nothing that can be taken", "compare", nano, nano, "--bridge", "--model", CommandLine.Nano, "--data", CommandLine.Samples);
    }
}
