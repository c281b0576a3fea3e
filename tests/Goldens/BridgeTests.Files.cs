using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Tasks from files on the way between two runs of them.</summary>
public sealed partial class BridgeTests
{
    private static readonly string TaskFolder = Fixture.Path("task-files");

    private static readonly DataRoot Filed = new(TaskFolder) { WorkingFolder = TaskFolder };

    private static BridgeEnd FiledEnd(int? shots, double limit, BosRule bos = BosRule.Auto, string? folder = null, params string[] tasks)
    {
        var protocol = LmEval04.Rules with { Bos = bos };
        var set = TaskFileSet.Read([folder ?? Path.Combine(TaskFolder, "tasks")], TaskSet.LmEval, ["all"]).Select(tasks);
        return End(protocol, limit: new(limit)) with
        {
            Tasks = set with { Tasks = [.. set.Tasks.Select(task => task.ShotOrder == ShotOrder.None ? task : task with { Shots = shots ?? task.Shots })] },
        };
    }

    [Fact]
    public async Task Tasks_of_files_cross_by_their_settings_and_the_ends_are_whole_runs()
    {
        string[] tasks = ["t01_pond", "t07_lastword", "t08_pages"];
        var (from, to) = (FiledEnd(null, 3, tasks: tasks), FiledEnd(2, 5, BosRule.No, tasks: tasks));
        using var fake = new TextModel();
        var bridge = new Bridge(from, to, Filed, (_, _) => fake.Planned, null, default);
        var table = await bridge.CrossAsync();
        Assert.Equal(tasks, table.Columns);
        Assert.Equal([ProtocolRule.Limit, ProtocolRule.Shots, ProtocolRule.Beginnings], bridge.Rules);
        foreach (var (end, step) in new[] { (from, table.Steps[0]), (to, table.Steps[^1]) })
        {
            var whole = await WholeAsync(end, fake.Planned, Filed);
            foreach (var task in end.Tasks.Tasks)
                Assert.Equal(whole.Results[task.Name][task.Headline] * Metric.Points(task.Headline), step.Values[task.Name]);
            Assert.Equal(end.Tasks.Tasks.Sum(task => whole.Tasks[task.Name].Requests), step.Asked.Values.Sum());
        }
        foreach (var column in table.Columns)
            Assert.Equal(table.Steps[^1].Values[column]!.Value - table.Steps[0].Values[column]!.Value, table.Sum[column]!.Value, 1e-9 * Math.Abs(table.Steps[0].Values[column]!.Value));
        // Whole texts show no examples, so the step of shots leaves them alone; their beginning is another.
        Assert.Contains("t08_pages", table.Steps[2].Unmoved);
        Assert.DoesNotContain("t08_pages", table.Steps[3].Unmoved);
        Assert.NotEqual(table.Steps[2].Values["t08_pages"], table.Steps[3].Values["t08_pages"]);
    }

    /// <summary>Each state asked whole says the same.</summary>
    [Fact]
    public async Task Between_files_scores_are_those_of_all_questions_asked()
    {
        string[] tasks = ["t01_pond", "t08_pages"];
        var (from, to) = (FiledEnd(1, 3, tasks: tasks), FiledEnd(2, 5, BosRule.No, tasks: tasks));
        using var fake = new TextModel();
        var bridge = new Bridge(from, to, Filed, (_, _) => fake.Planned, null, default);
        var table = await bridge.CrossAsync();
        foreach (var (i, step) in table.Steps.Index().Skip(1).SkipLast(1))
        {
            var taken = bridge.Rules.Take(i).ToHashSet();
            var protocol = new BridgeProtocol(from.Protocol, to.Protocol, taken);
            var set = from.Tasks with { Tasks = [.. from.Tasks.Tasks.Zip(to.Tasks.Tasks, protocol.Between)] };
            var asked = Evaluator.Ask(set, new() { Data = Filed, Protocol = protocol, Limit = (taken.Contains(ProtocolRule.Limit) ? to : from).Limit });
            foreach (var graded in await Evaluator.GradeAsync(fake.Planned, asked, new() { Protocol = protocol, Budget = from.Budget }, default))
                Assert.Equal(BridgeColumn.Value(protocol, [graded])!.Value, step.Values[graded.Questions.Task.Name]!.Value, 1e-9);
        }
    }

    [Fact]
    public async Task Two_files_of_one_tasks_name_differ_by_one_rule()
    {
        using var folder = new TemporaryFolder();
        var changed = folder.Write("changed.yaml", File.ReadAllText(Path.Combine(TaskFolder, "tasks", "t01_pond.yaml")) + "description: \"Think well. \"\n");
        var (from, to) = (FiledEnd(0, 4, tasks: "t01_pond"), FiledEnd(0, 4, folder: changed, tasks: "t01_pond"));
        using var fake = new TextModel();
        var bridge = new Bridge(from, to, Filed, (_, _) => fake.Planned, null, default);
        var table = await bridge.CrossAsync();
        Assert.Equal([ProtocolRule.Questions], bridge.Rules);
        Assert.Contains("- text of the prompt, t01", BridgeText.Steps(table));
        Assert.Equal(
            ($"as {Path.Combine(TaskFolder, "tasks")} has it", $"as {changed} has it"),
            Assert.Single(table.Steps[^1].Changes) is var change ? (change.Baseline, change.Candidate) : default);
    }

    [Fact]
    public async Task Runs_of_the_same_files_and_settings_have_nothing_between_them()
    {
        var bridge = new Bridge(FiledEnd(1, 3, tasks: "t01_pond"), FiledEnd(1, 3, tasks: "t01_pond"), Filed, (_, _) => throw new InvalidOperationException(), null, default);
        Assert.Contains("no rule differs", (await Assert.ThrowsAsync<Files.InputException>(() => bridge.CrossAsync())).Message);
    }
}
