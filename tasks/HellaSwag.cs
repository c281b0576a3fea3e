using System.Globalization;
using System.Text;
using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Benchmarks;

/// <summary>HellaSwag: how does the scene go on? (Zellers et al. 2019, arXiv:1905.07830)</summary>
public static class HellaSwag
{
    public static EvalTask Task { get; } = new("hellaswag")
    {
        Dataset = new("HellaSwag")
        {
            Folders = ["Rowan/hellaswag/data", "Rowan/hellaswag", "hellaswag"],
            Columns = ["activity_label", "ctx_a", "ctx_b", "endings", "label"],
            Originals =
            [
                new("train", "hellaswag_train.jsonl", FromOriginal),
                new("validation", "hellaswag_val.jsonl", FromOriginal),
            ],
            PublishedRows = new Dictionary<string, int> { ["train"] = 39905, ["validation"] = 10042 },
        },
        Split = "validation",
        ShotSplit = "train",
        Shots = 10,
        ShotOrder = ShotOrder.Drawn,
        Metrics = ["acc", "acc_norm"],
        Headline = "acc_norm",
        Version = 0,
        Column = new(
            "HellaSwag", "HellaSwag ({0}-Shot)", "hellaswag", null, "validation", 10, "acc_norm", "normalized accuracy"),
        ToDoc = row => new MultipleChoice(
            Query: Clean($"{row.Text("activity_label")}: {row.Text("ctx_a")} {PythonText.Capitalize(row.Text("ctx_b"))}"),
            Choices: [.. row.Texts("endings").Select(Clean)],
            Gold: Gold(row)),
    };

    /// <summary>As lm-evaluation-harness 0.4 asks it: nothing names the split that is asked, nor the one that examples come from.</summary>
    public static EvalTask LmEval { get; } = Task with
    {
        Shots = 0,
        Metrics = ["acc,none", "acc_norm,none"],
        Headline = "acc_norm,none",
        Column = LmEvalTasks.Column(Task.Column!, "acc_norm,none"),
        Dataset = Task.Dataset with
        {
            AllColumns = ["ind", "activity_label", "ctx_a", "ctx_b", "ctx", "endings", "source_id", "split", "split_type", "label"],
        },
        Version = 1,
        LmEval = new("Rowan/hellaswag", null)
        {
            TrainingSplit = "train",
            ValidationSplit = "validation",
            Logged = (row, doc) => new OrderedDictionary<string, object?>(row.Cells)
            {
                ["query"] = doc.Query,
                ["choices"] = ((MultipleChoice)doc).Choices,
                ["gold"] = (long)((MultipleChoice)doc).Gold,
            },
            Said = new Dictionary<string, object?>
            {
                ["process_docs"] = "!function utils.process_docs",
                ["doc_to_text"] = "{{query}}",
                ["doc_to_target"] = "{{label}}",
                ["doc_to_choice"] = "choices",
            },
        },
    };

    /// <summary>
    /// The reference's cleaning, with what it leaves behind: "Foo. [title] Bar" gets a double period, and an ending that
    /// began with a marker keeps the space after it (protocol 4.2).
    /// </summary>
    internal static string Clean(string text) =>
        WithoutMarkers(PythonText.Strip(text).Replace(" [title]", ". ", StringComparison.Ordinal))
            .Replace("  ", " ", StringComparison.Ordinal);

    /// <summary>
    /// Without what <c>\[.*?\]</c> finds: from a bracket to the first that closes on the same line. As a regular expression
    /// it would look through the rest of the line for each bracket that none closes.
    /// </summary>
    private static string WithoutMarkers(ReadOnlySpan<char> text)
    {
        var kept = new StringBuilder(text.Length);
        while (text.IndexOf('[') is >= 0 and var open)
        {
            var length = text[open..].IndexOfAny(']', '\n');
            var (isMarker, end) = (length >= 0 && text[open + length] == ']', length < 0 ? text.Length : open + length + 1);
            kept.Append(text[..(isMarker ? open : end)]);
            text = text[end..];
        }
        return kept.Append(text).ToString();
    }

    private static int Gold(Row row) => (row.Text("label"), row.Texts("endings").Count) switch
    {
        ([>= '0' and <= '9' and var digit], var endings) when digit - '0' < endings => digit - '0',
        var (label, endings) => throw new InputException(
            $"{row.Origin}: label \"{label}\" names none of the {endings} endings; the test split has no labels, "
            + "the validation split does"),
    };

    /// <summary>The original file has labels as numbers, the hub as text.</summary>
    private static Row FromOriginal(Row row) => new(row.Origin, new Dictionary<string, object?>(row.Cells)
    {
        ["label"] = row.Integer("label").ToString(CultureInfo.InvariantCulture),
    });
}
