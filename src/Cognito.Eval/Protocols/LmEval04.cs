using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Protocols;

/// <summary>Whether prompts begin with a beginning-of-text token.</summary>
public enum BosRule
{
    /// <summary>As the tokenizer does it where it is asked to add special tokens: the harness since 0.4.9.2.</summary>
    Auto,

    /// <summary>Always, as with <c>add_bos_token=True</c>.</summary>
    Yes,

    /// <summary>Never, as before 0.4.9.2, and as its API models do it.</summary>
    No,
}

/// <summary>
/// lm-evaluation-harness 0.4: the same benchmarks as it asks them today. Sections are those of docs/protocols.md, chapter 9.
/// </summary>
public sealed record LmEval04 : Protocol
{
    /// <summary>Seed of each task's generator of examples (9.1).</summary>
    private const int Seed = 1234;

    private const string OpenLlmName = "lm-eval-0.4-openllm";

    private LmEval04(string name) : base(name)
    {
    }

    public static LmEval04 Rules { get; } = new("lm-eval-0.4");

    /// <summary>The tasks as its group <c>openllm</c> asks them: the leaderboard's shots, and one split's name given (9.1).</summary>
    public static LmEval04 OpenLlm { get; } = new(OpenLlmName);

    public override string Reference => "lm-evaluation-harness 4e7e0d47f33bc71070c1d38394bafbb52b117163";

    public BosRule Bos { get; init; } = BosRule.Auto;

    public override TokenizerRules Tokenization => TokenizerRules.Transformers5;

    public override bool MergesEqualRequests { get; init; }

    public override int MaxNewTokens { get; init; } = 256;

    /// <summary>The group says how many; else that is left to who asks (9.1).</summary>
    public override bool FixesShots => Name == OpenLlmName;

    public override string Standing => "a score of the whole benchmark";

    public override string Owner => $"{Name}'s";

    public override bool Knows(EvalTask task) => task.LmEval is not null;

    /// <summary>A fraction is rounded up, a count cut to a whole number (9.1).</summary>
    public override int Documents(Limit limit, int rows) =>
        (int)Math.Min(rows, limit.Value < 1 ? Math.Ceiling(rows * limit.Value) : Math.Truncate(limit.Value));

    /// <summary>
    /// Documents come in the split's order. One generator draws the examples of one after the other; it is not touched where
    /// none are shown, or the first ones are (9.1).
    /// </summary>
    /// <remarks>The first rows that are not the document itself, where examples come from what the harness takes for the documents.</remarks>
    public override IEnumerable<DrawnDoc> Draw(EvalTask task, IReadOnlyList<Row> rows, IReadOnlyList<Row> examples, int shots)
    {
        var random = new PythonRandom(Seed);
        int[] first = [.. Enumerable.Range(0, task.ShotOrder == ShotOrder.First ? shots : 0)];
        for (var row = 0; row < rows.Count; row++)
            yield return new(row, shots > 0 && task is { ShotOrder: ShotOrder.First, Reads: not null } && DrawsOneMore(task)
                ? WithoutItself(task, rows[row], examples, Enumerable.Range(0, examples.Count), shots)
                : shots == 0 || task.ShotOrder != ShotOrder.Drawn ? first
                : !DrawsOneMore(task) ? random.Sample(examples.Count, shots)
                : WithoutItself(task, rows[row], examples, random.Sample(examples.Count, shots + 1), shots));
    }

    public override int ExamplesNeeded(EvalTask task, int shots) => task.ShotOrder switch
    {
        ShotOrder.Drawn when shots > 0 && DrawsOneMore(task) => shots + 1,
        ShotOrder.None => 0,
        _ => shots,
    };

    private static bool DrawsOneMore(EvalTask task) => task.LmEval is { DrawsOneMore: true };

    /// <summary>The first of those drawn that are not the document itself.</summary>
    private static int[] WithoutItself(EvalTask task, Row row, IReadOnlyList<Row> examples, IEnumerable<int> drawn, int shots)
    {
        int[] others = [.. drawn.Where(example => !examples[example].HasSameCells(row)).Take(shots)];
        return others.Length == shots ? others : throw new InputException(
            $"{row.Origin}: {drawn.Count() - others.Length} of the examples drawn for it are the same row, on which lm-evaluation-harness stops; "
            + $"correct the rows of {task.ShotSplit}, or ask for another --num-fewshot");
    }

    /// <summary>The description as it is, then the examples with a blank line after each (9.1).</summary>
    public override string Lead(EvalTask task, IEnumerable<Doc> shown) => task.Description
        + string.Concat(shown.Select(doc => doc is FiledDoc { Shown: var whole } ? whole : doc.Query + doc.Target + "\n\n"));

    public override IReadOnlyList<Request> Requests(Doc doc, string lead) => doc switch
    {
        MultipleChoice { Query: var query, Choices: var choices } when lead + query is var context =>
            [.. choices.Select(choice => new LogLikelihood(context, " " + choice))],
        MultipleTrue { Query: var query, Choices: var choices } when lead + query is var context =>
            [.. choices.Select(choice => new LogLikelihood(context, " " + choice))],
        Cloze cloze => [.. cloze.Options.Select(option => new LogLikelihood(lead + cloze.Before + option, cloze.Target))],
        FiledDoc filed => filed.Ask(lead),
        FreeForm { Stops: var stops } free => [new GreedyUntil(lead + free.Query, stops) { MaxNewTokens = free.MaxNewTokens }],
        _ => throw new ArgumentException($"a kind of document that is not asked: {doc.GetType().Name}", nameof(doc)),
    };

    /// <summary>Nothing: what cannot be right is graded wrong (9.2).</summary>
    public override string? Fault(Doc doc) => null;

    public override bool AddsBos(StartOfText start) => Around(start).Length > 0;

    /// <summary>The tokens that stand before a text.</summary>
    /// <exception cref="InputException">The tokenizer has none, or would put some behind a text too.</exception>
    private int[] Around(StartOfText start) => Bos switch
    {
        BosRule.No => [],
        BosRule.Yes => start.Token is { } bos ? [bos] : throw new InputException(
            "--bos yes: the checkpoint's tokenizer has no beginning-of-text token; leave --bos out, or give no"),
        _ when start.After.Count > 0 => throw new InputException(
            "--bos auto: the checkpoint's tokenizer puts a token behind every text too, and lm-evaluation-harness would score others "
            + "than the answer's tokens; give --bos yes or no"),
        _ => [.. start.Before],
    };

    public override int EmptyContext(EndOfText end) => end.Start.Token ?? end.Token;

    public override int[] EncodePrompt(VocabularyTokenizer tokenizer, EndOfText end, string context) =>
        [.. Before(context, tokenizer, end), .. tokenizer.EncodeToIds(context)];

    /// <summary>With what stands before a prompt, which is predicted too (9.3).</summary>
    public override int[] EncodeWhole(VocabularyTokenizer tokenizer, EndOfText end, string text) => EncodePrompt(tokenizer, end, text);

    /// <summary>Nothing stands before a text that spells the token itself (9.3).</summary>
    private int[] Before(string text, VocabularyTokenizer tokenizer, EndOfText end)
    {
        var spelled = tokenizer.Spelled(EmptyContext(end));
        return spelled.Length > 0 && text.StartsWith(spelled, StringComparison.Ordinal) ? [] : Around(end.Start);
    }

    public override EncodedContext Encode(VocabularyTokenizer tokenizer, EndOfText end, string context) => context.Length == 0
        ? new Nothing(tokenizer, EmptyContext(end))
        : new Pair(this, tokenizer, end, context);

    /// <summary>
    /// Of an empty context: the token that stands for one, unless the continuation begins with it. Then that one is the
    /// context (9.3).
    /// </summary>
    private sealed class Nothing(VocabularyTokenizer tokenizer, int token) : EncodedContext("")
    {
        private readonly int[] _context = [token];

        public override (int[] Context, int[] Continuation) With(string continuation) =>
            tokenizer.Encode(continuation) is var tokens && tokens.Length > 0 && tokens[0] == token
                ? (_context, tokens[1..]) : (_context, tokens);
    }

    /// <summary>As on the leaderboard (5.2), but for what stands before a text.</summary>
    private sealed class Pair(LmEval04 protocol, VocabularyTokenizer tokenizer, EndOfText end, string text) : EncodedContext(text)
    {
        private readonly SplitContext _split = new(tokenizer, text);
        private readonly int[] _before = protocol.Before(PythonText.TrimEnd(text), tokenizer, end);
        private int[]? _context;

        // Only a context that is shorter than the token's own text may spell it together with what follows.
        private readonly bool _isShort = PythonText.TrimEnd(text).Length < tokenizer.Spelled(protocol.EmptyContext(end)).Length;

        public override (int[] Context, int[] Continuation) With(string continuation)
        {
            _context ??= [.. _before, .. _split.Tokens];
            var more = !_isShort ? 0 : protocol.Before(Text + continuation, tokenizer, end).Length - _before.Length;
            return (_context, more == 0 ? _split.Continuation(continuation) : [.. _split.Whole(continuation)[Math.Max(0, _split.Tokens.Length - more)..]]);
        }
    }

    public override int Room(int maxLength, int maxNewTokens) => LeaderboardV1.Rules.Room(maxLength, maxNewTokens);

    /// <summary>
    /// Each prompt is generated for alone, equal ones once. One that leaves no room for the answer loses its oldest tokens; of
    /// the answer nothing is lost (9.3).
    /// </summary>
    public override IReadOnlyList<GenerationGroup> Groups(
        IReadOnlyList<GreedyUntil> requests, IReadOnlyList<int[]> prompts, VocabularyTokenizer tokenizer, EndOfText end, int maxLength) =>
    [
        .. Enumerable.Range(0, requests.Count)
            .GroupBy(i => (prompts[i].Length, requests[i].Context, Stops: string.Join('\0', requests[i].Stops), requests[i].MaxNewTokens))
            .OrderBy(same => same.Key.Length).ThenBy(same => same.Key.Context, PythonText.ByCodePoint)
            .Select(same =>
            {
                var (first, prompt) = (requests[same.First()], prompts[same.First()]);
                var most = first.MaxNewTokens ?? MaxNewTokens;
                return new GenerationGroup(
                    [new GenerationRow(prompt[^Math.Min(Room(maxLength, most), prompt.Length)..], [.. same])],
                    new LmEvalStop(tokenizer, first.Stops, end.Ids, end.Text), most, Dropped: 0);
            }),
    ];

    public override DocScores Grade(EvalTask task, Doc doc, IReadOnlyList<Reply> replies) => doc is FiledDoc filed ? filed.Grade(replies)
        : doc is FreeForm free ? DocScores.From(task, free.Grade(((Completion)replies[0]).Text))
        : LmEvalScores.Grade(task, doc, [.. replies.Select(reply => ((Likelihood)reply).LogProbability)]);

    public override bool WeighsDocuments => true;

    /// <summary>Each document counts the same, whatever task it is of; one that is no number makes the column none (9.4).</summary>
    public override double? Column(IReadOnlyCollection<TaskScore> tasks) => tasks.Count == 0 ? null
        : tasks.Count == 1 ? tasks.First().Value * 100
        : tasks.Aggregate((double?)0.0, (sum, task) => sum + task.Value * task.Documents) / tasks.Sum(task => task.Documents) * 100;

    /// <summary>The tasks' variances pooled, as of one sample (9.4).</summary>
    public override double? ColumnError(IReadOnlyCollection<TaskScore> tasks)
    {
        if (tasks.Count <= 1)
            return tasks.Select(task => task.StandardError * 100).FirstOrDefault();
        var documents = tasks.Sum(task => task.Documents);
        var squares = tasks.Aggregate((double?)0.0, (sum, task) =>
            sum + (task.Documents - 1) * (task.StandardError * task.StandardError) * task.Documents);
        return squares is { } all && documents > tasks.Count ? Math.Sqrt(all / (documents - tasks.Count) / documents) * 100 : null;
    }

    /// <summary>The harness makes no average of these tasks.</summary>
    public override double? Average(IReadOnlyCollection<double?> columns) => null;
}
