using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>Runs whose checkpoint says how to generate, and runs whose logits are no numbers.</summary>
public sealed class GenerationRunTests : IDisposable
{
    private static readonly string[] Small = ["--limit", "2", "--device", "cpu", "--data", CommandLine.Samples];
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Fact]
    public void What_is_applied_stands_in_the_provenance_and_makes_another_run_of_it()
    {
        var model = line.Copy(CommandLine.Nano, "model");
        string[] generating = ["-t", "gsm8k", .. Small, "--model", model, "-o", line.At("r")];
        Assert.DoesNotContain("repetition_penalty", Works(generating).Error);
        var settings = JsonNode.Parse(File.Exists(Path.Combine(model, "generation_config.json"))
            ? File.ReadAllText(Path.Combine(model, "generation_config.json")) : """{"eos_token_id": 2}""")!.AsObject();
        settings["repetition_penalty"] = 1.3;
        settings["min_new_tokens"] = 8;
        File.WriteAllText(Path.Combine(model, "generation_config.json"), settings.ToJsonString());
        const string said = "generation_config.json, as the reference applies it: repetition_penalty 1.3, min_new_tokens 8";
        Assert.Contains(said, Works(generating).Error);
        var results = Results("r");
        Assert.Equal(2, results.Count);
        Assert.Null(Json(results[0])["provenance"]!["generation"]);
        Assert.Equal("""{"file":"generation_config.json","applied":{"repetition_penalty":1.3,"min_new_tokens":8}}""",
            Json(results[1])["provenance"]!["generation"]!.ToJsonString());
        Assert.Contains("generation: greedy decoding alone and repetition_penalty 1.3, min_new_tokens 8", Works("compare", results[0], results[1]).Out);
        Assert.Contains(said, Works("plan", "-t", "gsm8k", "--limit", "2", "--data", CommandLine.Samples, "--model", model).Error);

        settings["num_beams"] = 4;
        File.WriteAllText(Path.Combine(model, "generation_config.json"), settings.ToJsonString());
        var refused = line.Run(generating);
        Assert.Equal(2, refused.Code);
        Assert.Contains("generation_config.json: \"num_beams\" is 4: beam search is not done here", refused.Error);
        // It is nothing to log-likelihoods.
        Works("-t", "winogrande", "--limit", "2", "--device", "cpu", "--data", CommandLine.Samples, "--model", model, "-o", line.At("w"));
        Assert.Null(Json(Results("w").Single())["provenance"]!["generation"]);
    }

    [Fact]
    public void Answers_of_no_numbers_are_counted_noted_and_fail_the_gate()
    {
        string[] asked = ["-t", "winogrande,gsm8k", .. Small, "--dtype", "float16"];
        Works([.. asked, "--model", CommandLine.Nano, "-o", line.At("sound")]);
        var broken = OverflowingNano.Copy(line, "broken", infinite: false);
        Works([.. asked, "--model", broken, "-o", line.At("broken")]);
        var (sound, bad) = (Results("sound").Single(), Results("broken").Single());
        Assert.DoesNotContain("finite", File.ReadAllText(sound));
        var run = Json(bad);
        foreach (var (_, task) in run["tasks"]!.AsObject())
            Assert.Equal(task!["requests"]!.GetValue<int>(), task["not_finite_requests"]!.GetValue<int>());
        string[] notes = [.. run["leaderboard"]!["notes"]!.AsArray().Select(note => note!.GetValue<string>())];
        Assert.Contains(notes, note => note.StartsWith("GSM8k: 2 of 2 answers were generated from logits that are no finite numbers", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("Winogrande: 4 of 4 log-likelihoods are no finite numbers", StringComparison.Ordinal));

        foreach (var undecided in new[] { "undecided", "pass", "fail" })
        {
            var policy = line.Write("policy.yaml", $"undecided: {undecided}\ndelta: {{Average: 100, Winogrande: 100, GSM8K: 100}}\n");
            var gate = line.Run("gate", "-b", sound, "-c", bad, "--policy", policy, "--junit", line.At("junit.xml"));
            Assert.Equal((1, "Gate: regression: not a number"), (gate.Code, gate.Out.Split('\n')[0]));
            Assert.Contains("gsm8k 2 of 2", File.ReadAllText(line.At("junit.xml")));
        }
        var turned = line.Run("gate", "-b", bad, "-c", sound);
        Assert.Equal(2, turned.Code);
        Assert.Contains("the baseline broken answered 6 requests from what is no finite number", turned.Error);
    }

    [Fact]
    public void Shards_of_no_numbers_merge_to_the_bytes_of_the_undivided_run_and_name_the_weight()
    {
        string[] asked = ["-t", "winogrande,gsm8k", .. Small, "--model", OverflowingNano.Copy(line, "broken", infinite: true)];
        Works([.. asked, "-o", line.At("whole")]);
        for (var i = 0; i < 2; i++)
            Works([.. asked, "--shard", $"{i}/2", "-o", line.At("parts")]);
        Works("merge", line.At("parts"), "-o", line.At("joined"));
        var (whole, joined) = (Json(Results("whole").Single()), Json(Results("joined").Single()));
        whole.Remove("run");
        joined.Remove("run");
        Assert.Equal(whole.ToJsonString(), joined.ToJsonString());
        Assert.Equal(2, whole["tasks"]!["gsm8k"]!["not_finite_requests"]!.GetValue<int>());
        Assert.Contains(whole["leaderboard"]!["notes"]!.AsArray(), note => note!.GetValue<string>().StartsWith(
            "weights: model.layers.1.block_sparse_moe.experts.0.w2.weight and 1 more tensors hold a NaN or an infinity", StringComparison.Ordinal));
    }

    private List<string> Results(string root) =>
        [.. Directory.EnumerateFiles(line.At(root), "results.json", SearchOption.AllDirectories).OrderBy(Path.GetDirectoryName, StringComparer.Ordinal)];

    private static JsonObject Json(string path) => JsonNode.Parse(File.ReadAllText(path))!.AsObject();

    private CommandLine.Outcome Works(params string[] args)
    {
        var outcome = line.Run(args);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }
}
