using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>OpenBookQA: elementary science questions (Mihaylov et al. 2018, arXiv:1809.02789).</summary>
public static class OpenBookQa
{
    public static EvalTask Task { get; } = new("openbookqa")
    {
        Aliases = ["obqa"],
        Dataset = new("OpenBookQA")
        {
            Folders = ["allenai/openbookqa/main", "openbookqa/main", "openbookqa"],
            Columns = ["question_stem", "choices", "answerKey"],
        },
        Split = "test",
        ShotSplit = "train",
        Shots = 5,
        ShotOrder = ShotOrder.Drawn,
        Metrics = ["acc", "acc_norm"],
        Headline = "acc_norm",
        Version = 0,
        ToDoc = row => new MultipleChoice(
            Query: row.Text("question_stem"),
            Choices: row.Inside("choices").Texts("text"),
            Gold: Gold(row)),
    };

    private static int Gold(Row row) => row.Text("answerKey") is [>= 'A' and <= 'D' and var letter]
        ? letter - 'A'
        : throw new InputException($"{row.Origin}: answerKey is none of A, B, C, D; is this file OpenBookQA?");
}
