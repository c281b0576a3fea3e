using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Protocols;

/// <summary>
/// The Open LLM Leaderboard v1: lm-evaluation-harness at the commit that it ran. Sections are those of docs/protocols.md.
/// </summary>
public sealed record LeaderboardV1() : Protocol("leaderboard-v1")
{
    /// <summary>Seed of each task's generator, which shuffles its documents and then draws their shots (3.3).</summary>
    private const int Seed = 42;

    public static LeaderboardV1 Rules { get; } = new();

    public override string Reference => "lm-evaluation-harness b281b0921b636bc36ad05c0b0b0763bd6dd43463";

    public override bool MergesEqualRequests { get; init; } = true;

    public override int MaxNewTokens { get; init; } = 256;

    /// <summary>
    /// Prompts that the reference generates for together. Its truncation and its stopping rule look at the whole batch
    /// (5.5), so the number is part of the question, not of how fast it is answered. The leaderboard's is 1.
    /// </summary>
    public int GenerationBatch { get; init; } = 1;

    /// <summary>A count is cut to a whole number, and so is a fraction's (3.4).</summary>
    public override int Documents(Limit limit, int rows) =>
        limit.Value < 1 ? (int)(rows * limit.Value) : (int)Math.Min(rows, Math.Truncate(limit.Value));

    /// <summary>
    /// One generator shuffles the documents and goes on to draw each one's shots, so a document's shots depend on its place
    /// and on all draws before it (3.3, 3.6). First rows are as many as there are (4.3).
    /// </summary>
    public override IEnumerable<DrawnDoc> Draw(EvalTask task, IReadOnlyList<Row> rows, IReadOnlyList<Row> examples, int shots)
    {
        var random = new PythonRandom(Seed);
        var order = Enumerable.Range(0, rows.Count).ToArray();
        random.Shuffle(order);
        int[] first = [.. Enumerable.Range(0, Math.Min(shots, examples.Count))];
        foreach (var row in order)
            yield return new(row, task.ShotOrder == ShotOrder.Drawn && shots > 0 ? random.Sample(examples.Count, shots) : first);
    }

    /// <summary>The description and the examples, blank lines between (3.5).</summary>
    public override string Lead(EvalTask task, IEnumerable<Doc> shown)
    {
        IEnumerable<string> description = task.Description is null ? [] : [task.Description];
        return string.Concat(description.Concat(shown.Select(doc => doc.Query + doc.Target)).Select(part => part + "\n\n"));
    }

    public override IReadOnlyList<Request> Requests(Doc doc, string lead)
    {
        var context = lead + doc.Query;
        return doc switch
        {
            MultipleChoice { Choices: var choices } => [.. choices.Select(c => new LogLikelihood(context, " " + c))],
            MultipleTrue { Choices: var choices } => [.. choices.Select(c => new LogLikelihood(context, " " + c))],
            Cloze cloze => [.. cloze.Options.Select(o => new LogLikelihood(PartialContext(context, cloze.Before + o), cloze.Target))],
            FreeForm { Stops: var stops } free => [new GreedyUntil(context, stops) { MaxNewTokens = free.MaxNewTokens }],
            _ => throw new ArgumentException($"a kind of document that is not asked: {doc.GetType().Name}", nameof(doc)),
        };
    }

    /// <summary>
    /// The reference cuts a whole context at its last blank line, also one inside the document's own text, and puts the
    /// partial text there (4.5).
    /// </summary>
    internal static string PartialContext(string context, string partial)
    {
        var cut = context.LastIndexOf("\n\n", StringComparison.Ordinal);
        return cut < 0 ? partial : context[..(cut + 2)] + partial;
    }

    /// <summary>Examples are only shown, so they may have what keeps a document from being graded (4.4, 6.2, 6.4).</summary>
    public override string? Fault(Doc doc) => doc switch
    {
        FreeForm { Fault: { } fault } => fault,
        MultipleTrue { One: var one, Many: var many } => (one is null ? null : Fault("mc1_targets", one)) ?? Fault("mc2_targets", many),
        _ => null,
    };

    private static string? Fault(string name, LabelledChoices choices) => (choices.Labels.Contains(true), choices.Labels.Contains(false)) switch
    {
        (true, true) => null,
        (false, _) => $"{name} has no true choice (label 1), so nothing can be right; correct the row",
        _ => $"{name} has no false choice (label 0), so nothing can be wrong; correct the row",
    };

    public override EncodedContext Encode(VocabularyTokenizer tokenizer, EndOfText end, string context) => new Pair(tokenizer, end, context);

    /// <summary>An empty context is the end-of-text token (5.2).</summary>
    private sealed class Pair(VocabularyTokenizer tokenizer, EndOfText end, string text) : EncodedContext(text)
    {
        private readonly SplitContext _split = new(tokenizer, text);
        private readonly int[]? _nothing = text.Length == 0 ? [end.Token] : null;

        public override (int[] Context, int[] Continuation) With(string continuation) => (_nothing ?? _split.Tokens, _split.Continuation(continuation));
    }

    public override int Room(int maxLength, int maxNewTokens) => maxLength > maxNewTokens
        ? maxLength - maxNewTokens
        : throw new InputException(
            $"a maximum length of {maxLength} tokens leaves no room for a prompt before {maxNewTokens} new ones; "
            + "give a larger --max-length, or leave out the tasks that generate");

    /// <summary>
    /// Equal prompts are one; they are sorted, shortest first, and cut into batches. A prompt longer than what leaves room
    /// for the answer loses its oldest tokens, and the reference, which cuts the answer at the width before that, loses as
    /// many of the answer's (5.5).
    /// </summary>
    public override IReadOnlyList<GenerationGroup> Groups(
        IReadOnlyList<GreedyUntil> requests, IReadOnlyList<int[]> prompts, VocabularyTokenizer tokenizer, EndOfText end, int maxLength) =>
    [
        .. Enumerable.Range(0, requests.Count)
            .GroupBy(i => (prompts[i].Length, requests[i].Context, Stops: string.Join('\0', requests[i].Stops), requests[i].MaxNewTokens))
            .OrderBy(same => same.Key.Length).ThenBy(same => same.Key.Context, PythonText.ByCodePoint)
            .Chunk(GenerationBatch)
            .Select(batch =>
            {
                var first = requests[batch[0].First()];
                var (most, width) = (first.MaxNewTokens ?? MaxNewTokens, batch.Max(same => same.Key.Length));
                var room = Room(maxLength, most);
                var rows = batch.Select(same => new GenerationRow(prompts[same.First()][^Math.Min(room, same.Key.Length)..], [.. same]));
                return new GenerationGroup(
                    [.. rows], new LeaderboardStop(tokenizer, first.Stops, end.Ids, end.Text), most, Math.Max(0, width - room));
            }),
    ];

    public override DocScores Grade(EvalTask task, Doc doc, IReadOnlyList<Reply> replies) => doc is FreeForm free
        ? DocScores.From(task, free.Grade(((Completion)replies[0]).Text))
        : LeaderboardScores.Grade(task, doc, [.. replies.Select(reply => ((Likelihood)reply).LogProbability)]);

    /// <summary>Mean of the tasks' headline metric; a metric that is no number counts as 0 (6.5).</summary>
    public override double? Column(IReadOnlyCollection<TaskScore> tasks) =>
        tasks.Count == 0 ? null : tasks.Aggregate(0.0, (sum, task) => sum + (task.Value ?? 0)) / tasks.Count * 100;

    /// <summary>A column's tasks are separate samples, each of the same weight.</summary>
    public override double? ColumnError(IReadOnlyCollection<TaskScore> tasks) => Pooled([.. tasks.Select(task => task.StandardError * 100)]);

    /// <summary>Of the mean of independent values; null while one of their errors is not known.</summary>
    internal static double? Pooled(IReadOnlyCollection<double?> errors) => errors.Count == 0 || errors.Any(error => error is null) ? null
        : Math.Sqrt(errors.Sum(error => error!.Value * error.Value)) / errors.Count;

    public override double? Average(IReadOnlyCollection<double?> columns) =>
        columns.Count == 0 || columns.Any(column => column is null) ? null
            : columns.Aggregate(0.0, (sum, value) => sum + value!.Value) / columns.Count;
}
