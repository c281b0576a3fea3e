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
}
