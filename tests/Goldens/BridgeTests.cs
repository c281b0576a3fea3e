using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Models;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>From one protocol to another, on made-up rows.</summary>
public sealed partial class BridgeTests
{
    private static readonly DataRoot Mini = new(Fixture.Path("mini", "data"));

    private static readonly string[] Subjects = ["abstract_algebra", "us_foreign_policy"];

    private static readonly IReadOnlySet<ProtocolRule> None = new HashSet<ProtocolRule>(), All = Enum.GetValues<ProtocolRule>().ToHashSet();

    private static TaskSet Tasks(Protocol protocol, bool leaderboardShots) => TaskSet.Of(protocol).Select(["all"]) is var set ? set with
    {
        Tasks = [.. set.Tasks.Where(task => task.ColumnKey != "MMLU" || Subjects.Any(task.Name.EndsWith)).Select(task =>
            !leaderboardShots || task.Column is null ? task : task with { Shots = TaskSet.Leaderboard.Columns.Single(column => column.Key == task.ColumnKey).Shots })],
    } : throw new InvalidOperationException();

    private static BridgeEnd End(Protocol protocol, bool leaderboardShots = true, Limit? limit = null, Run? run = null) => new(
        protocol.Name, run ?? new() { Leaderboard = new(new Dictionary<string, double?>(), null, false, []), Provenance = new() { Model = "fake" } },
        protocol, Tasks(protocol, leaderboardShots), limit, new("float32", "float32", 1 << 16))
    {
        Budget = new(1 << 20, 1 << 22),
    };

    private static readonly (Protocol From, Protocol To)[] Ways =
    [
        (LeaderboardV1.Rules, LmEval04.Rules), (LmEval04.Rules, LeaderboardV1.Rules), (LmEval04.Rules, LmEval04.OpenLlm),
        (LeaderboardV1.Rules, LmEval04.OpenLlm), (LmEval04.Rules with { Bos = BosRule.No }, LmEval04.Rules),
    ];

    public static TheoryData<int, string> Columns =>
    [
        .. from way in Enumerable.Range(0, Ways.Length)
           from column in TaskSet.Leaderboard.Columns
           select (way, column.Key),
    ];

    [Theory]
    [MemberData(nameof(Columns))]
    public void With_no_rule_taken_it_is_the_one_and_with_all_of_them_the_other(int way, string column)
    {
        var (from, to) = (End(Ways[way].From), End(Ways[way].To));
        var pairs = BridgeColumn.Between(from, to).Single(its => its.Key == column).Tasks;
        Assert.NotEmpty(pairs);
        foreach (var (one, other) in pairs)
        {
            var (whole, its) = (new BridgeProtocol(from.Protocol, to.Protocol, None), new BridgeProtocol(from.Protocol, to.Protocol, All));
            Same(Graded(one, from.Protocol), Graded(whole.Between(one, other), whole));
            Same(Graded(other, to.Protocol), Graded(its.Between(one, other), its));
        }
    }

    private static GradedTask Graded(EvalTask task, Protocol protocol, Limit? limit = null)
    {
        var asked = Questions.Ask(task, Mini, protocol, null, limit);
        var solutions = Solutions(asked);
        return new(asked, [.. asked.Docs.Select(doc =>
        {
            Reply[] replies = [.. doc.Requests.Select(request => Fake.Answer(request, ties: false, solutions))];
            return new GradedDoc(doc, replies, 0, protocol.Grade(task, doc.Doc, replies));
        })], 0);
    }

    private static Dictionary<string, string> Solutions(Questions asked) => asked.Docs.Select(doc => doc.Doc).OfType<FreeForm>().GroupBy(doc => doc.Query)
        .ToDictionary(doc => doc.Key["Question: ".Length..^"\nAnswer:".Length], doc => doc.Last().Answer);

    private static void Same(GradedTask expected, GradedTask actual)
    {
        Assert.Equal(expected.Questions.Digest, actual.Questions.Digest);
        Assert.Equal(expected.Questions.Docs.Select(doc => doc.Row), actual.Questions.Docs.Select(doc => doc.Row));
        Assert.Equal(expected.Docs.Select(doc => doc.Scores.Values), actual.Docs.Select(doc => doc.Scores.Values));
        Assert.Equal(Tally.Headline(expected), Tally.Headline(actual));
    }

    public static TheoryData<int, bool, double> Crossings => [.. from way in Enumerable.Range(0, Ways.Length)
                                                                 from shots in (bool[])[true, false]
                                                                 from limit in (double[])[4, 0.5]
                                                                 select (way, shots, limit)];

    [Theory]
    [MemberData(nameof(Crossings))]
    public async Task The_ends_are_whole_runs_and_the_steps_add_up(int way, bool leaderboardShots, double limit)
    {
        var (from, to) = (End(Ways[way].From, leaderboardShots, new(limit)), End(Ways[way].To, leaderboardShots, new(limit)));
        using var fake = new TextModel();
        var table = await new Bridge(from, to, Mini, (_, _) => fake.Planned, null, default).CrossAsync();
        Assert.Equal(TaskSet.Leaderboard.Columns.Select(column => column.Key), table.Columns);
        foreach (var (end, step) in new[] { (from, table.Steps[0]), (to, table.Steps[^1]) })
        {
            var whole = await WholeAsync(end, fake.Planned);
            foreach (var (column, value) in step.Values)
                Assert.Equal(whole.Leaderboard.Columns[column], value);
            Assert.Equal(end.Tasks.Tasks.Where(task => task.Column is not null).Sum(task => whole.Tasks[task.Name].Requests), step.Asked.Values.Sum());
        }
        foreach (var column in table.Columns)
            Assert.Equal(table.Steps[^1].Values[column]!.Value - table.Steps[0].Values[column]!.Value, table.Sum[column]!.Value, 1e-9);
    }

    private static async Task<Run> WholeAsync(BridgeEnd end, PlannedModel model, DataRoot? data = null)
    {
        var asked = Evaluator.Ask(end.Tasks, new() { Data = data ?? Mini, Protocol = end.Protocol, Limit = end.Limit });
        var graded = await Evaluator.GradeAsync(model, asked, new() { Protocol = end.Protocol, Budget = end.Budget }, default);
        return Tally.Count(graded, end.Protocol, end.Tasks, new() { Model = "fake" }, end.Limit, []);
    }

    [Fact]
    public async Task Between_the_ends_nothing_is_asked_that_is_known()
    {
        var (from, to) = (End(LeaderboardV1.Rules, limit: new(4)), End(LmEval04.Rules, limit: new(4)));
        using var ends = new TextModel();
        foreach (var end in (BridgeEnd[])[from, to])
            await WholeAsync(end, ends.Planned);
        using var all = new TextModel();
        var table = await new Bridge(from, to, Mini, (_, _) => all.Planned, null, default).CrossAsync();
        var between = all.Scored.Skip(ends.Scored.Count).ToList();
        Assert.Equal(ends.Scored, all.Scored.Take(ends.Scored.Count));
        Assert.NotEmpty(between);
        Assert.Equal(between.Count, between.Distinct().Except(ends.Scored).Count());
        var scored = table.Steps.Skip(1).SkipLast(1).Sum(step => step.Asked.Where(column => column.Key != "GSM8K").Sum(column => column.Value));
        Assert.Equal(between.Count, scored);
        // Metric and mean look at the same answers.
        Assert.All(table.Steps.Where(step => step.Rule is "metric" or "mean" && step != table.Steps[^1]), step => Assert.Equal(0, step.Asked.Values.Sum()));
    }

    /// <summary>What is known stands for what would be answered: each state asked whole says the same.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Between_the_ends_scores_are_those_of_all_questions_asked(int way)
    {
        var (from, to) = (End(Ways[way].From, limit: new(4)), End(Ways[way].To, leaderboardShots: false, new(6)));
        using var fake = new TextModel();
        var bridge = new Bridge(from, to, Mini, (_, _) => fake.Planned, null, default);
        var table = await bridge.CrossAsync();
        foreach (var (i, step) in table.Steps.Index().Skip(1).SkipLast(1))
        {
            var taken = bridge.Rules.Take(i).ToHashSet();
            var protocol = new BridgeProtocol(from.Protocol, to.Protocol, taken);
            var tasks = from.Tasks with { Tasks = [.. BridgeColumn.Between(from, to).SelectMany(column => column.Tasks).Select(pair => protocol.Between(pair.From, pair.To))] };
            var asked = Evaluator.Ask(tasks, new() { Data = Mini, Protocol = protocol, Limit = (taken.Contains(ProtocolRule.Limit) ? to : from).Limit });
            var graded = await Evaluator.GradeAsync(fake.Planned, asked, new() { Protocol = protocol, Budget = from.Budget }, default);
            foreach (var (column, value) in step.Values)
                Assert.Equal(protocol.Column([.. graded.Where(task => task.Questions.Task.ColumnKey == column).Select(Tally.Headline)])!.Value, value!.Value, 1e-12);
        }
    }

    [Fact]
    public void Requests_of_equal_tokens_are_one_where_the_protocol_merges_them()
    {
        Request[] requests = [new LogLikelihood("ab", "c"), new LogLikelihood("a", "bc"), new LogLikelihood("ab", "c"), new LogLikelihood("a", "b")];
        using var fake = new TextModel();
        RequestKey[] Keys(Protocol protocol) => RequestKey.Of(requests, fake.Planned.Planner with { Protocol = protocol }, "");
        Assert.Equal([0, 0, 0, 3], Keys(LeaderboardV1.Rules).Select(key => key.Asked));
        Assert.Equal(2, Keys(LeaderboardV1.Rules).Select(key => key.Hash).Distinct().Count());
        Assert.Equal([0, 1, 2, 3], Keys(LmEval04.Rules).Select(key => key.Asked));
        Assert.Equal(3, Keys(LmEval04.Rules).Select(key => key.Hash).Distinct().Count());
        // A beginning of its own is another question; without one it is the same.
        Assert.NotEqual(Keys(LeaderboardV1.Rules)[3].Hash, Keys(LmEval04.Rules)[3].Hash);
        Assert.Equal(Keys(LeaderboardV1.Rules)[3].Hash, Keys(LmEval04.Rules with { Bos = BosRule.No })[3].Hash);
    }

    [Fact]
    public async Task A_run_that_says_other_numbers_is_named()
    {
        var whole = await WholeAsync(End(LeaderboardV1.Rules, limit: new(4)), new TextModel().Planned);
        var said = new Dictionary<string, double?>(whole.Leaderboard.Columns) { ["ARC"] = 99 };
        var from = End(LeaderboardV1.Rules, limit: new(4), run: whole with { Leaderboard = whole.Leaderboard with { Columns = said } });
        using var fake = new TextModel();
        var table = await new Bridge(from, End(LmEval04.Rules, limit: new(4)), Mini, (_, _) => fake.Planned, null, default).CrossAsync();
        Assert.Contains("ARC: leaderboard-v1 says 99.0000", Assert.Single(table.Notes));
        Assert.Equal(99 - table.Steps[0].Values["ARC"], table.Baseline.Unexplained["ARC"]);
    }

    [Fact]
    public async Task The_table_shows_each_score_and_its_step_within_a_hundred_columns()
    {
        using var fake = new TextModel();
        var text = BridgeText.Steps(await new Bridge(
            End(LeaderboardV1.Rules, limit: new(4)), End(LmEval04.OpenLlm, limit: new(4)), Mini, (_, _) => fake.Planned, null, default).CrossAsync());
        string[] rows = [.. text.Split('\n').Where(row => row.StartsWith('|'))];
        Assert.All(rows, row => Assert.InRange(row.Length, 1, 100));
        Assert.StartsWith("| leaderboard-v1 ", rows[2]);
        Assert.StartsWith("| order of documents ", rows[3]);
        Assert.StartsWith("| lm-eval-0.4-openllm ", rows[^2]);
        Assert.StartsWith("| sum of the steps ", rows[^1]);
        Assert.Contains("- beginning of a text, ARC, HellaSwag, MMLU, TruthfulQA, Winogrande, GSM8K: nothing; a token of its own (BOS)", text);
        Assert.Contains("Rules that differ, and moved nothing here: ", text);
    }
}
