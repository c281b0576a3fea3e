using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary>Runs of a model whose layers are dealt to several devices.</summary>
public sealed class SplitRunTests : StoppedRuns
{
    private static readonly string[] Tasks = ["-t", "winogrande,truthfulqa,gsm8k,mmlu_philosophy", "--limit", "2"];

    private static string[] Held(JsonNode run) => [.. run["split"]!.AsArray().Select(stage => (string)stage!)];

    [Fact]
    public void Results_and_details_are_the_bytes_of_the_run_on_one_device()
    {
        string[] asked = [.. Tasks, "--details", "full", "--routing"];
        Works([.. asked, "--device", "cpu", "-o", line.At("one")]);
        var outcome = Works([.. asked, "--device", "cpu,cpu", "--split", "-o", line.At("two")]);
        Assert.Contains("--split: the weights take 0.0", outcome.Error);
        Assert.Contains("cpu: embedding, layers 0 to 2; cpu: layers 3 to 5, head", outcome.Error);
        Works([.. asked, "--device", "cpu,cpu,cpu", "--split", "3", "--threads", "6", "-o", line.At("three")]);
        Works([.. asked, "--device", "cpu,cpu,cpu,cpu", "--split", "2", "-o", line.At("copies")]);
        foreach (var other in (string[])["two", "three", "copies"])
            Assert.Equal(Bytes("one"), Bytes(other));
        Assert.Equal(["cpu: embedding, layers 0 to 2", "cpu: layers 3 to 5, head"], Held(Result("two")["run"]!));
        Assert.Equal(4, Held(Result("copies")["run"]!).Length);
        Assert.Equal(4, Result("copies")["run"]!["devices"]!.AsArray().Count);
        Assert.Null(Result("one")["run"]!["split"]);
    }

    [Fact]
    public void One_sequence_at_a_time_and_shards_are_the_bytes_of_one_device_too()
    {
        string[] split = ["--device", "cpu,cpu", "--split"], asked = ["-t", "winogrande,gsm8k", "--limit", "3"];
        Works([.. asked, "--device", "cpu", "--exact", "-o", line.At("exact")]);
        Works([.. asked, .. split, "--exact", "-o", line.At("exact-split")]);
        Assert.Equal(Bytes("exact"), Bytes("exact-split"));
        Works([.. asked, "--device", "cpu", "-o", line.At("whole")]);
        // One part by a split model, the other by one that is not.
        Works([.. asked, .. split, "--shard", "0/2", "-o", line.At("parts")]);
        Works([.. asked, "--device", "cpu", "--shard", "1/2", "-o", line.At("parts")]);
        Works("merge", line.At("parts"), "-o", line.At("joined"));
        Assert.Equal(Bytes("whole"), Bytes("joined"));
    }

    [Fact]
    public void A_run_that_is_killed_goes_on_to_the_same_bytes_split_or_not()
    {
        string[] asked = [.. Small.Except(["--device", "cpu"]), "--details", "full", "--routing"], split = ["--device", "cpu,cpu", "--split"];
        Works([.. asked, "--device", "cpu", "-o", line.At("whole")]);
        Stop("stopped", "KILL", 137, [.. asked, .. split]);
        Assert.Empty(Results("stopped"));
        Assert.Contains("requests were answered before", Works([.. asked, .. split, "-o", line.At("stopped")]).Error);
        Assert.Equal(Bytes("whole"), Bytes("stopped"));
        // Interrupted while split, and gone on with on one device.
        Stop("interrupted", "INT", 130, [.. asked, .. split]);
        Works([.. asked, "--device", "cpu", "-o", line.At("interrupted")]);
        Assert.Equal(Bytes("whole"), Bytes("interrupted"));
    }

    [Fact]
    public void What_cannot_be_split_is_refused_and_what_need_not_be_gets_copies()
    {
        string[] asked = ["-t", "winogrande", "--limit", "1", "-o", line.At("results")];
        Refused("--split: the model has 6 layers, too few for 7 devices; name at most 6", [.. asked, "--device", "cpu,cpu,cpu,cpu,cpu,cpu,cpu", "--split"]);
        Refused("--split: cpu is one device; name several with --device", [.. asked, "--device", "cpu", "--split"]);
        Refused("--split 3: 2 devices make no groups of 3", [.. asked, "--device", "cpu,cpu", "--split", "3"]);
        Refused("--split half: give auto, or how many devices share a copy", [.. asked, "--device", "cpu,cpu", "--split", "half"]);
        var outcome = Works([.. asked, "--device", "cpu,cpu", "--split", "auto"]);
        Assert.Contains("fit each of cpu,cpu", outcome.Error);
        Assert.Contains("a copy on each", outcome.Error);
        Assert.Null(Result("results")["run"]!["split"]);
    }

    [Fact]
    public void Bench_tells_how_busy_each_device_was()
    {
        string[] asked = ["bench", "-t", "winogrande,arc,gsm8k", "--limit", "2", "--together", "--prompts", "6", "--new-tokens", "4", "-q"];
        var bench = JsonNode.Parse(Works([.. asked, "--device", "cpu,cpu", "--split", "--json"]).Out)!;
        Assert.Equal(["cpu: embedding, layers 0 to 2", "cpu: layers 3 to 5, head"], bench["stages"]!.AsArray().Select(stage => (string)stage!));
        Assert.Equal(["all"], bench["columns"]!.AsObject().Select(column => column.Key));
        Assert.Equal(4, (int)bench["columns"]!["all"]!["documents"]!);
        foreach (var busy in (JsonNode[])[bench["columns"]!["all"]!["busy"]!, bench["generation"]!["Busy"]!])
        {
            Assert.Equal(2, busy.AsArray().Count);
            Assert.All(busy.AsArray(), share => Assert.InRange((double)share!, 0.001, 1.001));
        }
        // A shape of its own, with random weights: two copies of two stages.
        var shape = Path.Combine(CommandLine.Nano, "config.json");
        Assert.Contains("busy: cpu: embedding, layers 0 to 1: ",
            Works([.. asked, "--random", shape, "--layers", "4", "--device", "cpu,cpu,cpu,cpu", "--split", "2"]).Out);
        Refused("bench measures one device; name one, or give --split", [.. asked, "--device", "cpu,cpu"]);
    }
}
