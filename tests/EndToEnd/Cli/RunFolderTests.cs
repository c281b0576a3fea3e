using System.Reflection;
using Cognito.Eval.Cli;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Journal;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Torch;

namespace Cognito.Eval.Tests;

public sealed class RunFolderTests : IDisposable
{
    private static readonly DateTimeOffset Started = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string output = Directory.CreateTempSubdirectory("runs-").FullName;

    public void Dispose() => Directory.Delete(output, recursive: true);

    [Fact]
    public void What_is_written_is_found_again()
    {
        Assert.True(Found("a").IsNew);
        var begun = Found("a").Begin();
        var found = Found("a");
        Assert.False(found.IsNew);
        Assert.Equal(begun.Path, found.Path);
        Assert.Equal(Key("a").Digest(), found.Manifest.Key.Digest());
        Assert.Equal((Started, new Budget(512, 2048), null), (found.Manifest.Started, found.Manifest.Budget, found.Manifest.Shard));
        Assert.True(Found("b").IsNew);
        Assert.True(Found("a", shard: new(0, 2)).IsNew);
        Assert.True(Found("a", fresh: true).IsNew);
    }

    [Fact]
    public void The_build_names_every_assembly_that_the_model_is_made_of()
    {
        var own = new HashSet<Assembly> { typeof(TorchModel).Assembly };
        for (var count = 0; count < own.Count;)
        {
            count = own.Count;
            own.UnionWith(own.SelectMany(assembly => assembly.GetReferencedAssemblies())
                .Where(name => name.Name!.StartsWith("Cognito.Eval", StringComparison.Ordinal)).Select(Assembly.Load).ToList());
        }
        using var model = LocalModel.Open(CommandLine.Nano);
        var key = RunKey.Create(model, [], LeaderboardV1.Rules, new DataRoot(output), null);
        Assert.Equal(
            own.Select(assembly => $"{assembly.ManifestModule.ModuleVersionId}").Order(), key.Build.Split(' ').Order());
    }

    [Fact]
    public void Different_runs_that_begin_in_the_same_second_get_folders_of_their_own()
    {
        // Both looked before either began: loading a checkpoint lies between.
        var (one, other) = (Found("a"), Found("b"));
        (one, other) = (one.Begin(), other.Begin());
        Assert.NotEqual(one.Path, other.Path);
        Assert.Equal(Key("a").Digest(), Manifest.Read(one.Path)!.Key.Digest());
        Assert.Equal(Key("b").Digest(), Manifest.Read(other.Path)!.Key.Digest());
    }

    [Fact]
    public void The_same_run_begun_twice_has_one_folder_and_one_process_at_a_time()
    {
        var (one, other) = (Found("a", shard: new(1, 2)), Found("a", shard: new(1, 2)));
        (one, other) = (one.Begin(), other.Begin());
        Assert.Equal(one.Path, other.Path);
        using var journal = AnswerJournal.Open(one.Path);
        Assert.Throws<InputException>(() => { AnswerJournal.Open(other.Path); });
    }

    [Fact]
    public void The_newest_of_the_same_run_is_found()
    {
        Found("a").Begin();
        var newest = Found("a", started: Started.AddHours(1), fresh: true).Begin();
        Assert.Equal(newest.Path, Found("a").Path);
    }

    [Fact]
    public void Shards_cut_by_the_budget_of_the_first_and_a_whole_run_by_its_own()
    {
        Found("a", shard: new(0, 2)).Begin();
        Assert.Equal(512, Found("a", shard: new(1, 2), budget: new(1024, 4096)).Manifest.Budget.BatchTokens);
        Assert.Equal(1024, Found("a", budget: new(1024, 4096)).Manifest.Budget.BatchTokens);
        Assert.Equal(1024, Found("b", shard: new(1, 2), budget: new(1024, 4096)).Manifest.Budget.BatchTokens);
    }

    [Fact]
    public void A_manifest_is_not_written_over()
    {
        var place = Found("a").Begin();
        Assert.Throws<IOException>(() => (place.Manifest with { Budget = new(1, 1) }).Write(place.Path));
        Assert.Equal(512, Manifest.Read(place.Path)!.Budget.BatchTokens);
        Assert.Equal(["run.json"], Directory.EnumerateFiles(place.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"schema_version\": 1, \"started\": ")]
    public void A_manifest_that_cannot_be_read_is_none_and_the_run_begins_anew(string text)
    {
        var place = Found("a").Begin();
        File.WriteAllText(Path.Combine(place.Path, Manifest.Name), text);
        Assert.Null(Manifest.Read(place.Path));
        var anew = Found("a");
        Assert.True(anew.IsNew);
        Assert.NotEqual(place.Path, anew.Path);
    }

    [Fact]
    public void A_manifest_of_a_later_schema_is_none()
    {
        var place = Found("a").Begin();
        var path = Path.Combine(place.Path, Manifest.Name);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"schema_version\": 1", "\"schema_version\": 2", StringComparison.Ordinal));
        Assert.Null(Manifest.Read(place.Path));
    }

    private RunFolder Found(string weights, Shard? shard = null, Budget? budget = null, DateTimeOffset? started = null, bool fresh = false) =>
        RunFolder.Find(
            output, "nano", Key(weights), new(null, null, ["arc"], null, null), budget ?? new(512, 2048), shard, started ?? Started, fresh);

    private static RunKey Key(string weights) => new(
        new()
        {
            Model = "nano",
            Architecture = "A",
            TokenizerSha256 = "t",
            Protocol = "p",
            Reference = "r",
            AddBos = false,
            Dtype = "float32",
            LogprobDtype = "float32",
            Device = "cpu",
            MaxLength = 64,
            Exact = false,
            Versions = new Dictionary<string, string>(),
        },
        weights, "c", [2], null, null, false, "build", new Dictionary<string, TaskKey>());
}
