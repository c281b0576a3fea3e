using Cognito.Eval.Cli;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>Processes that begin, go on with and merge one run at once; tests/side-by-side.sh does it with hundreds.</summary>
public sealed class SideBySideTests : IDisposable
{
    private readonly CommandLine line = new();

    private string Parent => line.At("r", "nano");

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Shards_that_begin_at_once_have_a_folder_each_and_one_budget()
    {
        for (var round = 0; round < 20; round++)
        {
            // Two on each of four shards, each with another budget in mind.
            var begun = await AtOnce(8, i => Begin(new(i % 4, 4), new(512 << i % 3, 4096), DateTimeOffset.UnixEpoch.AddSeconds(i)));
            Assert.Equal(4, begun.Select(place => place.Path).Distinct().Count());
            Assert.Single(begun.Select(place => place.Manifest.Budget).Distinct());
            Assert.Equal(4, RunFolder.Under(Parent, 1).Count());
            Assert.Empty(Directory.EnumerateDirectories(Parent, ".begin-*"));
            Directory.Delete(line.At("r"), recursive: true);
        }
    }

    [Fact]
    public async Task An_equal_run_that_begins_at_once_has_the_same_folder()
    {
        for (var round = 0; round < 20; round++)
        {
            var begun = await AtOnce(6, i => Begin(null, new(512, 4096), DateTimeOffset.UnixEpoch.AddSeconds(i)));
            Assert.Single(begun.Select(place => place.Path).Distinct());
            Assert.Single(RunFolder.Under(Parent, 1));
            Directory.Delete(line.At("r"), recursive: true);
        }
    }

    [Fact]
    public async Task Without_a_lock_a_folder_is_whole_or_absent_and_one_process_makes_it()
    {
        for (var round = 0; round < 20; round++)
        {
            // As on a file system that has no flock.
            var begun = await AtOnce(6, _ => Found(new(0, 2), new(512, 4096), DateTimeOffset.UnixEpoch).Begin());
            Assert.Single(begun.Select(place => place.Path).Distinct());
            Assert.All(begun, place => Assert.Equal("nano", Manifest.Require(place.Path).Key.Provenance.Model));
            Directory.Delete(line.At("r"), recursive: true);
        }
    }

    [Fact]
    public void What_killed_processes_left_is_in_nobodys_way_and_goes_when_it_is_old()
    {
        string[] left = [Path.Combine(Parent, ".begin-1-0123abcd"), Path.Combine(Parent, ".begin-2-0123abcd")];
        Assert.All(left, folder => Directory.CreateDirectory(folder));
        Directory.SetLastWriteTimeUtc(left[0], DateTime.UtcNow.AddDays(-2));
        File.WriteAllText(Path.Combine(Parent, RunsLock.Name), "");
        var place = Begin(null, new(512, 4096), DateTimeOffset.UnixEpoch);
        Assert.True(Directory.Exists(place.Path));
        Assert.Equal([left[1]], Directory.EnumerateDirectories(Parent, ".begin-*"));
        Assert.Equal([place.Path], RunFolder.Under(line.At("r"), 3).Select(found => found.Path));
    }

    [Fact]
    public async Task Who_writes_one_file_at_once_leaves_the_whole_of_one()
    {
        var path = line.At("file");
        await AtOnce(8, i =>
        {
            for (var n = 0; n < 50; n++)
                OutputFile.Write(path, file => file.Write(Enumerable.Repeat((byte)i, 100_000 + i).ToArray()));
            return i;
        });
        var bytes = File.ReadAllBytes(path);
        Assert.Equal(100_000 + bytes[0], bytes.Length);
        Assert.Single(bytes.Distinct());
        Assert.Equal([path], Directory.EnumerateFiles(line.Folder));
    }

    [Fact]
    public async Task Two_equal_runs_at_once_leave_one_result_and_the_other_says_why()
    {
        string[] args = ["-t", "winogrande", "--limit", "2", "--device", "cpu", "-q", "-o", line.At("r")];
        var outcomes = await AtOnce(2, _ => line.Run(args));
        Assert.Contains(outcomes, outcome => outcome.Code == 0);
        Assert.All(outcomes.Where(outcome => outcome.Code != 0), outcome =>
        {
            Assert.Equal(2, outcome.Code);
            Assert.Contains("another process is at work on this run", outcome.Error.TrimEnd().Split('\n')[^1]);
        });
        Assert.Single(Directory.EnumerateFiles(line.At("r"), RunFile.Name, SearchOption.AllDirectories));
        Assert.Empty(Directory.EnumerateFiles(line.At("r"), "journal*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Two_merges_to_one_output_at_once_give_the_same_result()
    {
        string[] args = ["-t", "winogrande", "--limit", "2", "--device", "cpu", "-q"];
        for (var i = 0; i < 2; i++)
            Assert.Equal(0, line.Run([.. args, "-o", line.At("parts"), "--shard", $"{i}/2"]).Code);
        var outcomes = await AtOnce(3, _ => line.Run("merge", line.At("parts"), "-o", line.At("m"), "-q"));
        Assert.All(outcomes, outcome => Assert.True(outcome.Code == 0, outcome.Error));
        Assert.Single(outcomes.Select(outcome => outcome.Out).Distinct());
        RunFile.Read(Assert.Single(Directory.EnumerateFiles(line.At("m"), RunFile.Name, SearchOption.AllDirectories)));
        Assert.Empty(Directory.EnumerateFiles(line.At("m"), "*.tmp", SearchOption.AllDirectories));
    }

    private RunFolder Found(Shard? shard, Budget budget, DateTimeOffset started) => RunFolder.Find(
        line.At("r"), "nano", MadeManifest.Of(null).Key, MadeManifest.Of(null).Arguments, budget, shard, started, fresh: false);

    private RunFolder Begin(Shard? shard, Budget budget, DateTimeOffset started)
    {
        var found = Found(shard, budget, started);
        using var alone = RunsLock.Take(Parent, TestContext.Current.CancellationToken);
        return found.Begin();
    }

    private static Task<T[]> AtOnce<T>(int count, Func<int, T> work)
    {
        var start = new Barrier(count);
        return Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait(TestContext.Current.CancellationToken);
            return work(i);
        }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }
}
