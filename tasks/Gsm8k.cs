using System.Text.RegularExpressions;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>GSM8K: grade-school word problems, answered in generated text (Cobbe et al. 2021, arXiv:2110.14168).</summary>
public static partial class Gsm8k
{
    public static EvalTask Task { get; } = new("gsm8k")
    {
        Dataset = new("GSM8K")
        {
            Folders = ["openai/gsm8k/main", "gsm8k/main", "gsm8k"],
            Columns = ["question", "answer"],
            Originals =
            [
                new("train", "grade_school_math/data/train.jsonl", row => row),
                new("test", "grade_school_math/data/test.jsonl", row => row),
            ],
            PublishedRows = new Dictionary<string, int> { ["train"] = 7473, ["test"] = 1319 },
        },
        Split = "test",
        ShotSplit = "train",
        Shots = 5,
        ShotOrder = ShotOrder.Drawn,
        Metrics = ["acc"],
        Headline = "acc",
        Version = 0,
        Generates = true,
        Column = new("GSM8K", "GSM8k ({0}-shot)", "gsm8k", "main", "test", 5, "acc", "accuracy"),
        ToDoc = row => new FreeForm(
            Query: $"Question: {row.Text("question")}\nAnswer:",
            Answer: row.Text("answer"),
            Stops: [":", "Question:", "Question"],
            Grade: text => new() { ["acc"] = IsRight(text, row.Text("answer")) ? 1 : 0 })
        {
            Extract = Extract,
            Fault = Extract(row.Text("answer")) is not null ? null
                : "its answer holds no \"#### \" with a number after it, so nothing can be right; give rows whose answers end in one",
        },
    };

    private static bool IsRight(string text, string solution) => Extract(text) is { } answer && answer == Extract(solution);

    /// <summary>The number after the first "#### ", as the reference finds it: "5." and "5.0" are not "5" (protocol 6.4).</summary>
    internal static string? Extract(string text) => Answer().Match(text) is { Success: true } match
        ? PythonText.Strip(match.Groups[1].Value).Replace(",", "", StringComparison.Ordinal)
        : null;

    [GeneratedRegex(@"#### (\-?[0-9\.\,]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
