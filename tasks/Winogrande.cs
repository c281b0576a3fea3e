using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Benchmarks;

/// <summary>WinoGrande: which of two names fits the gap? (Sakaguchi et al. 2019, arXiv:1907.10641)</summary>
public static class Winogrande
{
    public static EvalTask Task { get; } = new("winogrande")
    {
        Dataset = new("WinoGrande")
        {
            Folders = ["allenai/winogrande/winogrande_xl", "winogrande/winogrande_xl", "winogrande_xl"],
            Columns = ["sentence", "option1", "option2", "answer"],
            Originals =
            [
                new("train", "winogrande_1.1/train_xl.jsonl", row => row),
                new("validation", "winogrande_1.1/dev.jsonl", row => row),
            ],
            PublishedRows = new Dictionary<string, int> { ["train"] = 40398, ["validation"] = 1267 },
        },
        Split = "validation",
        ShotSplit = "train",
        Shots = 5,
        ShotOrder = ShotOrder.Drawn,
        Metrics = ["acc"],
        Headline = "acc",
        Version = 0,
        Column = new(
            "Winogrande", "Winogrande ({0}-shot)", "winogrande", "winogrande_xl", "validation", 5, "acc", "accuracy"),
        ToDoc = row => new Cloze(
            Before: row.Text("sentence")[..Gap(row)],
            Options: [row.Text("option1"), row.Text("option2")],
            After: PythonText.Strip(row.Text("sentence")[(Gap(row) + 1)..]),
            Gold: Gold(row)),
    };

    /// <summary>As lm-evaluation-harness 0.4 asks it: nothing names the split that is asked, nor the one that examples come from.</summary>
    public static EvalTask LmEval { get; } = Task with
    {
        Shots = 0,
        Metrics = ["acc,none"],
        Headline = "acc,none",
        Column = LmEvalTasks.Column(Task.Column!, "acc,none"),
        Dataset = Task.Dataset with { AllColumns = ["sentence", "option1", "option2", "answer"] },
        Version = 1,
        LmEval = new("allenai/winogrande", "winogrande_xl")
        {
            TrainingSplit = "train",
            ValidationSplit = "validation",
            Target = (_, doc) => ((Cloze)doc).After,
            Said = new Dictionary<string, object?>
            {
                ["doc_to_text"] = "!function preprocess_winogrande.doc_to_text",
                ["doc_to_target"] = "!function preprocess_winogrande.doc_to_target",
                ["doc_to_choice"] = "!function preprocess_winogrande.doc_to_choice",
                ["should_decontaminate"] = true,
                ["doc_to_decontamination_query"] = "sentence",
            },
        },
    };

    private static int Gap(Row row) => row.Text("sentence").IndexOf('_') is >= 0 and var gap
        ? gap
        : throw new InputException($"{row.Origin}: sentence without a gap \"_\"; is this file the WinoGrande dataset?");

    private static int Gold(Row row) => row.Text("answer") switch
    {
        "1" => 0,
        "2" => 1,
        var answer => throw new InputException(
            $"{row.Origin}: answer \"{answer}\" is neither 1 nor 2; the test split has no answers, train and validation do"),
    };
}
