using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Protocols;

/// <summary>Scores of documents whose choices have likelihoods, as the leaderboard counts them (docs/protocols.md 6).</summary>
internal static class LeaderboardScores
{
    /// <param name="lls">Natural logs, one a request.</param>
    public static DocScores Grade(EvalTask task, Doc doc, double[] lls) => doc switch
    {
        MultipleChoice choice => Grade(task, choice, lls),
        Cloze cloze => DocScores.From(
            task, new() { ["acc"] = OneIf(Choosing.ArgMax(lls) == cloze.Gold) }, new() { ["acc"] = Margin(lls, cloze.Gold) }) with
        {
            Prediction = Choosing.ArgMax(lls),
        },
        MultipleTrue many => Grade(task, many, lls),
        _ => throw new ArgumentException($"a kind of document that is not graded: {doc.GetType().Name}", nameof(doc)),
    };

    private static DocScores Grade(EvalTask task, MultipleChoice doc, double[] lls)
    {
        int[] lengths = [.. doc.Choices.Select(PythonText.Length)];
        double[] normalised = [.. lls.Select((ll, i) => ll / lengths[i])];
        return DocScores.From(
            task,
            new() { ["acc"] = OneIf(Choosing.ArgMax(lls) == doc.Gold), ["acc_norm"] = OneIf(Choosing.ArgMax(normalised) == doc.Gold) },
            new() { ["acc"] = Margin(lls, doc.Gold), ["acc_norm"] = NormalisedMargin(normalised, lengths, doc.Gold) }) with
        {
            Prediction = Choosing.ArgMax(task.Headline == "acc_norm" ? normalised : lls),
        };
    }

    private static DocScores Grade(EvalTask task, MultipleTrue doc, double[] lls)
    {
        var one = lls[..(doc.One ?? throw new ArgumentException("mc1's choices are missing", nameof(doc))).Choices.Count];
        var scores = DocScores.From(
            task, new() { ["mc1"] = OneIf(Choosing.ArgMax(one) == 0), ["mc2"] = Mc2(lls[one.Length..], doc.Many.Labels) },
            new() { ["mc1"] = Margin(one, 0) });
        return scores with { Margin = scores.Margin ?? Margin(one, 0), Prediction = Choosing.ArgMax(one) };
    }

    /// <summary>
    /// The share of probability on the true choices. The first label 0 is the border: what is true after it counts as
    /// false, as it did on the leaderboard (6.2).
    /// </summary>
    internal static double Mc2(IReadOnlyList<double> lls, IReadOnlyList<bool> labels)
    {
        var border = labels.TakeWhile(label => label).Count();
        double Sum(IEnumerable<double> values) => values.Aggregate(0.0, (sum, value) => sum + value);
        double[] p = [.. lls.Select(Math.Exp)];
        var total = Sum(p.Take(border)) + Sum(p.Skip(border));
        return Sum(p.Take(border).Select(x => x / total));
    }

    internal static double OneIf(bool right) => right ? 1.0 : 0.0;

    /// <summary>Right minus the best wrong one: beyond 0 the verdict is right, below it is wrong; how far counts.</summary>
    internal static double Margin(double[] lls, int gold) =>
        Math.Abs(lls.Where((_, i) => i != gold).Select(other => lls[gold] - other)
            .DefaultIfEmpty(double.PositiveInfinity).Min());

    /// <summary>
    /// The margin of length-normalised values, in nats: errors e in both log-likelihoods move ll/length by e/length each,
    /// so the difference is scaled to what it would be at equal lengths.
    /// </summary>
    internal static double NormalisedMargin(double[] values, int[] lengths, int gold)
    {
        double Nats(int other) => (values[gold] - values[other]) * 2 / (1.0 / lengths[gold] + 1.0 / lengths[other]);
        return Math.Abs(Enumerable.Range(0, values.Length).Where(i => i != gold).Select(Nats)
            .DefaultIfEmpty(double.PositiveInfinity).Min());
    }
}
