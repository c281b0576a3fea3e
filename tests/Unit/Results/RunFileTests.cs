using System.Text.Json;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>results.json: its schema, its round trip, and what is refused.</summary>
public sealed class RunFileTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cognito-eval-test");

    public void Dispose() => folder.Delete(recursive: true);

    private static Run Made() => MadeRuns.OfMiniRows();

    [Fact]
    public async Task A_run_is_written_as_the_schema_says()
    {
        var schema = await ResultsSchema.Read();
        Assert.Empty(schema.Validate(RunFile.ToJson(Made())));
        Assert.NotEmpty(schema.Validate(RunFile.ToJson(Made()).Replace("\"column\"", "\"colum\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_said_of_the_checkpoints_files_is_written_as_the_schema_says()
    {
        var about = Made().Provenance with { TokenizerNote = "tokenizer.json: has other merges", UnusedTensors = ["x"], UnusedTensorsCount = 101 };
        Assert.Empty((await ResultsSchema.Read()).Validate(RunFile.ToJson(Made() with { Provenance = about })));
    }

    [Fact]
    public async Task What_was_applied_to_generation_is_written_as_the_schema_says_and_reads_back()
    {
        var settings = JsonDocument.Parse("""{"repetition_penalty": 1.30, "bad_words_ids": [[5], [6, 7]]}""").RootElement
            .EnumerateObject().ToDictionary(setting => setting.Name, setting => setting.Value);
        var run = Made() with { Provenance = Made().Provenance with { Generation = new("config.json", settings, ["chat_format"]) } };
        var json = RunFile.ToJson(run);
        Assert.Empty((await ResultsSchema.Read()).Validate(json));
        Assert.Contains("\"repetition_penalty\": 1.30", json);
        Assert.DoesNotContain("\"generation\"", RunFile.ToJson(Made()));
        var read = RunFile.Read(RunFile.Write(run, folder.FullName)).Provenance.Generation!;
        Assert.Equal("config.json, as the reference applies it: repetition_penalty 1.30, bad_words_ids [[5],[6,7]]; "
            + "without effect on greedy answers: chat_format", $"{read}");
    }

    [Fact]
    public async Task Numbers_of_layers_are_written_as_the_schema_says_and_read_back()
    {
        static RoutingRecord Record(int? number) => new(3, [new([1], [1], 0) { Layer = number }]);
        static Run With(int? number) => Made() with { Routing = new Dictionary<string, RoutingRecord> { ["arc_challenge"] = Record(number) } };
        var json = RunFile.ToJson(With(7));
        Assert.Empty((await ResultsSchema.Read()).Validate(json));
        Assert.Equal([7], RunFile.Read(RunFile.Write(With(7), folder.FullName)).Routing!["arc_challenge"].Numbers);
        // As it was written before layers had numbers.
        Assert.DoesNotContain("\"layer\"", RunFile.ToJson(With(null)));
        Assert.DoesNotContain("numbers", RunFile.ToJson(With(null)));
        Assert.Equal([0], RunFile.Read(RunFile.Write(With(null), Path.Combine(folder.FullName, "before"))).Routing!["arc_challenge"].Numbers);
    }

    [Fact]
    public void A_run_reads_back_as_it_was_written()
    {
        var path = RunFile.Write(Made(), Path.Combine(folder.FullName, "a", "b"));
        Assert.Equal(File.ReadAllText(path), RunFile.ToJson(RunFile.Read(path)));
        Assert.Equal(RunFile.ToJson(RunFile.Read(path)), RunFile.ToJson(RunFile.Read(Path.GetDirectoryName(path)!)));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!)); // no temporary file stays
    }

    [Fact]
    public void The_references_keys_and_their_order_are_kept()
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(RunFile.ToJson(Made()))!;
        Assert.Equal(
            ["mc1", "mc1_stderr", "mc2", "mc2_stderr"], json["results"]!["truthfulqa_mc"]!.AsObject().Select(p => p.Key));
        Assert.Equal(
            ["model", "model_args", "num_fewshot", "batch_size", "batch_sizes", "device", "no_cache", "limit",
                "bootstrap_iters", "description_dict"],
            json["config"]!.AsObject().Select(p => p.Key));
        Assert.Equal(1, json["versions"]!["truthfulqa_mc"]!.GetValue<int>());
    }

    [Fact]
    public async Task The_reported_card_is_a_run_too()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Cognito.Eval.sln")))
            at = at.Parent!;
        var path = Path.Combine(at.FullName, "results", "reference", "Cognito-2x7B-bf16.json");
        Assert.Empty((await ResultsSchema.Read()).Validate(File.ReadAllText(path)));
        Assert.Equal("reported", RunFile.Read(path).Provenance.Kind);
    }

    [Theory]
    [InlineData("{", "not a run")]
    [InlineData("null", "null")]
    [InlineData("{\"schema_version\":7,\"leaderboard\":{\"columns\":{},\"average\":null,\"complete\":false,\"notes\":[]},\"provenance\":{\"model\":\"m\"}}", "schema version 7")]
    [InlineData("[1,2]", "not a run")]
    [InlineData("{\"schema_version\":1,\"leaderboard\":null,\"provenance\":{\"model\":\"m\"}}", "not a run")]
    [InlineData("{\"schema_version\":1,\"leaderboard\":{},\"provenance\":{\"model\":\"m\"}}", "not a run")]
    [InlineData("{\"schema_version\":1,\"leaderboard\":{\"columns\":{\"ARC\":1e300},\"average\":null,\"complete\":false,\"notes\":[]},\"provenance\":{\"model\":\"m\"}}", "no percentage")]
    [InlineData("{\"schema_version\":1,\"leaderboard\":{\"columns\":{\"ARC\":\"NaN\"},\"average\":null,\"complete\":false,\"notes\":[]},\"provenance\":{\"model\":\"m\"}}", "no percentage")]
    [InlineData("{\"results\":{\"arc_challenge\":5}}", "not a run")]
    public void What_is_not_a_run_is_refused_in_one_line(string json, string fact)
    {
        var path = Path.Combine(folder.FullName, "x.json");
        File.WriteAllText(path, json);
        var error = Assert.Throws<InputException>(() => RunFile.Read(path));
        Assert.Contains(fact, error.Message);
        Assert.StartsWith(path, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_standard_error_of_one_document_is_null() => Assert.Null(Estimate.FromValues([1.0]).StandardError);
}
