using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>The samples with a tiny checkpoint of each architecture, and bytes for a tokenizer.json.</summary>
public sealed class FamiliesTests : IDisposable
{
    private const string Tasks = "arc,hellaswag,truthfulqa,winogrande,gsm8k,mmlu_philosophy";
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    /// <summary>The first checkpoint of each architecture.</summary>
    public static TheoryData<string, string> Families => new(
        Directory.EnumerateDirectories(Fixture.Path("checkpoints"), "tiny-*").Order(StringComparer.Ordinal)
            .Select(folder => (Architecture: Architecture(folder), Tiny: Path.GetFileName(folder)))
            .DistinctBy(family => family.Architecture));

    private static string Architecture(string folder) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!["architectures"]![0]!.GetValue<string>();

    [Theory]
    [MemberData(nameof(Families))]
    public void The_samples_are_scored(string architecture, string tiny)
    {
        var model = line.Copy(Fixture.Path("checkpoints", tiny), tiny);
        File.Delete(Path.Combine(model, "golden.safetensors"));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(model, "config.json")))!;
        (config["text_config"] ?? config)["max_position_embeddings"] = 512; // many bytes a prompt, and all families in a minute
        File.WriteAllText(Path.Combine(model, "config.json"), config.ToJsonString());
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), Bytes().ToJsonString());
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), $$"""{"eos_token": "{{ByteLevelJson.End}}"}""");
        var outcome = line.Run(
            "-m", model, "-d", CommandLine.Samples, "-t", Tasks, "-l", "1", "--device", "cpu", "--json", "--quiet");
        Assert.True(outcome.Code == 0, outcome.Error);
        var run = JsonNode.Parse(outcome.Out)!;
        Assert.Equal(architecture, (string?)run["provenance"]!["architecture"]);
        var results = run["results"]!.AsObject();
        Assert.Equal(6, results.Count);
        Assert.All(results, task => Assert.All(task.Value!.AsObject(), score => Assert.InRange(score.Value?.GetValue<double>() ?? 0, 0, 1)));
        // The one score that no single answer makes 0 or 1; random weights make it small.
        Assert.InRange((double)results["truthfulqa_mc"]!["mc2"]!, double.Epsilon, 1 - 1e-9);
    }

    /// <summary>256 bytes without a merge: no tiny model knows fewer tokens, and the end of text is asked of none.</summary>
    private static JsonObject Bytes()
    {
        var json = ByteLevelJson.Of(added: ByteLevelJson.Added(256, ByteLevelJson.End));
        var model = json["model"]!.AsObject();
        model["merges"] = new JsonArray();
        foreach (var (token, _) in model["vocab"]!.AsObject().Where(entry => (int)entry.Value! >= 256).ToList())
            model["vocab"]!.AsObject().Remove(token);
        return json;
    }
}
