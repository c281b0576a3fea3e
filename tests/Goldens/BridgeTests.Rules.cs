using Cognito.Eval.Benchmarks;
using Cognito.Eval.Protocols;
using Cognito.Eval.Results;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>What each rule changes, and in which order they are taken.</summary>
public sealed partial class BridgeTests
{
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
}
