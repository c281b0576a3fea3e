using System.Text.RegularExpressions;
using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Benchmarks;

/// <summary>SQuAD: questions on a paragraph, answered in its own words (Rajpurkar et al. 2016, arXiv:1606.05250).</summary>
public static partial class Squad
{
    public static EvalTask Task { get; } = new("squad")
    {
        Dataset = new("SQuAD")
        {
            Folders = ["rajpurkar/squad/plain_text", "squad/plain_text", "squad"],
            Columns = ["context", "question", "answers"],
        },
        Split = "validation",
        ShotSplit = "train",
        Shots = 2,
        ShotOrder = ShotOrder.Drawn,
        Metrics = ["em", "f1"],
        Headline = "f1",
        Version = 0,
        Generates = true,
        ToDoc = row => ToDoc(row, row.Inside("answers").Texts("text")),
    };

    private static FreeForm ToDoc(Row row, IReadOnlyList<string> answers) => new(
        Query: $"{row.Text("context")}\nQuestion: {row.Text("question")}\nAnswer:",
        Answer: answers.Count > 0 ? answers[0]
            : throw new InputException($"{row.Origin}: it has no answer; is this file SQuAD 1.1?"),
        Stops: ["\n"],
        Grade: text => new()
        {
            ["em"] = answers.Max(answer => Words(text).SequenceEqual(Words(answer)) ? 1 : 0),
            ["f1"] = answers.Max(answer => F1(Words(text), Words(answer))),
        })
    {
        MaxNewTokens = 32,
    };

    /// <summary>How many words two texts share, as the harmonic mean of the shares of each.</summary>
    private static double F1(string[] found, string[] right)
    {
        var same = right.GroupBy(word => word).Sum(group => Math.Min(group.Count(), found.Count(word => word == group.Key)));
        return same == 0 ? 0 : 2.0 * same / (found.Length + right.Length);
    }

    /// <summary>Without case, punctuation and articles, as SQuAD's own grader has them.</summary>
    private static string[] Words(string text) => Article().Replace(Punctuation().Replace(text.ToLowerInvariant(), ""), " ")
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"[!-/:-@\[-`{-~]", RegexOptions.CultureInvariant)]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"\b(a|an|the)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Article();
}
