using Cognito.Eval.Benchmarks;
using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Tests;

/// <summary>A protocol of another kind, in one file: what is needed to add one.</summary>
/// <remarks>Rows in their own order, first examples, a beginning-of-text token, no merging, means weighed by documents.</remarks>
internal sealed record ToyProtocol() : Protocol("toy")
{
    public const int Begin = 1;

    public override string Reference => "nobody's";
    public override bool MergesEqualRequests { get; init; }
    public override int MaxNewTokens { get; init; } = 8;

    public override int Documents(Limit limit, int rows) => (int)Math.Min(rows, Math.Ceiling(limit.Value));

    public override IEnumerable<DrawnDoc> Draw(EvalTask task, IReadOnlyList<Row> rows, IReadOnlyList<Row> examples, int shots) =>
        rows.Select((_, row) => new DrawnDoc(row, [.. Enumerable.Range(0, Math.Min(shots, examples.Count))]));

    public override string Lead(EvalTask task, IEnumerable<Doc> shown) => string.Concat(shown.Select(doc => $"{doc.Query}{doc.Target}\n"));

    public override IReadOnlyList<Request> Requests(Doc doc, string lead) => doc switch
    {
        MultipleChoice choice => [.. choice.Choices.Select(text => new LogLikelihood(lead + doc.Query, text))],
        _ => [new GreedyUntil(lead + doc.Query, ["\n"])],
    };

    public override string? Fault(Doc doc) => null;

    public override EncodedContext Encode(VocabularyTokenizer tokenizer, EndOfText end, string context) => new Begun(tokenizer, context);

    private sealed class Begun(VocabularyTokenizer tokenizer, string text) : EncodedContext(text)
    {
        private readonly int[] _tokens = [Begin, .. tokenizer.EncodeToIds(text)];

        public override (int[] Context, int[] Continuation) With(string continuation) => (_tokens, [.. tokenizer.EncodeToIds(continuation)]);
    }

    public override int Room(int maxLength, int maxNewTokens) => maxLength - maxNewTokens;

    public override IReadOnlyList<GenerationGroup> Groups(
        IReadOnlyList<GreedyUntil> requests, IReadOnlyList<int[]> prompts, VocabularyTokenizer tokenizer, EndOfText end, int maxLength) =>
        [.. prompts.Select((prompt, i) => new GenerationGroup([new(prompt, [i])], new FirstLine(tokenizer, end), MaxNewTokens, 0))];

    private sealed record FirstLine(VocabularyTokenizer Tokenizer, EndOfText End) : AnswerRule
    {
        public override bool IsDone(IReadOnlyList<int> generated) => End.Ids.Contains(generated[^1]);
        public override IReadOnlyList<int[]> CutTogether(IReadOnlyList<int[]> rows) => rows;
        public override string Text(IReadOnlyList<int> generated, int dropped) => Tokenizer.Decode(generated);
    }

    public override DocScores Grade(EvalTask task, Doc doc, IReadOnlyList<Reply> replies) => DocScores.From(task, task.Metrics.ToDictionary(
        metric => metric.Name, _ => doc is MultipleChoice { Gold: var gold }
            && replies.Cast<Likelihood>().MaxBy(reply => reply.LogProbability) == replies[gold] ? 1.0 : 0));

    public override double? Column(IReadOnlyCollection<TaskScore> tasks) =>
        tasks.Count == 0 ? null : 100 * tasks.Sum(task => task.Value * task.Documents) / tasks.Sum(task => task.Documents);

    public override double? ColumnError(IReadOnlyCollection<TaskScore> tasks) => null;

    public override double? Average(IReadOnlyCollection<double?> columns) => columns.Average();
}

public sealed class ToyProtocolTests
{
    [Fact]
    public async Task Another_protocol_asks_encodes_and_counts_in_its_own_way()
    {
        var options = new EvaluationOptions
        {
            Data = DataRoot.Open(Fixture.Samples),
            Protocol = new ToyProtocol(),
            Limit = new Limit(2.5),
            Shots = 1,
        };
        var asked = Evaluator.Ask(TaskSet.Leaderboard.Select("arc"), options);
        Assert.Equal([0, 1, 2], asked.Questions[0].Docs.Select(doc => doc.Row));
        var tokens = new Seen();
        using var model = Planned.Model(tokens, new Toys.HashTokenizer(), Budget.Exact, new(Toys.HashTokenizer.EndOfText), options.Protocol);
        var run = await Evaluator.RunAsync(model, asked);
        Assert.All(tokens.First, first => Assert.Equal(ToyProtocol.Begin, first));
        Assert.Equal(asked.Requests.Count, tokens.First.Count);
        Assert.Equal(("toy", "nobody's"), (run.Provenance.Protocol, run.Provenance.Reference));
        Assert.Equal(3, run.Tasks["arc_challenge"].Documents);
    }

    /// <summary>Notes what sequences begin with.</summary>
    private sealed class Seen : ITokenModel
    {
        private readonly Toys.HashModel _model = new(2000);
        public List<int> First { get; } = [];
        public int MaxLength => _model.MaxLength;
        public int VocabularySize => _model.VocabularySize;

        public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default)
        {
            foreach (var tree in batches.SelectMany(batch => batch.Trees))
                First.Add(((int[])[.. tree.SharedPrefix?.Tokens ?? [], .. tree.Context, .. tree.Continuations[0].Tokens])[0]);
            return _model.Score(batches);
        }

        public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) => [];
        public void Dispose() { }
    }
}
