using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary><c>cognito-eval plan</c> as a user runs it, where there is no libtorch.</summary>
public sealed class PlanCommandTests : IDisposable
{
    private readonly CommandLine line = new();

    public PlanCommandTests() => Directory.CreateDirectory(line.At("empty"));

    public void Dispose() => line.Dispose();

    private CommandLine.Outcome Run(params string[] args) =>
        line.Run([("COGNITO_LIBTORCH", line.At("empty"))], ["plan", .. args]);

    private JsonNode Json(params string[] args)
    {
        var outcome = Run(["--json", .. args]);
        Assert.True(outcome.Code == 0, outcome.Error);
        return JsonNode.Parse(outcome.Out)!;
    }

    private static long Number(JsonNode? node) => node!.GetValue<long>();

    [Fact]
    public void Windows_of_whole_texts_are_counted_beside_pairs()
    {
        var plan = Json("-t", "wikitext_as_stored,piqa", "--protocol", "lm-eval-0.4", "--data", Fixture.Path("shipped-tasks"));
        var tasks = plan["tasks"]!.AsObject().ToDictionary(task => task.Key, task => task.Value!);
        Assert.Equal((7, 7, 14), (Number(tasks["wikitext_as_stored"]["documents"]), Number(tasks["wikitext_as_stored"]["requests"]), Number(tasks["piqa"]["requests"])));
        Assert.Equal(Number(plan["log_likelihood_tokens"]), tasks.Values.Sum(task => Number(task["forward_tokens"])));
    }

    [Fact]
    public void Numbers_are_consistent()
    {
        var plan = Json("--tokens-per-second", "1000");
        var tasks = plan["tasks"]!.AsObject().Select(task => task.Value!).ToList();
        Assert.Contains("gsm8k", plan["tasks"]!.AsObject().Select(task => task.Key));
        foreach (var task in tasks)
        {
            Assert.InRange(Number(task["distinct_requests"]), 1, Number(task["requests"]));
            Assert.InRange(Number(task["distinct_tokens"]), 1, Number(task["forward_tokens"]));
            Assert.InRange(Number(task["forward_tokens"]), 1, Number(task["tokens_by_request"]));
            Assert.Equal(
                (double)Number(task["tokens_by_request"]) / Number(task["forward_tokens"]),
                task["ratio"]!.GetValue<double>(), 9);
            Assert.Equal((0, 0), (Number(task["padding_tokens"]), Number(task["truncated_requests"])));
        }
        var (scored, generated) = (Number(plan["log_likelihood_tokens"]), Number(plan["generation_prompt_tokens"]));
        Assert.Equal(tasks.Sum(task => Number(task["forward_tokens"])), scored + generated);
        Assert.Equal(Number(plan["tasks"]!["gsm8k"]!["forward_tokens"]), generated);
        Assert.Equal(Number(plan["tasks"]!["gsm8k"]!["distinct_requests"]), Number(plan["generation_prompts"]));
        Assert.InRange(Number(plan["log_likelihood_batches"]), (scored - 1) / 4096, scored);
        Assert.Equal(scored / 1000.0, plan["log_likelihood_seconds"]!.GetValue<double>(), 9);
        var memory = plan["memory_bytes"]!;
        Assert.Equal(
            Number(memory["peak"]), Number(memory["weights"]) + Math.Max(
                Number(memory["shared_prefixes"]) + Number(memory["batch"]), Number(memory["generation"])));
    }

    [Fact]
    public void Weights_take_what_their_files_take_in_the_files_type()
    {
        var files = Directory.EnumerateFiles(CommandLine.Nano, "*.safetensors").Sum(file => new FileInfo(file).Length);
        var weights = Number(Json("-t", "winogrande", "--dtype", "bfloat16")["memory_bytes"]!["weights"]);
        Assert.InRange(files - weights, 0, 100_000); // the files' headers
    }

    [Fact]
    public void The_table_has_a_row_for_each_column_and_one_for_all()
    {
        var outcome = Run();
        Assert.True(outcome.Code == 0, outcome.Error);
        string[] rows = [.. outcome.Out.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal))
            .Select(l => l.Split('|')[1].Trim()).Where(name => name[0] != '-')];
        Assert.Equal(["Column", "ARC", "HellaSwag", "MMLU", "TruthfulQA", "Winogrande", "GSM8K", "all"], rows);
        Assert.Contains("memory: about", outcome.Out);
        Assert.DoesNotContain("tokens/s", outcome.Out);
    }

    [Fact]
    public void A_maximum_length_stands_in_for_config_json()
    {
        var model = line.Copy(CommandLine.Nano, "model");
        foreach (var file in Directory.EnumerateFiles(model))
            if (!Path.GetFileName(file).StartsWith("tokenizer", StringComparison.Ordinal))
                File.Delete(file);
        string[] args = ["-t", "arc", "--limit", "3", "--model", model, "--data", CommandLine.Samples];
        Assert.Null(Json([.. args, "--max-length", "512"])["memory_bytes"]);
        Assert.Equal(2, Run(args).Code);
    }

    [Fact]
    public void Smaller_batches_and_a_shorter_maximum_length_are_heeded()
    {
        var plan = Json("-t", "arc", "--limit", "3", "--max-length", "300", "--batch-tokens", "100");
        var arc = plan["tasks"]!["arc_challenge"]!;
        Assert.Equal(Number(arc["requests"]), Number(arc["truncated_requests"]));
        Assert.True(Number(plan["log_likelihood_batches"]) > 3);
    }

    [Theory]
    [InlineData("--tokens-per-second", "0", "above 0")]
    [InlineData("--tokens-per-second", "NaN", "above 0")]
    [InlineData("--tokens-per-second", "fast", "a number")]
    [InlineData("--batch-tokens", "0", "at least 1")]
    [InlineData("--max-length", "1", "at least 2")]
    [InlineData("--max-length", "2147483647", "at most")]
    [InlineData("--limit", "-3", "not a number above 0")]
    [InlineData("--num-fewshot", "-1", "0 or more")]
    [InlineData("--dtype", "int8", "int8")]
    [InlineData("--tasks", "winogrand", "did you mean winogrande?")]
    [InlineData("--model", "nowhere", "no such folder")]
    [InlineData("--data", "nowhere", "no such folder")]
    public void Bad_input_is_one_line_and_2(string option, string value, string fact)
    {
        var outcome = Run(option, value);
        Assert.Equal(2, outcome.Code);
        Assert.Empty(outcome.Out);
        var said = Assert.Single(
            outcome.Error.Split('\n'), l => l.Length > 0 && !l.StartsWith("note: ", StringComparison.Ordinal));
        Assert.StartsWith("cognito-eval: ", said);
        Assert.Contains(fact, said);
        Assert.DoesNotContain("System.", said);
    }

    [Fact]
    public void No_room_for_a_prompt_is_bad_input()
    {
        var outcome = Run("-t", "gsm8k", "--max-length", "100");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("leaves no room", outcome.Error);
    }
}
