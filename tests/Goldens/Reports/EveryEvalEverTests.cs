using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Files;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>A run as Every Eval Ever's record, held against its published schema.</summary>
public sealed class EveryEvalEverTests
{
    private static readonly SchemaFile Schema = new(Fixture.Path("every-eval-ever", "eval.schema.json"));

    private static (string Json, IReadOnlyList<string> LeftOut) Of(Run run) =>
        EveryEvalEver.Of(new(run, "nowhere", "label"), TaskSet.AllColumns, TaskSet.Leaderboard.Tasks);

    private static JsonNode Valid(Run run)
    {
        var (json, _) = Of(run);
        Assert.Empty(Schema.Validate(json));
        return JsonNode.Parse(json)!;
    }

    private static JsonNode Result(JsonNode record, string id) =>
        record["evaluation_results"]!.AsArray().Single(result => (string)result!["evaluation_result_id"]! == id)!;

    [Fact]
    public void The_schema_refuses_what_it_does_not_allow()
    {
        var (json, _) = Of(MadeRuns.Nano.Timed());
        Assert.Empty(Schema.Validate(json));
        foreach (var (right, wrong) in new[]
        {
            ("\"schema_version\"", "\"schema\""), ("\"hf_dataset\"", "\"hub\""), ("\"lower_is_better\"", "\"lower\""), ("\"max_score\": 1,", ""),
            ("\"self_deployed\"", "\"here\""), ("\"complete\": \"false\"", "\"complete\": false"), ("\"evaluation_run\"", "\"run\""),
        })
            Assert.NotEmpty(Schema.Validate(json.Replace(right, wrong, StringComparison.Ordinal)));
    }

    [Fact]
    public void It_has_every_metric_of_every_task_the_columns_of_several_and_the_average()
    {
        var run = MadeRuns.Nano.Timed();
        var record = Valid(run);
        Assert.Equal(run.Tasks.Sum(task => task.Value.Scores.Count) + 2, record["evaluation_results"]!.AsArray().Count);
        var arc = Result(record, "arc_challenge/acc_norm");
        Assert.Equal(run.Results["arc_challenge"]["acc_norm"], (double)arc["score_details"]!["score"]!);
        Assert.Equal(run.Results["arc_challenge"]["acc_norm_stderr"], (double)arc["score_details"]!["uncertainty"]!["standard_error"]!["value"]!);
        var interval = Interval.Wilson(run.Tasks["arc_challenge"].Scores["acc_norm"].Sum(), 200);
        Assert.Equal(interval.Low, (double)arc["score_details"]!["uncertainty"]!["confidence_interval"]!["lower"]!, 12);
        Assert.Equal(("allenai/ai2_arc", "test"), ((string)arc["source_data"]!["hf_repo"]!, (string)arc["source_data"]!["hf_split"]!));
        Assert.Equal("25", (string)arc["generation_config"]!["additional_details"]!["num_fewshot"]!);
        Assert.Equal(run.Leaderboard.Columns["MMLU"]!.Value / 100, (double)Result(record, "mmlu/acc")["score_details"]!["score"]!, 12);
        Assert.Equal(run.Leaderboard.Average!.Value / 100, (double)Result(record, "open_llm_leaderboard/average")["score_details"]!["score"]!, 12);
        Assert.Equal("greedy", (string)Result(record, "gsm8k/acc")["generation_config"]!["additional_details"]!["decoding"]!);
        Assert.Equal(("1700000000.25", "1700000060.25", "cognito-eval/cognito-nano/1700000000.25"), ((string)record["evaluation_timestamp"]!,
            (string)record["retrieved_timestamp"]!, (string)record["evaluation_id"]!));
        Assert.Equal(run.Leaderboard.Notes[0], (string)record["source_metadata"]!["additional_details"]!["note_1"]!);
    }

    [Fact]
    public void Samples_are_called_made_up()
    {
        var run = MadeRuns.Nano.Timed();
        var source = Result(Valid(run with { Provenance = run.Provenance with { Data = "samples" } }), "arc_challenge/acc")["source_data"]!;
        Assert.Equal(("other", "made up, not the benchmark's"), ((string)source["source_type"]!, (string)source["additional_details"]!["rows"]!));
        Assert.Equal("made-up", (string)Valid(MadeRuns.OfMiniRows().Timed())["model_info"]!["id"]!);
    }

    [Fact]
    public void Perplexities_have_no_upper_bound_and_what_is_no_number_is_named()
    {
        var run = MadeRuns.OfOneTask("word_perplexity,none", 15.5, [-10, -12], [3, 4]).Timed();
        var config = Result(Valid(run), "t/word_perplexity,none")["metric_config"]!;
        Assert.Equal((true, "Infinity", "none"), ((bool)config["lower_is_better"]!, (string)config["max_score"]!, (string)config["additional_details"]!["filter"]!));
        var (json, leftOut) = Of(run with { Results = new Dictionary<string, IReadOnlyDictionary<string, double?>> { ["t"] = new Dictionary<string, double?> { ["word_perplexity,none"] = null } } });
        Assert.Equal(["t: word_perplexity,none"], leftOut);
        Assert.Empty(Schema.Validate(json));
    }

    [Fact]
    public void What_is_no_measured_run_is_refused()
    {
        Assert.Contains("its results.json does not say when it was made", Assert.Throws<InputException>(() => Of(MadeRuns.Nano)).Message);
        var card = MadeRuns.Nano.Timed() with { Provenance = new() { Kind = "reported", Model = "card" } };
        Assert.Contains("card: numbers as reported", Assert.Throws<InputException>(() => Of(card)).Message);
    }
}
