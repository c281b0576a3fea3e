using System.Text.Json.Nodes;
using Cognito.Eval.Journal;

namespace Cognito.Eval.Tests;

/// <summary>Runs that end early and go on, and runs that are found finished.</summary>
public sealed partial class ResumeTests : IDisposable
{
    /// <summary>Log-likelihoods, of which some are soon kept, then answers that take one thread seconds: time to be stopped in.</summary>
    private static readonly string[] Small =
        ["-t", "winogrande,truthfulqa,gsm8k", "--limit", "12", "--device", "cpu", "--batch-tokens", "512", "--threads", "1"];

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Theory]
    [InlineData("KILL", 137)]
    [InlineData("TERM", 130)]
    [InlineData("INT", 130)]
    public void A_run_that_is_stopped_goes_on_to_the_bytes_of_one_that_is_not(string signal, int code)
    {
        string[] full = [.. Small, "--details", "full", "--routing"];
        Works([.. full, "-o", line.At("whole")]);
        Stop("stopped", signal, code, full);
        Assert.Empty(Results("stopped"));
        var unfinished = JsonNode.Parse(Works("runs", line.At("stopped"), "--json").Out)!.AsArray().Single()!;
        Assert.Equal("unfinished", unfinished["state"]!.GetValue<string>());
        Assert.True(unfinished["answered"]!.GetValue<long>() > 0);

        var outcome = Works([.. full, "-o", line.At("stopped")]);
        Assert.Contains("requests were answered before", outcome.Error);
        Assert.Equal(Bytes("whole"), Bytes("stopped"));
        Assert.True(Result("stopped")["run"]!["kept_requests"]!.GetValue<long>() > 0);
        Assert.Empty(Directory.EnumerateFiles(line.At("stopped"), "journal*", SearchOption.AllDirectories));
        Assert.Equal("[]", Works("runs", line.At("stopped"), "--json").Out.Trim());
    }

    [Theory]
    [InlineData("KILL", 137)]
    [InlineData("INT", 130)]
    public void What_is_noted_of_unused_tensors_is_noted_by_a_run_that_goes_on(string signal, int code)
    {
        var model = line.Copy(CommandLine.Nano, "model");
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(model, "config.json")))!;
        var layers = config["num_hidden_layers"]!.GetValue<int>() - 1;
        config["num_hidden_layers"] = layers;
        File.WriteAllText(Path.Combine(model, "config.json"), config.ToJsonString());
        var result = StoppedAndWhole(signal, code, [.. Small, "--model", model, "--data", CommandLine.Samples]);
        Assert.All(result["provenance"]!["unused_tensors"]!.AsArray(), name => Assert.StartsWith($"model.layers.{layers}.", (string?)name));
        Assert.Contains(result["leaderboard"]!["notes"]!.AsArray(), note => ((string)note!).Contains($"beyond config.json's {layers} layers"));
    }

    [Theory]
    // Stopped among log-likelihoods, and among answers.
    [InlineData("INT", 130, "winogrande,truthfulqa,gsm8k")]
    [InlineData("KILL", 137, "gsm8k")]
    public void What_is_no_number_is_counted_and_noted_by_a_run_that_goes_on(string signal, int code, string tasks)
    {
        var model = OverflowingNano.Copy(line, "broken", infinite: true);
        var result = StoppedAndWhole(
            signal, code, ["-t", tasks, "--limit", "6", .. Small.Skip(4), "--model", model, "--data", CommandLine.Samples]);
        foreach (var (_, task) in result["tasks"]!.AsObject())
            Assert.Equal(task!["requests"]!.GetValue<int>(), task["not_finite_requests"]!.GetValue<int>());
        string[] notes = [.. result["leaderboard"]!["notes"]!.AsArray().Select(note => (string)note!)];
        Assert.Contains(notes, note =>
            note.StartsWith("GSM8k: 6 of 6 answers were generated from logits that are no finite numbers", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.Contains("hold a NaN or an infinity", StringComparison.Ordinal));
    }

    /// <summary>The results of a run that is stopped and goes on, which are those of one that is not.</summary>
    private JsonObject StoppedAndWhole(string signal, int code, string[] asked)
    {
        Works([.. asked, "-o", line.At("whole")]);
        Stop("stopped", signal, code, asked);
        Assert.Empty(Results("stopped"));
        Works([.. asked, "-o", line.At("stopped")]);
        Assert.True(Result("stopped")["run"]!["kept_requests"]!.GetValue<long>() > 0);
        Assert.Equal(Bytes("whole"), Bytes("stopped"));
        return Result("stopped");
    }

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
        while (Kept("r") == 0)
            Thread.Sleep(20);
        // It holds what it holds, and cannot end before the second has looked.
        Signal("STOP", first);
        Refused("another process is at work on this run", [.. slow, "-o", line.At("r")]);
        Signal("CONT", first);
        first.WaitForExit();
        Assert.Equal(0, first.ExitCode);
    }

    /// <summary>Ends a run by a signal once answers are kept; begins again where it was done before anybody looked.</summary>
    private void Stop(string root, string signal, int code, string[] args)
    {
        for (var tries = 0; tries < 20; tries++)
        {
            using var process = line.Start([], [.. args, "-o", line.At(root)]);
            while (!process.HasExited && Kept(root) == 0)
                Thread.Sleep(5);
            Signal(signal, process);
            process.WaitForExit();
            if (process.ExitCode == code && Kept(root) > 0)
                return;
            Assert.Equal(0, process.ExitCode);
            Directory.Delete(line.At(root), recursive: true);
        }
        Assert.Fail("each run was done before answers were seen");
    }

    private static void Signal(string signal, System.Diagnostics.Process process)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    private static void ChangeOneWeight(string model)
    {
        var file = Directory.EnumerateFiles(model, "*.safetensors").Order(StringComparer.Ordinal).First();
        var stamp = File.GetLastWriteTimeUtc(file);
        using (var stream = File.Open(file, FileMode.Open))
        {
            stream.Seek(-1001, SeekOrigin.End);
            var old = stream.ReadByte();
            stream.Seek(-1, SeekOrigin.Current);
            stream.WriteByte((byte)(old ^ 1));
        }
        File.SetLastWriteTimeUtc(file, stamp);
    }

    private long Kept(string root) => Directory.Exists(line.At(root))
        ? Directory.EnumerateFiles(line.At(root), JournalFile.Name, SearchOption.AllDirectories)
            .Sum(file => AnswerJournal.Peek(Path.GetDirectoryName(file)!)?.KeptRequests ?? 0) : 0;

    private List<string> Results(string root) =>
        [.. Directory.EnumerateFiles(line.At(root), "results.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private JsonObject Result(string root) => JsonNode.Parse(File.ReadAllText(Results(root).Single()))!.AsObject();

    /// <summary>All that must be equal: the results without what is allowed to differ, and the details' bytes.</summary>
    private List<string> Bytes(string root)
    {
        var result = Result(root);
        Assert.Equal("run", result.Last().Key);
        result.Remove("run");
        var details = Path.Combine(Path.GetDirectoryName(Results(root).Single())!, "details");
        return [result.ToJsonString(), .. Directory.EnumerateFiles(details).Order(StringComparer.Ordinal)
            .Select(file => Path.GetFileName(file) + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))))];
    }

    private CommandLine.Outcome Works(params string[] args)
    {
        var outcome = line.Run(args);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }

    private void Refused(string why, params string[] args)
    {
        var outcome = line.Run(args);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(why, outcome.Error);
        Assert.StartsWith("cognito-eval: ", outcome.Error.TrimEnd().Split('\n')[^1]);
    }
}
