using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>ARC-Challenge: grade-school science questions (Clark et al. 2018, arXiv:1803.05457).</summary>
public static class ArcChallenge
{
    public static EvalTask Task { get; } = new("arc_challenge")
    {
        Aliases = ["arc"],
        Dataset = new("ARC-Challenge")
        {
            Folders = ["allenai/ai2_arc/ARC-Challenge", "ai2_arc/ARC-Challenge", "arc_challenge"],
            Columns = ["question", "choices", "answerKey"],
            Originals =
            [
                new("train", "ARC-V1-Feb2018-2/ARC-Challenge/ARC-Challenge-Train.jsonl", FromOriginal),
                new("validation", "ARC-V1-Feb2018-2/ARC-Challenge/ARC-Challenge-Dev.jsonl", FromOriginal),
                new("test", "ARC-V1-Feb2018-2/ARC-Challenge/ARC-Challenge-Test.jsonl", FromOriginal),
            ],
            PublishedRows = new Dictionary<string, int> { ["train"] = 1119, ["validation"] = 299, ["test"] = 1172 },
        },
        Split = "test",
        ShotSplit = "train",
        Shots = 25,
        ShotOrder = ShotOrder.Drawn,
        Metrics = ["acc", "acc_norm"],
        Headline = "acc_norm",
        Version = 0,
        Column = new(
            "ARC", "AI2 Reasoning Challenge ({0}-Shot)", "ai2_arc", "ARC-Challenge", "test", 25, "acc_norm",
            "normalized accuracy"),
        ToDoc = row => new MultipleChoice(
            Query: $"Question: {row.Text("question")}\nAnswer:",
            Choices: row.Inside("choices").Texts("text"),
            Gold: Gold(row, row.Inside("choices"))),
    };

    /// <summary>As lm-evaluation-harness 0.4 asks it: the key's place among the labels is right.</summary>
    public static EvalTask LmEval { get; } = Task with
    {
        Shots = 0,
        Metrics = ["acc,none", "acc_norm,none"],
        Headline = "acc_norm,none",
        Column = LmEvalTasks.Column(Task.Column!, "acc_norm,none"),
        Dataset = Task.Dataset with { AllColumns = ["id", "question", "choices", "answerKey"] },
        Version = 1,
        ToDoc = row => new MultipleChoice(
            Query: $"Question: {row.Text("question")}\nAnswer:",
            Choices: row.Inside("choices").Texts("text"),
            Gold: Place(row, row.Inside("choices"))),
        LmEval = new("allenai/ai2_arc", "ARC-Challenge")
        {
            TrainingSplit = "train",
            ValidationSplit = "validation",
            TestSplit = "test",
            Said = new Dictionary<string, object?>
            {
                ["doc_to_text"] = "Question: {{question}}\nAnswer:",
                ["doc_to_target"] = "{{choices.label.index(answerKey)}}",
                ["doc_to_choice"] = "{{choices.text}}",
                ["should_decontaminate"] = true,
                ["doc_to_decontamination_query"] = "Question: {{question}}\nAnswer:",
            },
        },
    };

    /// <summary>The key's place among the labels, whatever these are.</summary>
    private static int Place(Row row, Row choices)
    {
        var (key, labels, count) = (row.Text("answerKey"), choices.Texts("label"), choices.Texts("text").Count);
        if (labels.Count != count)
            throw new InputException($"{choices.Origin}: {count} choices and {labels.Count} labels; is this file the ARC dataset?");
        return labels.ToList().IndexOf(key) is >= 0 and var gold ? gold : throw new InputException(
            $"{row.Origin}: answerKey \"{key}\" is none of the labels {string.Join(", ", labels)}; correct the row");
    }

    /// <summary>
    /// The key's place in the alphabet, digits counted as letters; the label list is not consulted (protocol 4.1), but one
    /// that cannot belong to the choices, or lacks the key, is of a damaged row.
    /// </summary>
    private static int Gold(Row row, Row choices)
    {
        var (key, count) = (row.Text("answerKey"), choices.Texts("text").Count);
        var gold = Place(key) is { } place && place < count ? place : throw new InputException(
            $"{row.Origin}: answerKey \"{key}\" names none of the {count} choices; is this file the ARC dataset?");
        if (!choices.Cells.ContainsKey("label"))
            return gold;
        var labels = choices.Texts("label");
        if (labels.Count != count)
            throw new InputException($"{choices.Origin}: {count} choices and {labels.Count} labels; is this file the ARC dataset?");
        return labels.Any(label => Place(label) == gold) ? gold : throw new InputException(
            $"{row.Origin}: answerKey \"{key}\" is none of the labels {string.Join(", ", labels)}; correct the row");
    }

    private static int? Place(string key) => key switch
    {
        [>= 'A' and <= 'E' and var letter] => letter - 'A',
        [>= '1' and <= '5' and var digit] => digit - '1',
        _ => null,
    };

    /// <summary>The original file has the choices inside the question, each with its label.</summary>
    private static Row FromOriginal(Row row)
    {
        var question = row.Inside("question");
        Row[] choices = question.Cells.GetValueOrDefault("choices") is IReadOnlyList<object?> list
            ? [.. list.Select((choice, i) => choice is IReadOnlyDictionary<string, object?> cells ? new Row($"{row.Origin}, \"choices\"", cells)
                : throw new InputException($"{row.Origin}: choice {i + 1} is no object of text and label; is this the original ARC?"))]
            : throw new InputException($"{row.Origin}: the question has no list of choices; is this the original ARC?");
        return new(row.Origin, new Dictionary<string, object?>
        {
            ["question"] = question.Text("stem"),
            ["choices"] = new Dictionary<string, object?>
            {
                ["text"] = choices.Select(object? (choice) => choice.Text("text")).ToArray(),
                ["label"] = choices.Select(object? (choice) => choice.Text("label")).ToArray(),
            },
            ["answerKey"] = row.Text("answerKey"),
        });
    }
}
