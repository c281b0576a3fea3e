using Cognito.Eval.Data;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.TaskFiles;

/// <summary>Grades the replies to a document, by each filter and each metric in the order of the harness' results (protocol 11.4).</summary>
/// <param name="file">The task.</param>
/// <param name="metrics">The task's metrics, filter after filter.</param>
/// <param name="headline">The metric that details show.</param>
internal sealed class FileGrading(TaskFile file, IReadOnlyList<FileMetric> metrics, string headline)
{
    private static WeighedScore One(double value) => new(value, double.NaN);

    private DocScores Of(Func<FileFilter, Dictionary<string, WeighedScore>> graded)
    {
        WeighedScore[] values = [.. file.Filters.SelectMany(filter => graded(filter) is var scores ? metrics.Select(metric => scores[metric.Name]) : [])];
        return new([.. values.Select(value => value.Value)], null)
        {
            Weights = values.All(value => double.IsNaN(value.Weight)) ? [] : [.. values.Select(value => value.Weight)],
        };
    }

    /// <summary>The first of each request's repeated replies: no filter makes anything else of a likelihood.</summary>
    private Likelihood[] First(IReadOnlyList<Reply> replies) =>
        [.. Enumerable.Range(0, replies.Count / file.Repeats).Select(i => (Likelihood)replies[i * file.Repeats])];

    public FiledDoc Scoring(string text, FiledDoc doc) => doc with
    {
        Choices = [text],
        Gold = 0,
        Grade = replies => First(replies) is [var reply, ..]
            ? Of(_ => new() { ["perplexity"] = One(reply.LogProbability), ["acc"] = One(reply.IsGreedy ? 1 : 0) }) : throw new ArgumentException("no reply", nameof(replies)),
    };

    public FiledDoc Rolling(string text, FiledDoc doc)
    {
        var (words, bytes) = (HarnessText.Words(text), HarnessText.Bytes(text));
        return doc with
        {
            Choices = [text],
            Gold = 0,
            Grade = replies => First(replies) is [{ LogProbability: var ll }, ..] ? Of(_ => new()
            {
                ["word_perplexity"] = new(ll, words),
                ["byte_perplexity"] = new(ll, bytes),
                ["bits_per_byte"] = new(ll, bytes),
            }) : throw new ArgumentException("no reply", nameof(replies)),
        };
    }

    /// <param name="target">Which choice is right: its number, its text, or a list of numbers.</param>
    /// <param name="hasSeveral">Whether several may be.</param>
    public FiledDoc Choosing(Row row, IReadOnlyList<string> choices, object? target, bool hasSeveral, FiledDoc doc)
    {
        var field = ReferenceEquals(doc.Answer, target) ? file.Form.Target : file.Form.Text;
        var gold = GoldChoice.Of(row, field, choices, target, hasSeveral);
        if (gold.Places.Contains(GoldChoice.None) && metrics.FirstOrDefault(metric => metric.Name is "f1" or "mcc" or "brier_score") is { } needs)
            throw field.At(row, $"{gold.Fact}, and {needs.Name} cannot be computed then; correct it");
        return doc with
        {
            Choices = choices,
            Gold = gold.Only,
            Doubt = gold.Fact,
            Grade = replies => Chosen(choices, gold, First(replies)),
        };
    }

    private DocScores Chosen(IReadOnlyList<string> choices, GoldChoice gold, Likelihood[] replies)
    {
        double[] lls = [.. replies.Take(choices.Count).Select(reply => reply.LogProbability)];
        var its = ChoiceScores.Of([.. replies.Select(reply => (reply.LogProbability, reply.IsGreedy))], choices, gold.Places, gold.HasSeveral);
        var scores = Of(_ =>
        {
            var values = new Dictionary<string, WeighedScore>
            {
                ["acc"] = One(its.Acc),
                ["acc_norm"] = One(its.AccNorm),
                ["acc_bytes"] = One(its.AccBytes),
                ["exact_match"] = One(its.ExactMatch),
                ["acc_mutual_info"] = One(its.AccMutualInfo ?? double.NaN),
            };
            if (gold.Only is { } right)
            {
                values["f1"] = values["mcc"] = new(its.Prediction, right);
                values["brier_score"] = One(its.Probabilities.Select((p, i) => p - (i == right ? 1 : 0)).Sum(difference => difference * difference));
            }
            return values;
        });
        double[] Over(Func<string, int> length) => [.. lls.Zip(choices, (ll, choice) => ll / length(choice))];
        var (byLength, byBytes) = (Over(PythonText.Length), Over(HarnessText.Bytes));
        var plain = headline.Split(',')[0];
        return scores with
        {
            Prediction = plain switch { "acc_norm" => Tasks.Choosing.ArgMax(byLength), "acc_bytes" => Tasks.Choosing.ArgMax(byBytes), _ => its.Prediction },
            Margin = gold.Only is not { } only ? null : plain switch
            {
                "acc" => LeaderboardScores.Margin(lls, only),
                "acc_norm" => LeaderboardScores.NormalisedMargin(byLength, [.. choices.Select(PythonText.Length)], only),
                "acc_bytes" => LeaderboardScores.NormalisedMargin(byBytes, [.. choices.Select(HarnessText.Bytes)], only),
                _ => null,
            },
        };
    }

    /// <param name="target">The right answer, or the right ones; with choices the number of one.</param>
    public FiledDoc Generating(Row row, IReadOnlyList<string>? choices, object? target, bool hasSeveral, FiledDoc doc)
    {
        IReadOnlyList<string> right = choices is not null && file.Form.Choices is not null ? [Chosen(row, choices, target)]
            : hasSeveral ? [.. (target as IReadOnlyList<object?> ?? throw file.Form.Target.At(
                row, $"is {DocField.Short(PythonValue.Repr(target))}, and the first document's is a list of right answers; give a list in every row")).Select(answer => Text(row, answer))]
            : [PythonValue.Str(target)];
        return doc with
        {
            Answer = target,
            Choices = right,
            Filtered = (name, text) => file.Filters.First(filter => filter.Name == name).Apply([.. Enumerable.Repeat(text, file.Repeats)], row.Cells),
            Grade = replies => Of(filter => Graded(right, filter.Apply([.. replies.Select(reply => ((Completion)reply).Text)], row.Cells))),
        };
    }

    private Dictionary<string, WeighedScore> Graded(IReadOnlyList<string> right, object? answer) =>
        metrics.ToDictionary(metric => metric.Name, metric => One(metric.Matches(right, answer)));

    private string Chosen(Row row, IReadOnlyList<string> choices, object? target) => target is long place && place >= -choices.Count && place < choices.Count
        ? choices[(int)(place < 0 ? place + choices.Count : place)]
        : throw file.Form.Target.At(row, $"is {DocField.Short(PythonValue.Repr(target))}, and doc_to_choice says that it is the number of one of {choices.Count} choices; correct it");

    private string Text(Row row, object? answer) => answer as string ?? throw file.Form.Target.At(
        row, $"holds the answer {DocField.Short(PythonValue.Repr(answer))}, which is no text; write it in quotes");
}

/// <summary>Which choices are right.</summary>
/// <param name="Places">Their numbers; <see cref="None"/> for one that is no choice.</param>
/// <param name="Fact">What is wrong where one is none; null where all are choices.</param>
internal sealed record GoldChoice(IReadOnlyList<int> Places, bool HasSeveral, string? Fact)
{
    /// <summary>The harness' number for what is no choice.</summary>
    public const int None = ChoiceScores.NoChoice;

    /// <summary>The right one, where there is one and it is a choice.</summary>
    public int? Only => !HasSeveral && Fact is null ? Places[0] : null;

    public static GoldChoice Of(Row row, DocField field, IReadOnlyList<string> choices, object? target, bool hasSeveral)
    {
        if (target is IReadOnlyList<object?> != hasSeveral)
            throw field.At(row, hasSeveral ? $"is {DocField.Short(PythonValue.Repr(target))}, and the first document's is a list; give a list in every row"
                : $"is the list {DocField.Short(PythonValue.Repr(target))}, and the first document's is no list of right choices; give a number in every row");
        var facts = new List<string>();
        int[] places = [.. (target is IReadOnlyList<object?> list ? list : [target]).Select(one => Place(one))];
        return new(places, hasSeveral, facts.Count == 0 ? null : $"{string.Join(", ", facts)} and the choices are {choices.Count}, counted from 0");

        int Place(object? one)
        {
            var place = one switch
            {
                bool flag => flag ? 1 : 0,
                long number when number < choices.Count => number < -choices.Count ? None : (int)number,
                string text when !hasSeveral => choices.ToList().IndexOf(text) is >= 0 and var at ? at : None,
                long => None,
                _ => throw field.At(row, $"is {DocField.Short(PythonValue.Repr(target))}; give the number of the right choice, or its text"),
            };
            if (place < 0 || place >= choices.Count)
                facts.Add(one is string text ? $"it is {DocField.Short(text)}, which is none of the choices," : $"it is {PythonValue.Str(one)},");
            return place >= choices.Count ? None : place;
        }
    }
}
