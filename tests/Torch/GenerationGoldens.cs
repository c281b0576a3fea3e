using System.Text.Json;
using System.Text.Json.Nodes;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Torch;
using TorchSharp;

namespace Cognito.Eval.Tests;

/// <summary>What transformers generates under each setting, and a checkpoint's folder that says so.</summary>
internal static class GenerationGoldens
{
    private static readonly Lazy<JsonNode> File = new(() =>
        JsonNode.Parse(System.IO.File.ReadAllBytes(Fixture.Path("generation-goldens.json")))!);

    private static int MaxNewTokens => File.Value["max_new_tokens"]!.GetValue<int>();

    /// <summary>Checkpoint and case.</summary>
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var (checkpoint, its) in File.Value["checkpoints"]!.AsObject())
                foreach (var one in its!.AsArray())
                    cases.Add(checkpoint, one!["name"]!.GetValue<string>());
            return cases;
        }
    }

    /// <summary>A checkpoint with settings in one of its files.</summary>
    public static string Write(string into, string checkpoint, string file, JsonObject settings)
    {
        foreach (var path in Directory.EnumerateFiles(Fixture.Path("checkpoints", checkpoint)).Where(p => !p.EndsWith("golden.safetensors", StringComparison.Ordinal)))
            System.IO.File.Copy(path, Path.Combine(into, Path.GetFileName(path)));
        var config = JsonNode.Parse(System.IO.File.ReadAllBytes(Path.Combine(into, "config.json")))!.AsObject();
        foreach (var (key, value) in file == "config.json" ? settings : [])
            config[key] = value?.DeepClone();
        System.IO.File.WriteAllText(Path.Combine(into, "config.json"), config.ToJsonString());
        if (file != "config.json")
            System.IO.File.WriteAllText(Path.Combine(into, file), settings.ToJsonString());
        return into;
    }

    /// <summary>All prompts of a case: alone as the leaderboard asks them, then padded as larger batches are.</summary>
    public static void Check(string checkpoint, string name, torch.Device device) =>
        Check(checkpoint, name, folder => TorchModel.Load(folder, device, torch.ScalarType.Float32));

    public static void Check(string checkpoint, string name, Func<string, TorchModel> load)
    {
        var golden = File.Value["checkpoints"]![checkpoint]!.AsArray().Single(one => one!["name"]!.GetValue<string>() == name)!;
        var folder = Directory.CreateTempSubdirectory("generation-");
        try
        {
            Write(folder.FullName, checkpoint, golden["file"]!.GetValue<string>(), golden["settings"]!.AsObject());
            using var model = load(folder.FullName);
            var ends = model.Decoder.Config.EndIds;
            int[][] Generate(IEnumerable<Prompt> prompts) =>
                [.. model.Generate([.. prompts], (_, tokens) => ends.Contains(tokens[^1]))];

            var alone = golden["alone"]!.AsArray();
            Assert.Equal(alone.Select(row => Ints(row!["output"]!)), Generate(alone.Select(row => new Prompt(Ints(row!["prompt"]!), MaxNewTokens))));
            var rows = golden["together"]!["rows"]!.AsArray();
            var (width, pad) = (rows.Max(row => Ints(row!["prompt"]!).Length), golden["together"]!["pad"]!.GetValue<int>());
            var together = Generate(rows.Select(row => Ints(row!["prompt"]!)).Select(tokens =>
                new Prompt(tokens, MaxNewTokens) { Padding = [.. Enumerable.Repeat(pad, width - tokens.Length)] }));
            // The same where there is room for two of them, so that the others take their rows.
            Assert.Equal(together, Waiting(rows.Select(row => Ints(row!["prompt"]!)).Select(tokens =>
                new Prompt(tokens, MaxNewTokens) { Padding = [.. Enumerable.Repeat(pad, width - tokens.Length)], Stop = new StopAtIds(ends) })));
            Assert.Equal(alone.Select(row => Ints(row!["output"]!)), Waiting(alone.Select(row =>
                new Prompt(Ints(row!["prompt"]!), MaxNewTokens) { Stop = new StopAtIds(ends) })));
            IEnumerable<int[]> Waiting(IEnumerable<Prompt> prompts) => model.Generate(
                [new([.. prompts]) { CacheTokens = 2 * (prompts.Max(prompt => prompt.Tokens.Length) + MaxNewTokens) }]).Single().Select(row => row.Tokens);
            foreach (var (row, output) in rows.Zip(together).Where(pair => !pair.First!["is_close"]!.GetValue<bool>()))
                Assert.Equal(Ints(row!["output"]!), output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public static int[] Ints(JsonNode node) => node.Deserialize<int[]>()!;
}
