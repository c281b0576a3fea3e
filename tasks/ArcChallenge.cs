namespace Cognito.Eval.Tasks;

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
            Gold: Gold(row, row.Inside("choices").Texts("text").Count)),
    };

    /// <summary>
    /// The key's place in the alphabet, digits counted as letters; the label list is not consulted (protocol 4.1).
    /// </summary>
    private static int Gold(Row row, int choices) => row.Text("answerKey") switch
    {
        [>= 'A' and <= 'E' and var letter] when letter - 'A' < choices => letter - 'A',
        [>= '1' and <= '5' and var digit] when digit - '1' < choices => digit - '1',
        var key => throw new InputException(
            $"{row.Origin}: answerKey \"{key}\" names none of the {choices} choices; is this file the ARC dataset?"),
    };

    /// <summary>The original file has the choices inside the question, each with its label.</summary>
    private static Row FromOriginal(Row row)
    {
        var question = row.Inside("question");
        Row[] choices = question.Cells.GetValueOrDefault("choices") is IReadOnlyList<object?> list
            ? [.. list.OfType<IReadOnlyDictionary<string, object?>>().Select(choice => new Row($"{row.Origin}, \"choices\"", choice))]
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
