using System.Diagnostics;
using System.Text.Json.Nodes;
using Cognito.Eval.Cli;
using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>What happens when nothing more can be written, or a file of another's says the impossible: one line.</summary>
public sealed class EndsTests : IDisposable
{
    private static readonly string[] Small = ["-t", "winogrande", "--limit", "2", "--device", "cpu", "-q"];
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Theory]
    [InlineData("> /dev/full", 3)]
    [InlineData(">&-", 3)]
    [InlineData("2> /dev/full", 0)]
    [InlineData("2>&-", 0)]
    [InlineData("| head -n 1", 0)]
    public void A_run_whose_streams_take_nothing_is_written_all_the_same(string streams, int code)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        var (ended, error) = Shell(streams, [.. Small, "-o", line.At("r")]);
        Assert.Equal(code, ended);
        var results = Assert.Single(Directory.EnumerateFiles(line.At("r"), RunFile.Name, SearchOption.AllDirectories));
        RunFile.Read(results);
        Assert.Empty(Directory.EnumerateFiles(line.At("r"), "journal*", SearchOption.AllDirectories));
        if (code == 3)
            Assert.EndsWith($"stdout: cannot be written (it is full or closed); give it a file with room, or a pipe that is read; "
                + $"the results are in {results}", error.TrimEnd());
    }

    [Theory]
    [InlineData("tasks")]
    [InlineData("--help")]
    [InlineData("prompt", "winogrande")]
    [InlineData("plan", "-t", "winogrande", "--limit", "2")]
    public void A_command_whose_output_is_not_taken_says_so(params string[] args)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        var (ended, error) = Shell("> /dev/full", args);
        Assert.Equal(3, ended);
        Assert.StartsWith("cognito-eval: stdout: cannot be written", error.TrimEnd().Split('\n')[^1]);
    }

    [Fact]
    public void Pages_and_verdicts_that_cannot_be_written_are_named_with_the_right_code()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        Assert.Equal(0, line.Run([.. Small, "-o", line.At("r")]).Code);
        var run = Directory.GetDirectories(line.At("r", "cognito-nano")).Single();
        Directory.CreateDirectory(line.At("folder"));
        Refused(2, "folder: cannot be written (it is a folder); name another file", "report", run, "-f", "html", "-o", line.At("folder"));
        Refused(2, "folder: cannot be written (it is a folder); name another file", "gate", "-b", run, "-c", run, "--junit", line.At("folder"));
        Refused(3, "/dev/full: cannot be written (the disk is full)", "report", run, "-f", "html", "-o", "/dev/full");
        Refused(3, "/dev/full: cannot be written (the disk is full)", "gate", "-b", run, "-c", run, "--junit", "/dev/full");
        File.WriteAllText(line.At("file"), "");
        Refused(2, "cannot be written (a file stands where its folder should be)", "report", run, "-o", line.At("file", "x"));
    }

    [Fact]
    public void A_folder_where_a_merge_writes_a_file_is_named()
    {
        Assert.Equal(0, line.Run([.. Small, "-o", line.At("parts"), "--shard", "0/1"]).Code);
        Assert.Equal(0, line.Run("merge", line.At("parts"), "-o", line.At("m"), "-q").Code);
        var results = Directory.EnumerateFiles(line.At("m"), RunFile.Name, SearchOption.AllDirectories).Single();
        File.Delete(results);
        Directory.CreateDirectory(results);
        Refused(2, "results.json: cannot be written (it is a folder)", "merge", line.At("parts"), "-o", line.At("m"));
        Directory.Delete(results);
        var details = Directory.EnumerateFiles(line.At("m"), "*.parquet", SearchOption.AllDirectories).Single();
        File.Delete(details);
        Directory.CreateDirectory(details);
        Refused(2, "winogrande.parquet: cannot be written (it is a folder)", "merge", line.At("parts"), "-o", line.At("m"));
        Assert.False(File.Exists(results));
        Assert.Empty(Directory.EnumerateFiles(line.At("m"), "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_disk_that_fills_or_fails_leaves_no_half_and_is_told_from_a_wrong_name()
    {
        void Writes(Exception failure) => OutputFile.Write(line.At("results.json"), file =>
        {
            file.WriteByte(1);
            throw failure;
        });
        Assert.SkipUnless(OperatingSystem.IsLinux(), "errors are numbered as Linux does");
        Assert.Equal(
            $"{line.At("results.json")}: cannot be written (the disk is full); make room, then give the same command again",
            Assert.Throws<OutputException>(() => Writes(new IOException("No space left on device", 28))).Message);
        Assert.Contains("quota", Assert.Throws<OutputException>(() => Writes(new IOException("", 122))).Message);
        Assert.Contains("reports an error", Assert.Throws<OutputException>(() => Writes(new IOException("", 5))).Message);
        Assert.Contains("read-only", Assert.Throws<InputException>(() => Writes(new IOException("", 30))).Message);
        Assert.Contains("permission denied", Assert.Throws<InputException>(() => Writes(new UnauthorizedAccessException())).Message);
        Assert.Throws<InvalidOperationException>(() => Writes(new InvalidOperationException()));
        Assert.Empty(Directory.EnumerateFiles(line.Folder));
    }

    [Theory]
    [InlineData(150, 150)]
    [InlineData(151, 150)]
    [InlineData(5000, 150)]
    public void A_long_note_without_a_space_is_cut_all_the_same(int length, int most) =>
        Assert.Equal(new string('x', most) + (length > most ? " ... (all in results.json)" : ""), Terminal.Short(new string('x', length)));

    [Fact]
    public void A_note_is_cut_between_words_and_never_inside_a_character()
    {
        Assert.Equal(new string('x', 100) + " ... (all in results.json)", Terminal.Short(new string('x', 100) + " " + new string('y', 100)));
        Assert.Equal(new string('x', 149) + " ... (all in results.json)", Terminal.Short(new string('x', 149) + "😀" + new string('y', 100)));
    }

    [Theory]
    [InlineData("""{"index":0,"count":2000000000}""", "shard 0 of 2000000000 is none")]
    [InlineData("""{"index":0,"count":100000}""", "99979 more are missing")]
    public void A_shard_count_that_fills_memory_is_one_line(string shard, string said)
    {
        Assert.Equal(0, line.Run([.. Small, "-o", line.At("parts"), "--shard", "0/2"]).Code);
        var manifest = Directory.EnumerateFiles(line.At("parts"), Manifest.Name, SearchOption.AllDirectories).Single();
        var json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["shard"] = JsonNode.Parse(shard);
        File.WriteAllText(manifest, json.ToJsonString());
        Refused(2, said, "merge", line.At("parts"), "-o", line.At("m"));
        Assert.Equal(0, line.Run("runs", line.At("parts")).Code);
    }

    [Fact]
    public void Runs_names_what_it_cannot_read_and_lists_the_rest()
    {
        Assert.Equal(0, line.Run([.. Small, "-o", line.At("r"), "--shard", "0/2"]).Code);
        line.Write("r/x/y/run.json", "{}");
        line.Write("r/x/z/run.json", "[[[[");
        var outcome = line.Run("runs", line.At("r"));
        Assert.Equal(0, outcome.Code);
        Assert.Contains("0/2", outcome.Out);
        Assert.Equal(2, outcome.Error.Split("not a run's").Length - 1);
    }

    private void Refused(int code, string why, params string[] args)
    {
        var outcome = line.Run(args);
        Assert.True(code == outcome.Code, $"{outcome.Code}: {outcome.Error}");
        Assert.Contains(why, outcome.Error.TrimEnd().Split('\n')[^1]);
    }

    /// <summary>The program as a shell starts it, its streams as the shell has them.</summary>
    private (int Code, string Error) Shell(string streams, string[] args)
    {
        var start = new ProcessStartInfo("bash", ["-c", $"set -o pipefail; \"$@\" {streams}", "bash",
            Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet",
            Path.Combine(AppContext.BaseDirectory, "cognito-eval.dll"), .. args])
        {
            WorkingDirectory = line.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("COGNITO_EVAL_DATA");
        start.Environment["HF_HUB_OFFLINE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error.GetAwaiter().GetResult());
    }
}
