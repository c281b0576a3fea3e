using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Protocols;

/// <summary>Scores of documents whose choices have likelihoods, as lm-evaluation-harness 0.4 counts them (protocol 9.2).</summary>
internal static class LmEvalScores
{
    /// <param name="lls">Natural logs, one a request.</param>
    public static DocScores Grade(EvalTask task, Doc doc, double[] lls) => doc switch
    {
        MultipleChoice choice => Grade(task, choice, lls),
        Cloze { Gold: var gold } => Scored(task, [("acc", LeaderboardScores.OneIf(Choosing.ArgMax(lls) == gold))],
            [("acc", LeaderboardScores.Margin(lls, gold))]) with
        { Prediction = Choosing.ArgMax(lls) },
        MultipleTrue { Many.Labels: var labels } => Scored(task, [("acc", ShareOfTrue(lls, labels))], []),
        _ => throw new ArgumentException($"a kind of document that is not graded: {doc.GetType().Name}", nameof(doc)),
    };

    private static DocScores Grade(EvalTask task, MultipleChoice doc, double[] lls)
    {
        int[] lengths = [.. doc.Choices.Select(PythonText.Length)];
        double[] normalised = [.. lls.Select((ll, i) => ll / lengths[i])];
        return Scored(
            task,
            [("acc", LeaderboardScores.OneIf(Choosing.ArgMax(lls) == doc.Gold)), ("acc_norm", LeaderboardScores.OneIf(Choosing.ArgMax(normalised) == doc.Gold))],
            [("acc", LeaderboardScores.Margin(lls, doc.Gold)), ("acc_norm", LeaderboardScores.NormalisedMargin(normalised, lengths, doc.Gold))]) with
        {
            Prediction = Choosing.ArgMax(PlainName(task.Headline) == "acc_norm" ? normalised : lls),
        };
    }

    /// <summary>The probability of the choices labelled true, of all choices'.</summary>
    internal static double ShareOfTrue(IReadOnlyList<double> lls, IReadOnlyList<bool> labels)
    {
        double[] p = [.. lls.Select(Math.Exp)];
        var total = p.Sum();
        return p.Zip(labels).Where(it => it.Second).Sum(it => it.First / total);
    }

    private static DocScores Scored(EvalTask task, (string Metric, double Value)[] scores, (string Metric, double Value)[] margins) =>
        DocScores.From(task, Named(task, scores), Named(task, margins));

    /// <summary>Metrics under the names that the task has for them, with their filter.</summary>
    private static Dictionary<string, double> Named(EvalTask task, (string Metric, double Value)[] values) => task.Metrics
        .SelectMany(metric => values.Where(value => value.Metric == PlainName(metric.Name)).Select(value => (metric.Name, value.Value))).ToDictionary();

    private static string PlainName(string metric) => metric.Split(',')[0];
}
