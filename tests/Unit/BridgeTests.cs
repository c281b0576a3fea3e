using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Comparison;
using Cognito.Eval.Datasets;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Reports;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Tests;

/// <summary>From one protocol to another, on made-up rows.</summary>
public sealed class BridgeTests
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

    public static TheoryData<string> Rules => [.. Facts(LeaderboardV1.Rules, Arc(LeaderboardV1.Rules)).Keys.Select(rule => $"{rule}")];

    /// <summary>A rule that is taken is the other's, and all others stay.</summary>
    [Theory]
    [MemberData(nameof(Rules))]
    public void A_rule_that_is_taken_changes_alone(string name)
    {
        var taken = Enum.Parse<ProtocolRule>(name);
        var bridge = new BridgeProtocol(LeaderboardV1.Rules, LmEval04.Rules, new HashSet<ProtocolRule> { taken });
        var (from, to) = (Arc(LeaderboardV1.Rules), Arc(LmEval04.Rules));
        var (before, after, now) = (Facts(LeaderboardV1.Rules, from), Facts(LmEval04.Rules, to), Facts(bridge, bridge.Between(from, to)));
        foreach (var (rule, fact) in now)
        {
            Assert.NotEqual(before[rule], after[rule]);
            Assert.Equal((rule, rule == taken ? after[rule] : before[rule]), (rule, fact));
        }
    }

    private static EvalTask Arc(Protocol protocol) => TaskSet.Of(protocol).Tasks.Single(task => task.Name == "arc_challenge") with
    {
        Description = protocol is LeaderboardV1 ? "By one." : "By the other.",
    };

    /// <summary>What each rule says of a small case.</summary>
    private static Dictionary<ProtocolRule, string> Facts(Protocol protocol, EvalTask task)
    {
        var rows = Mini.Read(task.Dataset, "test").Rows.Take(7).ToList();
        var (drawn, tokenizer) = (protocol.Draw(task, rows, rows, 3).ToList(), new Toys.CharTokenizer());
        var end = new EndOfText(0) { Start = new(1, "") { Before = [1] } };
        var odd = new MultipleTrue("Q", new(["a"], [true]), new(["a"], [true]));
        return new()
        {
            [ProtocolRule.Order] = $"{string.Join(' ', drawn.Select(doc => doc.Row))}, {protocol.Documents(new(0.5), 5)}",
            [ProtocolRule.Shots] = $"{task.Shots}",
            [ProtocolRule.Draws] = string.Join(' ', drawn.SelectMany(doc => doc.Shots)),
            [ProtocolRule.Questions] = protocol.Lead(task, []),
            [ProtocolRule.Tokenizer] = $"{protocol.Tokenization}",
            [ProtocolRule.Beginnings] = $"{string.Join(' ', protocol.EncodePrompt(tokenizer, end, "a"))}, {string.Join(' ', protocol.Encode(tokenizer, end, "a").With("b").Context)}, "
                + $"{protocol.EmptyContext(end)}, {protocol.AddsBos(end.Start)}",
            [ProtocolRule.Merging] = $"{protocol.MergesEqualRequests}",
            [ProtocolRule.Answers] = protocol.Groups([new("a", [":"])], [[97]], tokenizer, end, 500)[0].Rule.GetType().Name,
            [ProtocolRule.Metric] = $"{protocol.Fault(odd)}, {task.Headline}",
            [ProtocolRule.Mean] = $"{protocol.Column([new(0.5, 1, 0.1), new(1, 3, 0.1)])}, {protocol.ColumnError([new(0.5, 2, 0.1), new(1, 3, 0.1)])}, {protocol.Average([1])}",
        };
    }

    /// <summary>Each rule alone makes questions and grades, in any company.</summary>
    [Fact]
    public void Any_rules_together_can_be_asked_and_graded()
    {
        var (from, to) = (End(LeaderboardV1.Rules, limit: new(3)), End(LmEval04.Rules, leaderboardShots: false));
        var random = new Random(1);
        foreach (var _ in Enumerable.Range(0, 12))
        {
            var bridge = new BridgeProtocol(from.Protocol, to.Protocol, All.Where(rule => random.Next(2) == 0).ToHashSet());
            foreach (var column in BridgeColumn.Between(from, to))
                Assert.NotNull(bridge.Column([.. column.Tasks.Select(pair => Tally.Headline(Graded(bridge.Between(pair.From, pair.To), bridge, new Limit(3))))]));
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

    private static async Task<Run> WholeAsync(BridgeEnd end, PlannedModel model)
    {
        var asked = Evaluator.Ask(end.Tasks, new() { Data = Mini, Protocol = end.Protocol, Limit = end.Limit });
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

    [Fact]
    public void Rules_come_in_an_order_that_asks_least()
    {
        Assert.Equal(
            [ProtocolRule.Order, ProtocolRule.Shots, ProtocolRule.Draws, ProtocolRule.Questions, ProtocolRule.Tokenizer, ProtocolRule.Beginnings,
                ProtocolRule.Merging, ProtocolRule.Answers, ProtocolRule.Metric, ProtocolRule.Mean],
            BridgeRules.Between(End(LeaderboardV1.Rules), End(LmEval04.Rules, leaderboardShots: false)));
        Assert.Equal([ProtocolRule.Draws, ProtocolRule.Shots],
            BridgeRules.Between(End(LmEval04.Rules, leaderboardShots: false), End(LmEval04.OpenLlm)).Take(2));
        Assert.Equal([ProtocolRule.Beginnings], BridgeRules.Between(End(LmEval04.Rules with { Bos = BosRule.No }), End(LmEval04.Rules)));
        var half = End(LmEval04.Rules) with { Setting = new("float32", "bfloat16", 64) };
        Assert.Equal([ProtocolRule.Length, ProtocolRule.Rounding], BridgeRules.Between(End(LmEval04.Rules), half));
        // Both ends are asked before what is between them, but for weights that would be loaded twice.
        Assert.Equal([0, 3, 1, 2], BridgeRules.Order([ProtocolRule.Order, ProtocolRule.Draws, ProtocolRule.Shots]));
        Assert.Equal([0, 1, 2, 3], BridgeRules.Order([ProtocolRule.Order, ProtocolRule.Length, ProtocolRule.Rounding]));
    }

    /// <summary>Letters are tokens, and answers are functions of them: those of the fake model, and numbers by hash.</summary>
    private sealed class TextModel : ITokenModel
    {
        private const int Bos = 1;
        private static readonly Toys.CharTokenizer Tokenizer = new();
        private readonly Dictionary<string, string> _solutions =
            Solutions(Questions.Ask(TaskSet.Leaderboard.Tasks.Single(task => task.Name == "gsm8k"), Mini, LeaderboardV1.Rules));

        public TextModel() => Planned = new(
            new() { Name = "fake", Dtype = "float32", LogProbDtype = "float32", Start = End.Start }, new Planner(Tokenizer, LeaderboardV1.Rules, MaxLength, 1 << 20, End), this);

        private static EndOfText End { get; } = new(0) { Start = new(Bos, "") { Before = [Bos] } };

        public PlannedModel Planned { get; }

        /// <summary>What was scored, in order: tokens, and how many of them.</summary>
        public List<string> Scored { get; } = [];

        public int MaxLength => 1 << 16;
        public int VocabularySize => 1 << 16;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default) => batches.Select(batch =>
            (IReadOnlyList<TokenScore>)[.. batch.Trees.SelectMany(tree => tree.Continuations.Select(continuation =>
                Score([.. tree.SharedPrefix?.Tokens ?? [], .. tree.Context, .. continuation.Tokens], continuation.Targets)))]);

        private TokenScore Score(int[] input, int[] targets)
        {
            var hash = SHA256.HashData(MemoryMarshal.AsBytes<int>([.. input, -1, .. targets]));
            Scored.Add(Convert.ToHexString(hash));
            return new(-50.0 * (BitConverter.ToUInt32(hash) + 0.5) / (1L << 32), (hash[8] & 1) != 0);
        }

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) => batches.Select(batch =>
            (IReadOnlyList<Generated>)[.. batch.Prompts.Select(prompt => new Generated(Answer(prompt)))]);

        private int[] Answer(Prompt prompt)
        {
            var text = ((Completion)Fake.Answer(new GreedyUntil(Tokenizer.Decode(prompt.Tokens, withSpecial: true), []), ties: false, _solutions)).Text;
            var (script, row) = (Tokenizer.Encode(text), new List<int>());
            do
                row.Add(row.Count < script.Length ? script[row.Count] : 0);
            while (row.Count < prompt.MaxNewTokens && !prompt.Stop.IsDone(row));
            return [.. row];
        }

        public void Dispose()
        {
        }
    }
}
