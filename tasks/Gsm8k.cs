using System.Text.RegularExpressions;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

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

    /// <summary>As lm-evaluation-harness 0.4 asks it: other stops, and two ways from the text to a number.</summary>
    public static EvalTask LmEval { get; } = Task with
    {
        Metrics = ["exact_match,strict-match", "exact_match,flexible-extract"],
        Headline = "exact_match,strict-match",
        Column = LmEvalTasks.Column(Task.Column!, "exact_match,strict-match"),
        Dataset = Task.Dataset with { AllColumns = ["question", "answer"] },
        Version = 3,
        ToDoc = row => new FreeForm(
            Query: $"Question: {row.Text("question")}\nAnswer:",
            Answer: row.Text("answer"),
            Stops: ["Question:", "</s>", "<|im_end|>"],
            Grade: text => Filters.ToDictionary(
                filter => $"exact_match,{filter.Name}", filter => Plain(filter.Apply(text)) == Plain(row.Text("answer")) ? 1.0 : 0))
        {
            Extract = StrictMatch,
        },
        LmEval = new("openai/gsm8k", "main")
        {
            TrainingSplit = "train",
            TestSplit = "test",
            FewshotSplit = "train",
            Filters = Filters,
            Target = (row, _) => row.Text("answer"),
            GenerationKwargs = new OrderedDictionary<string, object?>
            {
                ["until"] = (string[])["Question:", "</s>", "<|im_end|>"],
                ["do_sample"] = false,
                ["temperature"] = 0.0,
            },
            Said = new Dictionary<string, object?>
            {
                ["doc_to_text"] = "Question: {{question}}\nAnswer:",
                ["doc_to_target"] = "{{answer}}",
                ["metric_list"] = new[]
                {
                    new OrderedDictionary<string, object?>
                    {
                        ["metric"] = "exact_match",
                        ["aggregation"] = "mean",
                        ["higher_is_better"] = true,
                        ["ignore_case"] = true,
                        ["ignore_punctuation"] = false,
                        ["regexes_to_ignore"] = (string[])[",", "\\$", "(?s).*#### ", "\\.$"],
                    },
                },
                ["filter_list"] = (object[])
                [
                    Filter("strict-match", ("regex_pattern", "#### (\\-?[0-9\\.\\,]+)")),
                    Filter("flexible-extract", ("group_select", -1), ("regex_pattern", "(-?[$0-9.,]{2,})|(-?[0-9]+)")),
                ],
            },
        },
    };

    /// <summary>What is found in the text; of several repeats the first.</summary>
    private static OrderedDictionary<string, object?> Filter(string name, params (string Key, object? Value)[] regex) => new()
    {
        ["name"] = name,
        ["filter"] = (object[])
        [
            new OrderedDictionary<string, object?>([KeyValuePair.Create("function", (object?)"regex"),
                .. regex.Select(argument => KeyValuePair.Create(argument.Key, argument.Value))]),
            new OrderedDictionary<string, object?> { ["function"] = "take_first" },
        ],
    };

    private static AnswerFilter[] Filters => [new("strict-match", StrictMatch), new("flexible-extract", FlexibleExtract)];

    /// <summary>What a filter that finds nothing leaves.</summary>
    private const string Invalid = "[invalid]";

    /// <summary>The first number after "#### " (protocol 9.2).</summary>
    internal static string StrictMatch(string text) => Answer().Match(text) is { Success: true } match
        ? PythonText.Strip(match.Groups[1].Value) : Invalid;

    /// <summary>The last thing that looks like a number (protocol 9.2).</summary>
    internal static string FlexibleExtract(string text) => Number().Matches(text) is { Count: > 0 } matches
        ? PythonText.Strip(matches[^1].Value) : Invalid;

    /// <summary>What is compared: without commas, dollar signs, all up to the last "#### ", and a dot at the end (protocol 9.2).</summary>
    internal static string Plain(string text) => PythonText.Lower(FinalDot().Replace(
        UpToAnswer().Replace(text.Replace(",", "", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal), ""), ""));

    [GeneratedRegex(@"(-?[$0-9.,]{2,})|(-?[0-9]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex("(?s).*#### ", RegexOptions.CultureInvariant)]
    private static partial Regex UpToAnswer();

    [GeneratedRegex(@"\.$", RegexOptions.CultureInvariant)]
    private static partial Regex FinalDot();

    private static bool IsRight(string text, string solution) => Extract(text) is { } answer && answer == Extract(solution);

    /// <summary>The number after the first "#### ", as the reference finds it: "5." and "5.0" are not "5" (protocol 6.4).</summary>
    internal static string? Extract(string text) => Answer().Match(text) is { Success: true } match
        ? PythonText.Strip(match.Groups[1].Value).Replace(",", "", StringComparison.Ordinal)
        : null;

    [GeneratedRegex(@"#### (\-?[0-9\.\,]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
