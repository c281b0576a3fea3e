using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>Runs of one checkpoint in several layouts, and of weights that nobody uses.</summary>
public sealed class LayoutRunTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    private string Model(ChangedCheckpoint checkpoint, string parent)
    {
        var model = checkpoint.Write(line.At(parent, "m"));
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), ByteLevelJson.Of().ToJsonString());
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), $$"""{"eos_token": "{{ByteLevelJson.End}}"}""");
        return model;
    }

    private JsonObject Run(string model, string output, params string[] more)
    {
        var outcome = line.Run(["-m", model, "-d", CommandLine.Samples, "-t", "winogrande,gsm8k", "-l", "2", "-o", line.At(output),
            "--device", "cpu", "--quiet", .. more]);
        Assert.True(outcome.Code == 0, outcome.Error);
        return more.Contains("--shard") ? [] : Result(output);
    }

    private JsonObject Result(string output)
    {
        var path = Directory.EnumerateFiles(line.At(output), "results.json", SearchOption.AllDirectories).Single();
        var result = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        result.Remove("run");
        return result;
    }

    [Fact]
    public void Results_of_packed_experts_differ_in_the_weights_hash_alone()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-mixtral-packed");
        var packed = Run(Model(checkpoint, "packed"), "a");
        for (var layer = 0; layer < 4; layer++)
            checkpoint.Unpack(layer);
        var apart = Run(Model(checkpoint, "apart"), "b");
        var (one, other) = (packed["provenance"]!.AsObject(), apart["provenance"]!.AsObject());
        Assert.NotEqual((string?)one["weights_sha256"], (string?)other["weights_sha256"]);
        one.Remove("weights_sha256");
        other.Remove("weights_sha256");
        Assert.Equal(packed.ToJsonString(), apart.ToJsonString());
    }

    [Fact]
    public void Unused_tensors_stand_in_the_results_whole_and_merged()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-mixtral-packed");
        checkpoint.Config["num_hidden_layers"] = 3;
        checkpoint.Config["clip_qkv"] = 8;
        var model = Model(checkpoint, "unused");
        var whole = Run(model, "whole");
        string[] notes = [.. whole["leaderboard"]!["notes"]!.AsArray().Select(note => (string)note!)];
        Assert.Contains("config.json: \"clip_qkv\" is 8, which is not read, as in transformers", notes);
        Assert.Contains(notes, note => note.StartsWith("9 tensors beyond config.json's 3 layers left unused: ", StringComparison.Ordinal));
        var unused = whole["provenance"]!["unused_tensors"]!.AsArray();
        Assert.Equal((9, "model.layers.3.input_layernorm.weight"), (unused.Count, (string?)unused[0]));

        Run(model, "parts", "--shard", "0/2");
        Run(model, "parts", "--shard", "1/2");
        Assert.Equal(0, line.Run("merge", line.At("parts"), "-o", line.At("joined")).Code);
        Assert.Equal(whole.ToJsonString(), Result("joined").ToJsonString());
    }

    [Fact]
    public async Task Routing_goes_by_the_models_own_layers_whole_and_merged()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-qwen3-moe");
        var model = Model(checkpoint, "routed");
        var whole = Run(model, "whole", "--routing");
        var layers = whole["routing"]!["winogrande"]!["layers"]!.AsArray();
        Assert.Equal([1, 2, 3], layers.Select(layer => (int)layer!["layer"]!));
        var path = Directory.EnumerateFiles(line.At("whole"), "results.json", SearchOption.AllDirectories).Single();
        Assert.Empty((await ResultsSchema.Read()).Validate(File.ReadAllText(path)));
        Assert.Equal(0, line.Run("report", Path.GetDirectoryName(path)!, "--format", "html", "-o", line.At("page.html")).Code);
        Assert.Equal(["1", "2", "3"], System.Text.RegularExpressions.Regex
            .Matches(File.ReadAllText(line.At("page.html")), "<th scope=\"row\">Winogrande[^<]*</th><td class=\"num\" data-label=\"Layer\">([^<]*)</td>").Select(row => row.Groups[1].Value));

        Run(model, "parts", "--routing", "--shard", "0/2");
        Run(model, "parts", "--routing", "--shard", "1/2");
        Assert.Equal(0, line.Run("merge", line.At("parts"), "-o", line.At("joined")).Code);
        Assert.Equal(whole.ToJsonString(), Result("joined").ToJsonString());
    }

    [Fact]
    public async Task Of_many_unused_tensors_the_first_are_named_and_all_counted()
    {
        using var checkpoint = new ChangedCheckpoint("tiny-mixtral-packed");
        for (var i = 0; i < 150; i++)
            checkpoint.Tensors[$"vision.{i:000}"] = new("F32", [1], new byte[4]);
        checkpoint.Tensors["a." + new string('a', 5000)] = new("F32", [1], new byte[4]);
        var model = Model(checkpoint, "many");
        var whole = Run(model, "whole");
        var provenance = whole["provenance"]!;
        string[] named = [.. provenance["unused_tensors"]!.AsArray().Select(name => (string)name!)];
        Assert.Equal((100, 151), (named.Length, (int)provenance["unused_tensors_count"]!));
        Assert.Equal(["a." + new string('a', 251) + "...", "vision.000"], named[..2]);
        Assert.Contains(whole["leaderboard"]!["notes"]!.AsArray(), note => ((string)note!).StartsWith("151 tensors that ", StringComparison.Ordinal));
        var path = Directory.EnumerateFiles(line.At("whole"), "results.json", SearchOption.AllDirectories).Single();
        Assert.Empty((await ResultsSchema.Read()).Validate(File.ReadAllText(path)));

        Run(model, "parts", "--shard", "0/1");
        Assert.Equal(0, line.Run("merge", line.At("parts"), "-o", line.At("joined")).Code);
        Assert.Equal(whole.ToJsonString(), Result("joined").ToJsonString());
    }
}
