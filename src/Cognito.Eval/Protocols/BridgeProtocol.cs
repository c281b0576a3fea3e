using Cognito.Eval.Data;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Protocols;

/// <summary>
/// A protocol on its way to another: each rule is the one's or the other's. With no rule taken its questions and scores are those
/// of the first, with all of them those of the second.
/// </summary>
/// <param name="Taken">The rules that are the second's.</param>
internal sealed record BridgeProtocol(Protocol From, Protocol To, IReadOnlySet<ProtocolRule> Taken) : Protocol($"{From.Name}..{To.Name}")
{
    /// <summary>Whose rule it is.</summary>
    public Protocol Of(ProtocolRule rule) => Taken.Contains(rule) ? To : From;

    public override string Reference => $"{From.Reference}, {To.Reference}";

    /// <summary>A task that both ask, as it is asked on the way: of each rule the task's own part is its owner's.</summary>
    public EvalTask Between(EvalTask from, EvalTask to)
    {
        EvalTask Its(ProtocolRule rule) => Taken.Contains(rule) ? to : from;
        // What a task file asks, and how it grades that, is one rule: its file.
        if (from.Reads is not null)
            return Its(ProtocolRule.Questions) is var file && file.ShotOrder == ShotOrder.None ? file with { Shots = 0 }
                : file with { Shots = Its(ProtocolRule.Shots).Shots };
        var (drawn, text) = (Its(ProtocolRule.Draws), Its(ProtocolRule.Questions));
        var (ends, graded) = (Its(ProtocolRule.Answers), Its(ProtocolRule.Metric));
        return graded with
        {
            Name = from.Name,
            Dataset = drawn.Dataset,
            Split = Its(ProtocolRule.Order).Split,
            ShotSplit = drawn.ShotSplit,
            ShotOrder = drawn.ShotOrder,
            LmEval = drawn.LmEval,
            Shots = Its(ProtocolRule.Shots).Shots,
            Description = text.Description,
            Column = from.Column,
            ToDoc = row => Between(text.ToDoc(row), ends.ToDoc(row), graded.ToDoc(row)),
        };
    }

    /// <summary>The text of one, the stops of another, and what a third takes for right. An example keeps its own text.</summary>
    private static Doc Between(Doc text, Doc ends, Doc graded) => (text, ends, graded) switch
    {
        (MultipleChoice asked, _, MultipleChoice right) => asked with { Gold = right.Gold },
        (Cloze asked, _, Cloze right) => asked with { Gold = right.Gold },
        // Which of a question's lists of choices are asked hangs on what its metrics need.
        (MultipleTrue asked, _, MultipleTrue right) => asked with { One = right.One, Many = right.Many },
        (FreeForm asked, FreeForm stops, FreeForm right) => asked with
        {
            Stops = stops.Stops,
            MaxNewTokens = stops.MaxNewTokens,
            Grade = right.Grade,
            Extract = right.Extract,
            Fault = right.Fault,
        },
        _ => throw new ArgumentException($"{text.GetType().Name} and {graded.GetType().Name} are not one document", nameof(text)),
    };

    public override int Documents(Limit limit, int rows) => Of(ProtocolRule.Order).Documents(limit, rows);

    /// <summary>The one's order; at each place the examples that the other draws there.</summary>
    public override IEnumerable<DrawnDoc> Draw(EvalTask task, IReadOnlyList<Row> rows, IReadOnlyList<Row> examples, int shots)
    {
        int[] order = [.. Of(ProtocolRule.Order).Draw(task, rows, [], 0).Select(doc => doc.Row)];
        var drawn = Of(ProtocolRule.Draws).Draw(task, [.. order.Select(row => rows[row])], examples, shots);
        return order.Zip(drawn, (row, its) => its with { Row = row });
    }

    public override int ExamplesNeeded(EvalTask task, int shots) => Of(ProtocolRule.Draws).ExamplesNeeded(task, shots);

    public override string Lead(EvalTask task, IEnumerable<Doc> shown) => Of(ProtocolRule.Questions).Lead(task, shown);

    public override IReadOnlyList<Request> Requests(Doc doc, string lead) => Of(ProtocolRule.Questions).Requests(doc, lead);

    public override string? Fault(Doc doc) => Of(ProtocolRule.Metric).Fault(doc);

    public override EncodedContext Encode(VocabularyTokenizer tokenizer, EndOfText end, string context) =>
        Of(ProtocolRule.Beginnings).Encode(tokenizer, end, context);

    public override TokenizerRules Tokenization => Of(ProtocolRule.Tokenizer).Tokenization;

    public override int[] EncodePrompt(VocabularyTokenizer tokenizer, EndOfText end, string context) =>
        Of(ProtocolRule.Beginnings).EncodePrompt(tokenizer, end, context);

    public override int[] EncodeWhole(VocabularyTokenizer tokenizer, EndOfText end, string text) =>
        Of(ProtocolRule.Beginnings).EncodeWhole(tokenizer, end, text);

    public override int EmptyContext(EndOfText end) => Of(ProtocolRule.Beginnings).EmptyContext(end);

    public override bool AddsBos(StartOfText start) => Of(ProtocolRule.Beginnings).AddsBos(start);

    public override bool MergesEqualRequests { get; init; } = (Taken.Contains(ProtocolRule.Merging) ? To : From).MergesEqualRequests;

    public override int MaxNewTokens { get; init; } = (Taken.Contains(ProtocolRule.Answers) ? To : From).MaxNewTokens;

    public override int Room(int maxLength, int maxNewTokens) => Of(ProtocolRule.Answers).Room(maxLength, maxNewTokens);

    public override IReadOnlyList<GenerationGroup> Groups(
        IReadOnlyList<GreedyUntil> requests, IReadOnlyList<int[]> prompts, VocabularyTokenizer tokenizer, EndOfText end, int maxLength) =>
        Of(ProtocolRule.Answers).Groups(requests, prompts, tokenizer, end, maxLength);

    public override DocScores Grade(EvalTask task, Doc doc, IReadOnlyList<Reply> replies) => Of(ProtocolRule.Metric).Grade(task, doc, replies);

    public override double? Column(IReadOnlyCollection<TaskScore> tasks) => Of(ProtocolRule.Mean).Column(tasks);

    public override double? ColumnError(IReadOnlyCollection<TaskScore> tasks) => Of(ProtocolRule.Mean).ColumnError(tasks);

    public override double? Average(IReadOnlyCollection<double?> columns) => Of(ProtocolRule.Mean).Average(columns);
}
