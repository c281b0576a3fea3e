using System.Text.Json.Nodes;
using Cognito.Eval.Journal;

namespace Cognito.Eval.Tests;

/// <summary>Runs that end early and go on.</summary>
public sealed class ResumeTests(ResumeTests.Whole whole) : StoppedRuns, IClassFixture<ResumeTests.Whole>
{
    /// <summary>Runs that nobody stops, each once for all tests that compare another with it, and the models of both.</summary>
    public sealed class Whole : StoppedRuns
    {
        private readonly Dictionary<string, List<string>> known = [];

        public string Model(string name, Action<string> change)
        {
            if (!Directory.Exists(line.At(name)))
                change(line.Copy(CommandLine.Nano, name));
            return line.At(name);
        }

        internal List<string> Of(string[] asked)
        {
            var key = string.Join(' ', asked);
            if (known.TryGetValue(key, out var bytes))
                return bytes;
            var root = $"{known.Count}";
            Works([.. asked, "-o", line.At(root)]);
            return known[key] = Bytes(root);
        }
    }

    [Theory]
    [InlineData("KILL", 137)]
    [InlineData("TERM", 130)]
    [InlineData("INT", 130)]
    public void A_run_that_is_stopped_goes_on_to_the_bytes_of_one_that_is_not(string signal, int code)
    {
        string[] full = [.. Small, "--details", "full", "--routing"];
        Stop("stopped", signal, code, full);
        Assert.Empty(Results("stopped"));
        var unfinished = JsonNode.Parse(Works("runs", line.At("stopped"), "--json").Out)!.AsArray().Single()!;
        Assert.Equal("unfinished", unfinished["state"]!.GetValue<string>());
        Assert.True(unfinished["answered"]!.GetValue<long>() > 0);

        var outcome = Works([.. full, "-o", line.At("stopped")]);
        Assert.Contains("requests were answered before", outcome.Error);
        Assert.Equal(whole.Of(full), Bytes("stopped"));
        Assert.True(Result("stopped")["run"]!["kept_requests"]!.GetValue<long>() > 0);
        Assert.Empty(Directory.EnumerateFiles(line.At("stopped"), "journal*", SearchOption.AllDirectories));
        Assert.Equal("[]", Works("runs", line.At("stopped"), "--json").Out.Trim());
    }

    [Theory]
    [InlineData("KILL", 137)]
    [InlineData("INT", 130)]
    public void What_is_noted_of_unused_tensors_is_noted_by_a_run_that_goes_on(string signal, int code)
    {
        var layers = Config(CommandLine.Nano)["num_hidden_layers"]!.GetValue<int>() - 1;
        var model = whole.Model("model", folder =>
        {
            var config = Config(folder);
            config["num_hidden_layers"] = layers;
            File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        });
        var result = StoppedAndWhole(
            signal, code, ["-t", Small[1], "--limit", "3", .. Small.Skip(4), "--model", model, "--data", CommandLine.Samples]);
        Assert.All(result["provenance"]!["unused_tensors"]!.AsArray(), name => Assert.StartsWith($"model.layers.{layers}.", (string?)name));
        Assert.Contains(result["leaderboard"]!["notes"]!.AsArray(), note => ((string)note!).Contains($"beyond config.json's {layers} layers"));
    }

    [Theory]
    // Stopped among log-likelihoods, and among answers.
    [InlineData("INT", 130, "winogrande,truthfulqa,gsm8k")]
    [InlineData("KILL", 137, "gsm8k")]
    public void What_is_no_number_is_counted_and_noted_by_a_run_that_goes_on(string signal, int code, string tasks)
    {
        var model = whole.Model("broken", folder => OverflowingNano.Change(folder, infinite: true));
        var result = StoppedAndWhole(
            signal, code, ["-t", tasks, "--limit", "3", .. Small.Skip(4), "--model", model, "--data", CommandLine.Samples]);
        foreach (var (_, task) in result["tasks"]!.AsObject())
            Assert.Equal(task!["requests"]!.GetValue<int>(), task["not_finite_requests"]!.GetValue<int>());
        string[] notes = [.. result["leaderboard"]!["notes"]!.AsArray().Select(note => (string)note!)];
        Assert.Contains(notes, note =>
            note.StartsWith("GSM8k: 3 of 3 answers were generated from logits that are no finite numbers", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.Contains("hold a NaN or an infinity", StringComparison.Ordinal));
    }

    /// <summary>
    /// The results of a run that is stopped and goes on, which are those of one that is not. Of a broken model few documents are
    /// time enough to be stopped in: it ends no answer before it is as long as answers may be.
    /// </summary>
    private JsonObject StoppedAndWhole(string signal, int code, string[] asked)
    {
        Stop("stopped", signal, code, asked);
        Assert.Empty(Results("stopped"));
        Works([.. asked, "-o", line.At("stopped")]);
        Assert.True(Result("stopped")["run"]!["kept_requests"]!.GetValue<long>() > 0);
        Assert.Equal(whole.Of(asked), Bytes("stopped"));
        return Result("stopped");
    }

    private static JsonNode Config(string model) => JsonNode.Parse(File.ReadAllText(Path.Combine(model, "config.json")))!;
}
