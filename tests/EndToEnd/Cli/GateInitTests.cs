using System.Text;
using System.Text.Json.Nodes;
using Cognito.Eval.Cli;
using Cognito.Eval.Comparison;
using Cognito.Eval.Results;

namespace Cognito.Eval.Tests;

/// <summary>gate --init, and what comes of a run against itself.</summary>
public sealed class GateInitTests : IDisposable
{
    private static readonly string Nano = Fixture.Path("runs", "cognito-nano-200.json");

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    [Fact]
    public void A_run_becomes_a_baseline_and_a_policy_that_it_passes_itself()
    {
        var begun = line.Run("gate", "--init", Nano);
        Assert.Equal((0, ""), (begun.Code, begun.Error));
        Assert.StartsWith("written: baseline.json, policy.yaml.", begun.Out);
        var baseline = JsonNode.Parse(File.ReadAllText(line.At("baseline.json")))!.AsObject();
        var run = JsonNode.Parse(File.ReadAllText(Nano))!.AsObject();
        // Times and the machine's name are not for a repository.
        Assert.False(baseline.ContainsKey("run"));
        run.Remove("run");
        Assert.True(JsonNode.DeepEquals(baseline, run));
        var passed = line.Run("gate", "--baseline", "baseline.json", "--policy", "policy.yaml", "--candidate", Nano);
        Assert.Equal((0, ""), (passed.Code, passed.Error));
        Assert.Contains("the same answers", passed.Out);
    }

    [Fact]
    public void The_policys_keys_hold_when_their_sign_is_taken_off()
    {
        var run = RunFile.Read(Nano);
        var text = GateInit.Text(run);
        Assert.Equal((0, OnUndecided.Undecided), (GatePolicy.Parse(text).Delta.Count, GatePolicy.Parse(text).Undecided));
        var all = GatePolicy.Parse(string.Join('\n', text.Split('\n').Select(it => it is ['#', ' ', not ' ', ..] ? "" : it.TrimStart('#'))));
        Assert.Equal(["Average", .. run.Leaderboard.Columns.Keys], all.Delta.Keys);
        // They are the defaults, so that nothing changes with them.
        var plain = Gate.Decide(run, RunFile.Read(Fixture.Path("runs", "cognito-nano-early-200.json")), new());
        Assert.All(plain.Criteria.Where(it => it.Delta is not null), it => Assert.Equal(it.Delta!.Value, all.Delta[it.Name], 0.005));
        Assert.Equal((run.Leaderboard.Columns.Count, 1, 1, 0.0),
            (all.Require.Count, all.Minimum.Count, all.FewerDocuments.Count, all.Changed));
    }

    [Fact]
    public void A_name_out_of_a_results_file_stays_in_its_comment()
    {
        var run = RunFile.Read(Nano);
        var text = GateInit.Text(run with { Provenance = run.Provenance with { Model = "a\nminimum: {ARC: 99}\u2028b: 1" } });
        Assert.Empty(GatePolicy.Parse(text).Minimum);
        Assert.All(text.Split('\n'), it => Assert.True(it is "" or ['#', ..] or "undecided: undecided", it));
    }

    [Theory]
    [InlineData("baseline.json")]
    [InlineData("policy.yaml")]
    public void Nothing_is_written_over(string there)
    {
        line.Write(there, "mine");
        var refused = line.Run("gate", "--init", Nano);
        Assert.Equal(2, refused.Code);
        Assert.Contains($"{there}: is there already", refused.Error);
        Assert.Equal("mine", File.ReadAllText(line.At(there)));
        Assert.Equal([there], Directory.EnumerateFiles(line.Folder).Select(Path.GetFileName));
        Assert.Equal(0, line.Run("gate", "--init", Nano, "--baseline", "gate/b.json", "--policy", "gate/p.yaml").Code);
        Assert.True(File.Exists(line.At("gate", "b.json")) && File.Exists(line.At("gate", "p.yaml")));
    }

    [Fact]
    public void It_judges_nothing_and_takes_one_run_of_ours()
    {
        foreach (string[] args in (string[][])[["-c", Nano], ["-w", "."], ["--json"], ["--step-summary"], ["--junit", "x.xml"]])
            Assert.Contains("--init: it goes with --baseline and --policy", line.Run(["gate", "--init", Nano, .. args]).Error);
        Assert.Contains("no such file", line.Run("gate", "--init", "nowhere").Error);
        Assert.Contains("give --baseline RUN", line.Run("gate", "-c", Nano).Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(line.Folder));
    }

    [Fact]
    public void A_run_of_the_samples_passes_against_itself()
    {
        var scored = line.Run("--tasks", "winogrande,truthfulqa", "--limit", "3", "--device", "cpu", "--quiet");
        Assert.True(scored.Code == 0, scored.Error);
        var same = line.Run("gate", "--baseline", "results", "--candidate", "results");
        Assert.Equal((0, ""), (same.Code, same.Error));
        Assert.StartsWith("Gate: pass\n", same.Out);
        Assert.Equal(0, line.Run("gate", "--init", "results").Code);
        Assert.Equal(0, line.Run("gate", "--baseline", "baseline.json", "--candidate", "results", "--policy", "policy.yaml").Code);
    }

    [Theory]
    [InlineData("""{"a": {"run": 1}, "run": {"run": [1, 2]}, "b": 1.50}""", """{"a": {"run": 1}, "b": 1.50}""")]
    [InlineData("""{ "run" : 1 , "b" : 2 }""", """{ "b" : 2 }""")]
    [InlineData("""{"b": 2, "run": {}}""", """{"b": 2}""")]
    [InlineData("""{"run": 1}""", """{}""")]
    [InlineData("""{"b": "run"}""", """{"b": "run"}""")]
    public void One_key_is_left_out_of_an_object(string json, string without)
    {
        var left = Encoding.UTF8.GetString(GateInit.Without(Encoding.UTF8.GetBytes(json), "run"));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(without), JsonNode.Parse(left)), left);
        Assert.Equal(without.Replace(" ", "", StringComparison.Ordinal), left.Replace(" ", "", StringComparison.Ordinal));
    }
}
