using System.Text.Json.Nodes;

namespace Cognito.Eval.Tests;

/// <summary><c>report --format lm-eval</c> as a user runs it.</summary>
public sealed class LmEvalReportTests : IDisposable
{
    private readonly CommandLine _line = new();

    public void Dispose() => _line.Dispose();

    private string Run(params string[] more)
    {
        Done(["-t", "winogrande,gsm8k", "--protocol", "lm-eval", "--limit", "2", "--device", "cpu", "-q", .. more]);
        return Directory.EnumerateDirectories(_line.At("results", "cognito-nano")).Order(StringComparer.Ordinal).Last();
    }

    private CommandLine.Outcome Done(params string[] args)
    {
        var outcome = _line.Run(args);
        Assert.True(outcome.Code == 0, outcome.Error);
        return outcome;
    }

    private void Refused(string expected, params string[] args)
    {
        var outcome = _line.Run(args);
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.Contains(expected, outcome.Error);
        Assert.Equal(1, outcome.Error.Count(c => c == '\n'));
    }

    private string[] Files(string folder) => [.. Directory.GetFiles(_line.At(folder)).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Fact]
    public void A_run_of_the_samples_becomes_the_harness_own_files()
    {
        var run = Run();
        var outcome = Done("report", run, "--format", "lm-eval", "-o", "theirs");
        var files = Files("theirs/cognito-nano");
        Assert.Equal(3, files.Length);
        Assert.Equal("", outcome.Out);
        Assert.Equal($"written: {Path.Combine("theirs", "cognito-nano", files[0])}, and 2 samples_<task>_<date>.jsonl beside it\n", outcome.Error);
        Assert.StartsWith($"results_{Path.GetFileName(run)}.", files[0]);
        var (results, ours) = (Golden.Json(_line.At("theirs", "cognito-nano", files[0])), Golden.Json(Path.Combine(run, "results.json")));
        Assert.Equal(ours["results"]!["gsm8k"]!["exact_match,strict-match"]!.GetValue<double>(),
            results["results"]!["gsm8k"]!["exact_match,strict-match"]!.GetValue<double>());
        Assert.Equal(ours["tasks"]!["winogrande"]!["task_hash"]!.GetValue<string>(), results["task_hashes"]!["winogrande"]!.GetValue<string>());
        // What is to be known of the scores goes along.
        Assert.Contains("note: ", results["pretty_env_info"]!.GetValue<string>());
        Assert.Equal(4, File.ReadLines(_line.At("theirs", "cognito-nano", files[1])).Count());
        Assert.Equal(2, File.ReadLines(_line.At("theirs", "cognito-nano", files[2])).Count());
        // The same command writes the same files.
        Done("report", Path.Combine(run, "results.json"), "--format", "lm-eval", "-o", "theirs");
        Assert.Equal(files, Files("theirs/cognito-nano"));
        // And they are read back as results of the harness.
        Done("report", Path.Combine("theirs", "cognito-nano", files[0]), "--format", "markdown");
        Refused("lm-evaluation-harness's own file", "report", Path.Combine("theirs", "cognito-nano", files[0]), "--format", "lm-eval", "-o", "again");
    }

    [Fact]
    public void Rows_are_read_where_the_run_read_them_or_where_the_option_says()
    {
        _line.Copy(Fixture.Path("mini", "data"), "data");
        var run = Run("--data", "data");
        Done("report", run, "--format", "lm-eval", "-o", "first");
        Directory.Move(_line.At("data"), _line.At("moved"));
        Refused("not there any more, and the run read its rows from it; give --data DIR", "report", run, "--format", "lm-eval", "-o", "second");
        Refused("ask other questions than the run did; give --data the rows that it read",
            "report", run, "--format", "lm-eval", "-o", "second", "--data", CommandLine.Samples);
        Done("report", run, "--format", "lm-eval", "-o", "second", "--data", "moved");
        Assert.Equal(Files("first/cognito-nano"), Files("second/cognito-nano"));
        foreach (var file in Files("first/cognito-nano"))
            Assert.Equal(File.ReadAllText(_line.At("first", "cognito-nano", file)), File.ReadAllText(_line.At("second", "cognito-nano", file)));
    }

    [Fact]
    public void A_run_that_was_merged_is_written_too()
    {
        foreach (var shard in (string[])["0/2", "1/2"])
            Done("-t", "winogrande,gsm8k", "--protocol", "lm-eval", "--limit", "2", "--device", "cpu", "-q", "--shard", shard);
        Done("merge", _line.At("results", "cognito-nano"), "-o", "merged");
        Done("report", "merged", "--format", "lm-eval", "-o", "theirs.json");
        Assert.Equal(2, Directory.GetFiles(_line.Folder, "samples_*.jsonl").Length);
        Assert.Single(Directory.GetFiles(_line.Folder, "theirs_*.json"));
    }

    [Fact]
    public void What_cannot_be_written_is_refused_in_one_line()
    {
        var run = Run("--details", "none");
        Refused("name their folder with --output DIR", "report", run, "--format", "lm-eval");
        Refused("is of one run, 2 were given", "report", run, run, "--format", "lm-eval", "-o", "theirs");
        Refused("no such file, and it alone has the model's answers; run it again with --details scores",
            "report", run, "--format", "lm-eval", "-o", "theirs");
        Refused("--data is for --format html and lm-eval", "report", run, "--data", ".");
        Done("-t", "winogrande", "--limit", "2", "--device", "cpu", "-q", "--output", "v1");
        Refused("was asked by leaderboard-v1, and lm-evaluation-harness 0.4's files hold other questions; run it with --protocol lm-eval-0.4",
            "report", "v1", "--format", "lm-eval", "-o", "theirs");
        Assert.False(Directory.Exists(_line.At("theirs")));
    }
}
