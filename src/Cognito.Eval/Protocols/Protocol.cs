using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Protocols;

/// <summary>A reference's rules, as functions: all that is not a task's own between a row and a score (docs/protocols.md).</summary>
public abstract record Protocol(string Name)
{
    /// <summary>The one that is followed where none is named.</summary>
    public static Protocol Default => LeaderboardV1.Rules;

    /// <summary>The protocols there are.</summary>
    public static IReadOnlyList<Protocol> All => [LeaderboardV1.Rules, LmEval04.Rules, LmEval04.OpenLlm];

    /// <summary>The one of that name, as results tell it; of lm-evaluation-harness' later versions the nearest; else the default.</summary>
    public static Protocol Of(string? name) => All.FirstOrDefault(protocol => protocol.Name == name)
        ?? (name?.StartsWith("lm-eval-", StringComparison.Ordinal) is true ? LmEval04.Rules : Default);

    /// <summary>The one that a user names, by its own name or an everyday one.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static Protocol Parse(string name) =>
        All.FirstOrDefault(protocol => protocol.Name == Everyday.GetValueOrDefault(name, name)) ?? throw new InputException(
            $"--protocol {name}: no such protocol; {NearNames.Hint(name, All.Select(protocol => protocol.Name).Concat(Everyday.Keys))}give {string.Join(", ", All.Select(protocol => protocol.Name))}");

    private static readonly Dictionary<string, string> Everyday = new(StringComparer.OrdinalIgnoreCase)
    {
        ["leaderboard"] = "leaderboard-v1",
        ["v1"] = "leaderboard-v1",
        ["lm-eval"] = "lm-eval-0.4",
        ["0.4"] = "lm-eval-0.4",
        ["openllm"] = "lm-eval-0.4-openllm",
        ["lm-eval-openllm"] = "lm-eval-0.4-openllm",
    };

    /// <summary>The implementation whose requests these are, to the byte.</summary>
    public abstract string Reference { get; }

    /// <summary>Whether a task says all that its rules hang on.</summary>
    public virtual bool Knows(EvalTask task) => true;

    /// <summary>How many of a split's documents a limit asks.</summary>
    public abstract int Documents(Limit limit, int rows);

    /// <summary>Documents in evaluation order, each with the examples that it shows.</summary>
    /// <param name="rows">The split.</param>
    /// <param name="examples">The rows that examples may be taken of; none where none are shown.</param>
    /// <param name="shots">How many are shown.</param>
    public abstract IEnumerable<DrawnDoc> Draw(EvalTask task, IReadOnlyList<Row> rows, IReadOnlyList<Row> examples, int shots);

    /// <summary>How many rows there must be to take so many examples from.</summary>
    public virtual int ExamplesNeeded(EvalTask task, int shots) => task.ShotOrder == ShotOrder.Drawn ? shots : 0;

    /// <summary>Whether a score counts only with the task's own number of examples.</summary>
    public virtual bool FixesShots => true;

    /// <summary>What a whole run's scores are, in sentences that say why one is none.</summary>
    public virtual string Standing => "a leaderboard score";

    /// <summary>Whose settings are its own, in such sentences.</summary>
    public virtual string Owner => "the leaderboard's";

    /// <summary>What comes before a document's own text.</summary>
    public abstract string Lead(EvalTask task, IEnumerable<Doc> shown);

    public abstract IReadOnlyList<Request> Requests(Doc doc, string lead);

    /// <summary>What keeps an asked document from being graded, where the reference stops; null if nothing does.</summary>
    public abstract string? Fault(Doc doc);

    /// <summary>A context in tokens, in which continuations are encoded.</summary>
    public abstract EncodedContext Encode(VocabularyTokenizer tokenizer, EndOfText end, string context);

    /// <summary>Which version of transformers reads the tokenizer's files.</summary>
    public virtual TokenizerRules Tokenization => TokenizerRules.Transformers4;

    /// <summary>A prompt that text is generated after, in tokens.</summary>
    public virtual int[] EncodePrompt(VocabularyTokenizer tokenizer, EndOfText end, string context) => [.. tokenizer.EncodeToIds(context)];

    /// <summary>A whole text whose likelihood is asked for, in tokens.</summary>
    public virtual int[] EncodeWhole(VocabularyTokenizer tokenizer, EndOfText end, string text) => [.. tokenizer.EncodeToIds(text)];

    /// <summary>The token that stands for an empty context, and before a whole text.</summary>
    public virtual int EmptyContext(EndOfText end) => end.Token;

    /// <summary>Whether prompts begin with a token that no text holds.</summary>
    public virtual bool AddsBos(StartOfText start) => false;

    /// <summary>Whether requests of equal tokens get one answer, whatever their split into context and continuation.</summary>
    public abstract bool MergesEqualRequests { get; init; }

    /// <summary>Most tokens of a generated answer, where its request does not say.</summary>
    public abstract int MaxNewTokens { get; init; }

    /// <summary>Most tokens of a prompt that leave room for an answer.</summary>
    /// <exception cref="Files.InputException">There is no room at all.</exception>
    public abstract int Room(int maxLength, int maxNewTokens);

    /// <summary>Prompts in the groups that the reference generates for together, in the order of its work.</summary>
    /// <param name="prompts">The requests' contexts in tokens.</param>
    public abstract IReadOnlyList<GenerationGroup> Groups(
        IReadOnlyList<GreedyUntil> requests, IReadOnlyList<int[]> prompts, VocabularyTokenizer tokenizer, EndOfText end, int maxLength);

    /// <summary>From a document and its replies to its scores.</summary>
    public abstract DocScores Grade(EvalTask task, Doc doc, IReadOnlyList<Reply> replies);

    /// <summary>A column's value in percent; null where none of its tasks was asked.</summary>
    public abstract double? Column(IReadOnlyCollection<TaskScore> tasks);

    /// <summary>Whether a column's documents count alike, whatever task they are of; else its tasks do.</summary>
    public virtual bool WeighsDocuments => false;

    /// <summary>A column's standard error in percent; null where it is not known.</summary>
    public abstract double? ColumnError(IReadOnlyCollection<TaskScore> tasks);

    /// <summary>All columns as one; null while one is missing, and where the reference makes no such number.</summary>
    public abstract double? Average(IReadOnlyCollection<double?> columns);
}

/// <summary>A document in its place: its row in the split, and the rows of the examples that it shows.</summary>
public readonly record struct DrawnDoc(int Row, IReadOnlyList<int> Shots);

/// <summary>A task's headline metric, and how many documents it is of.</summary>
/// <param name="Value">Null where it is no number.</param>
/// <param name="StandardError">Null where it is not known.</param>
public readonly record struct TaskScore(double? Value, int Documents, double? StandardError = null);

/// <summary>A context in tokens, and continuations encoded in it.</summary>
public abstract class EncodedContext(string text)
{
    public string Text => text;

    /// <summary>What is given, and what is scored.</summary>
    public abstract (int[] Context, int[] Continuation) With(string continuation);
}
