using System.Text.Json.Nodes;
using Cognito.Eval.Journal;

namespace Cognito.Eval.Tests;

/// <summary>Runs in parts, and what is made of the parts.</summary>
public sealed class ShardRunTests : StoppedRuns
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Shards_merge_to_the_bytes_of_the_undivided_run(int count)
    {
        string[] asked = ["-t", "winogrande,gsm8k,mmlu_philosophy", "--limit", "4", "--device", "cpu", "--routing"];
        Works([.. asked, "-o", line.At("whole")]);
        for (var i = 0; i < count; i++)
            Works([.. asked, "--shard", $"{i}/{count}", "-o", line.At("parts")]);
        Works("merge", line.At("parts"), "-o", line.At("joined"));
        Assert.Equal(Bytes("whole"), Bytes("joined"));
        Assert.Equal(count, Result("joined")["run"]!["shards"]!.GetValue<int>());
    }

    [Fact]
    public void Merge_names_shards_that_are_missing_unfinished_double_or_of_other_runs()
    {
        string[] asked = ["-t", "winogrande,truthfulqa", "--limit", "4", "--device", "cpu"];
        string Part(string name, params string[] more) => Works([.. asked, .. more, "-o", line.At(name)]).Out.Trim();
        var zero = Part("a", "--shard", "0/2");
        Refused("of 2 shards 1 is missing", "merge", zero);
        var one = Part("a", "--shard", "1/2");
        Refused("both are shard 0/2", "merge", zero, one, Part("b", "--shard", "0/2"));
        Refused("one is of 2 shards, the other of 3", "merge", zero, one, Part("c", "--shard", "2/3"));
        Refused("shards of different runs", "merge", zero, Part("d", "--shard", "1/2", "--num-fewshot", "0"));
        Refused("answers of different weights", "merge", zero, OtherWeights(one));
        Refused("no shard of a run is there", "merge", line.At("nowhere"));
        File.Delete(Path.Combine(one, "journal.sqlite"));
        Refused("journal is missing", "merge", zero, one);
        Refused("not a part of a run", "--shard", "2/2");
        Refused("neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX", "--shard", "auto");
    }

    [Fact]
    public void A_shard_that_ended_early_is_refused_by_merge_and_goes_on()
    {
        string[] part = [.. Small, "--shard", "0/1"];
        Works([.. Small, "-o", line.At("whole")]);
        Stop("parts", "KILL", 137, part);
        Refused("batches have no answer yet", "merge", line.At("parts"), "-o", line.At("joined"));
        Assert.Contains("requests were answered before", Works([.. part, "-o", line.At("parts")]).Error);
        Works("merge", line.At("parts"), "-o", line.At("joined"));
        Assert.Equal(Bytes("whole"), Bytes("joined"));
    }

    [Fact]
    public void A_cluster_says_which_shard()
    {
        var outcome = line.Run(
            [("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_MIN", "5"), ("SLURM_ARRAY_TASK_COUNT", "4")],
            "-t", "winogrande", "--limit", "2", "--device", "cpu", "--shard", "auto", "-o", line.At("slurm"));
        Assert.Contains("shard-2-of-4", outcome.Out);
        outcome = line.Run(
            [("JOB_COMPLETION_INDEX", "1"), ("JOB_COMPLETIONS", "3")],
            "-t", "winogrande", "--limit", "2", "--device", "cpu", "--shard", "auto", "-o", line.At("kubernetes"));
        Assert.Contains("shard-1-of-3", outcome.Out);
    }

    [Fact]
    public void A_merge_writes_over_a_merge_and_over_no_unfinished_run()
    {
        var shard = Works([.. Small, "--shard", "0/1", "-o", line.At("parts")]).Out.Trim();
        Stop("r", "KILL", 137, Small);
        Works("merge", shard, "-o", line.At("r"));
        Assert.True(Kept("r") > 0);
        var unfinished = JsonNode.Parse(Works("runs", line.At("r"), "--json").Out)!.AsArray().Single()!["folder"]!.GetValue<string>();
        Assert.False(File.Exists(Path.Combine(unfinished, "results.json")));
        Works("merge", shard, "-o", line.At("m"));
        Works("merge", shard, "-o", line.At("m"));
        Assert.Single(Results("m"));
    }

    [Fact]
    public void A_merge_refuses_a_checkpoint_that_ends_answers_otherwise()
    {
        var model = line.Copy(CommandLine.Nano, "model");
        var shard = Works("-t", "winogrande", "--limit", "2", "--device", "cpu", "--model", model, "--data", CommandLine.Samples,
            "--shard", "0/1", "-o", line.At("parts")).Out.Trim();
        File.AppendAllText(Path.Combine(model, "config.json"), "\n");
        Refused("config.json: not the one that the shards used", "merge", shard, "-o", line.At("m"));
    }

    private string OtherWeights(string shard)
    {
        var copy = line.Copy(shard, "other");
        using (var file = JournalFile.Open(Path.Combine(copy, JournalFile.Name)))
            file.Commit(new Dictionary<string, string> { ["weights_sha256"] = new('a', 64) }, []);
        return copy;
    }
}
