using System.Text.Json.Nodes;
using Cognito.Eval.Journal;

namespace Cognito.Eval.Tests;

/// <summary>Runs that are found finished, of other weights, or at work.</summary>
public sealed class FoundRunTests : StoppedRuns
{
    [Fact]
    public void Answers_of_other_weights_are_never_used()
    {
        var model = line.Copy(CommandLine.Nano, "model");
        string[] asked = ["-t", "winogrande", "--limit", "4", "--device", "cpu", "--model", model, "--data", CommandLine.Samples];
        Works([.. asked, "-o", line.At("r")]);
        var before = Result("r")["provenance"]!["weights_sha256"]!.GetValue<string>();
        ChangeOneWeight(model);
        // The finished run lies there under the same key: only reading all of the weights tells.
        Works([.. asked, "-o", line.At("r")]);
        Works([.. asked, "-o", line.At("fresh")]);
        var now = Results("r").Select(file => JsonNode.Parse(File.ReadAllText(file))!)
            .Single(run => run["provenance"]!["weights_sha256"]!.GetValue<string>() != before);
        now.AsObject().Remove("run");
        Assert.Equal(Bytes("fresh")[0], now.ToJsonString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_journal_of_other_weights_is_begun_anew_whether_it_holds_answers_or_none(bool answers)
    {
        string[] part = ["-t", "winogrande", "--limit", "4", "--device", "cpu", "--shard", "0/1", "-o", line.At("parts")];
        var folder = Works(part).Out.Trim();
        var right = AnswerJournal.Peek(folder)!;
        using (var file = JournalFile.Open(Path.Combine(folder, JournalFile.Name)))
        {
            // What they hold is wrong, so that nobody can use it unnoticed.
            Entry[] wrong = [.. right.Entries.Select(entry => entry with { Replies = entry.Replies.Replace('1', '2') })];
            file.Clear();
            file.Commit(new Dictionary<string, string> { ["weights_sha256"] = new('a', 64) }, answers ? wrong : []);
        }
        Assert.Equal(answers, Works(part).Error.Contains("not the one whose answers were kept", StringComparison.Ordinal));
        var now = AnswerJournal.Peek(folder)!;
        Assert.Equal(right.WeightsSha256, now.WeightsSha256);
        Assert.Equal(right.Entries, now.Entries);
    }

    [Fact]
    public void An_unfinished_run_of_other_weights_is_asked_anew_and_counts_as_one_run()
    {
        string[] asked = [.. Small, "--model", CommandLine.Nano, "--data", CommandLine.Samples];
        Works([.. asked, "-o", line.At("whole")]);
        Stop("r", "KILL", 137, asked);
        var journal = Directory.EnumerateFiles(line.At("r"), JournalFile.Name, SearchOption.AllDirectories).Single();
        using (var file = JournalFile.Open(journal))
        {
            Entry[] wrong = [.. file.Entries().Entries.Select(entry => entry with { Replies = entry.Replies.Replace('1', '2') })];
            file.Commit(new Dictionary<string, string> { ["weights_sha256"] = new('a', 64) }, wrong);
        }
        Assert.Contains("not the one whose answers were kept", Works([.. asked, "-o", line.At("r")]).Error);
        Assert.Equal(Bytes("whole"), Bytes("r"));
        var (whole, anew) = (Result("whole")["run"]!, Result("r")["run"]!);
        Assert.Equal(0, anew["kept_requests"]!.GetValue<long>());
        foreach (var count in (string[])["requests", "distinct", "forward_tokens"])
            Assert.Equal(
                whole["stages"]!["log-likelihoods"]![count]!.ToJsonString(), anew["stages"]!["log-likelihoods"]![count]!.ToJsonString());
    }

    [Fact]
    public void A_finished_run_is_shown_again_unless_more_or_all_anew_is_asked()
    {
        string[] asked = ["-t", "winogrande", "--limit", "2", "--device", "cpu", "-o", line.At("r")];
        var first = Works(asked);
        var again = Works(asked);
        Assert.Contains("answered before", again.Error);
        Assert.DoesNotContain("model: cognito-nano", again.Error);
        Assert.Equal(first.Out, again.Out);
        Assert.Single(Results("r"));
        Assert.DoesNotContain("answered before", Works([.. asked, "--details", "full"]).Error);
        Assert.Contains("answered before", Works(asked).Error);
        Assert.DoesNotContain("answered before", Works([.. asked, "--fresh"]).Error);
        Assert.Equal(3, Results("r").Count);
        var listed = JsonNode.Parse(Works("runs", line.At("r"), "--all", "--json").Out)!.AsArray();
        Assert.Equal(["finished", "finished", "finished"], listed.Select(run => run!["state"]!.GetValue<string>()));
    }

    [Fact]
    public void A_second_process_on_a_run_is_told()
    {
        string[] slow = ["-t", "winogrande,gsm8k", "--device", "cpu", "--threads", "1"];
        using var first = line.Start([], [.. slow, "-o", line.At("r")]);
        while (!first.HasExited && Kept("r") == 0)
            Thread.Sleep(20);
        Assert.False(first.HasExited);
        // It holds what it holds, and cannot end before the second has looked.
        Signal("STOP", first);
        Refused("another process is at work on this run", [.. slow, "-o", line.At("r")]);
        Signal("CONT", first);
        first.WaitForExit();
        Assert.Equal(0, first.ExitCode);
    }
}
