using Cognito.Eval.Data;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Protocols;

/// <summary>A document as it is asked: its place in the evaluation, its row in the split, and its requests.</summary>
public sealed record AskedDoc(int Row, Doc Doc, IReadOnlyList<Request> Requests)
{
    /// <summary>The row that it was made from.</summary>
    public Row? Source { get; init; }

    /// <summary>Places of the rows that it shows, among those that examples come from.</summary>
    public IReadOnlyList<int> Shots { get; init; } = [];
}

/// <summary>All that a task asks: documents in evaluation order, with their prompts.</summary>
/// <param name="Shots">Examples that stand in each prompt: no more than there are.</param>
/// <param name="SplitRows">Documents of the whole split, of which a limit may ask fewer.</param>
/// <param name="DataSha256">Digest of the rows read, by split.</param>
public sealed record Questions(
    EvalTask Task, int Shots, IReadOnlyList<AskedDoc> Docs, int SplitRows, RequestDigest Digest,
    IReadOnlyDictionary<string, string> DataSha256)
{
    /// <summary>Whether its documents ask for generated text; else they ask for log-likelihoods.</summary>
    public bool Generates => Task.Generates;

    public IEnumerable<Request> Requests => Docs.SelectMany(doc => doc.Requests);

    /// <summary>Whether every published document is asked: what a leaderboard score needs.</summary>
    public bool IsComplete => Task.Reads is not null ? Docs.Count == SplitRows : Docs.Count == SplitRows && SplitRows == PublishedRows && (Shots == Task.Shots || !Protocol.FixesShots)
        && ShotRows == PublishedShotRows;

    public int? PublishedRows => Task.Dataset.PublishedRows.TryGetValue(Task.Split, out var rows) ? rows : null;

    /// <summary>Whose rules they follow.</summary>
    public Protocol Protocol { get; init; } = Protocol.Default;

    /// <summary>What is to be said of them, one sentence each: of a task file, what was let pass.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Rows of the split that examples came from; null if none did.</summary>
    public int? ShotRows { get; init; }

    public int? PublishedShotRows =>
        ShotRows is not null && Task.ShotSplit is not null && Task.Dataset.PublishedRows.TryGetValue(Task.ShotSplit, out var rows) ? rows : null;

    /// <summary>Builds a task's prompts from its rows (protocol 3.3–3.6).</summary>
    /// <param name="shots">Examples in each prompt; the task's own number if null.</param>
    /// <exception cref="InputException">
    /// The data is missing, too small for the shots or the limit, or has a row that the reference stops on.
    /// </exception>
    public static Questions Ask(EvalTask task, DataRoot data, Protocol protocol, int? shots = null, Limit? limit = null)
    {
        if (!protocol.Knows(task))
            throw new ArgumentException($"{task} is not a task of {protocol.Name}: take those of TaskSet.Of(protocol).", nameof(task));
        var count = ShotsOf(task, shots);
        var split = data.Read(task.Dataset, task.Split);
        var digests = new SortedDictionary<string, string>(StringComparer.Ordinal) { [task.Split] = split.Sha256 };
        IReadOnlyList<Row> examples = [];
        if (count == 0 && task.LmEval is { Dumped: not null, FewshotSplit: { } named })
            Require(task, data, named);
        if (count > 0)
        {
            var rows = task.Samples is { } own ? new(own, [$"{task}'s own samples"], DatasetSplit.DigestAll(own)) : data.Read(task.Dataset, task.ShotSplit!);
            (digests[task.ShotSplit ?? "samples"], examples) = (rows.Sha256, rows.Rows);
            if (protocol.ExamplesNeeded(task, count) is var needed && examples.Count < needed)
                throw new InputException(
                    $"{task}: {count} shots asked, but {rows.Files[0]} has {examples.Count} rows to {(needed > count ? $"draw {needed} from" : "draw them from")}; "
                    + $"ask for --num-fewshot {Math.Max(0, examples.Count - (needed - count))} or fewer, or give the whole {task.ShotSplit ?? "list"} split");
        }
        var reader = task.Reads?.Invoke(split.Rows);
        // What hangs on the whole split is made as it is asked, as the reference does; a file's documents after the limit are not looked at.
        Doc?[] docs = reader is null ? [.. split.Rows.Select(task.ToDoc)] : new Doc?[split.Rows.Count];
        Doc?[] shown = reader is null ? [.. examples.Select(task.ToDoc)] : new Doc?[examples.Count];
        var asked = limit is { } some ? protocol.Documents(some, docs.Length) : docs.Length;
        if (asked == 0)
            throw new InputException(
                $"{task}: --limit {limit} of {docs.Length} documents is none; give a larger fraction, or a count");
        var prompts = data.Bounds.Within(task, Prompts(
            task, protocol, split.Rows, i => docs[i] ??= reader!.ToDoc(split.Rows[i]), examples,
            i => shown[i] ??= reader!.ToExample(examples[i]), count).Take(asked)).ToList();
        if (prompts.Find(doc => doc.Doc is FreeForm or FiledDoc { Generates: true } != task.Generates) is { } odd)
            throw new ArgumentException($"{task}: a {odd.Doc.GetType().Name} document, and Generates is {task.Generates}.", nameof(task));
        foreach (var doc in prompts)
            if (protocol.Fault(doc.Doc) is { } fault)
                throw new InputException($"{split.Rows[doc.Row].Origin}: {fault}");
        // First rows are as many as there are (protocol 4.3).
        var stand = task.ShotOrder == ShotOrder.First ? Math.Min(count, examples.Count) : count;
        var notes = task.Check(new(
            [.. prompts.Select(doc => doc.Source!)], [.. prompts.Select(doc => doc.Doc)], [.. prompts.Select(doc => doc.Requests)],
            [.. prompts.Select(doc => doc.Shots)], examples, asked == docs.Length));
        return new(task, stand, prompts, docs.Length, RequestDigest.Compute(prompts.SelectMany(doc => doc.Requests)), digests)
        {
            Protocol = protocol,
            Notes = notes,
            ShotRows = count > 0 ? examples.Count : null,
        };
    }

    /// <summary>A split that a task's file names for examples is there, even where none are shown.</summary>
    private static void Require(EvalTask task, DataRoot data, string split)
    {
        try
        {
            data.Require(task.Dataset, split);
        }
        catch (InputException e)
        {
            throw new InputException($"{task}: its examples' split {split}: {e.Message}", e);
        }
    }

    private static int ShotsOf(EvalTask task, int? shots) => (shots, task.ShotOrder) switch
    {
        (null, _) => task.Shots,
        ( < 0, _) => throw new InputException($"--num-fewshot {shots}: a number of examples is 0 or more"),
        ( > 0, ShotOrder.None) => throw new InputException(
            $"{task} takes no examples, but --num-fewshot is {shots}; leave it out or give 0"),
        _ => shots.Value,
    };

    private static IEnumerable<AskedDoc> Prompts(
        EvalTask task, Protocol protocol, IReadOnlyList<Row> rows, Func<int, Doc> docs, IReadOnlyList<Row> exampleRows,
        Func<int, Doc> examples, int shots)
    {
        (IReadOnlyList<int>? Shots, string Lead) last = (null, "");
        foreach (var (row, shown) in protocol.Draw(task, rows, exampleRows, shots))
        {
            // Documents that show the same examples share their text.
            if (shown != last.Shots)
                last = (shown, protocol.Lead(task, shown.Select(examples)));
            yield return new(row, docs(row), protocol.Requests(docs(row), last.Lead)) { Source = rows[row], Shots = shown };
        }
    }
}
