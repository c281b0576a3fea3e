namespace Cognito.Eval.Tasks;

/// <summary>One document's scores.</summary>
/// <param name="Values">A value for each of the task's metrics, in the task's order.</param>
/// <param name="Margin">
/// How far the verdict is from turning over: the difference between the right choice and the best wrong one under the
/// headline metric, in nats of log-likelihood. Null where a verdict does not hang on a difference.
/// </param>
public sealed record DocScores(IReadOnlyList<double> Values, double? Margin);

/// <summary>From a document and its replies to its scores (protocol 6).</summary>
public static class Grading
{
    public static DocScores Grade(EvalTask task, Doc doc, IReadOnlyList<Reply> replies)
    {
        var (scores, margins) = doc switch
        {
            MultipleChoice choice => Grade(choice, LogProbabilities(replies)),
            Cloze cloze => Grade(cloze, LogProbabilities(replies)),
            MultipleTrue many => Grade(many, LogProbabilities(replies)),
            FreeForm free => Grade(free, ((Completion)replies[0]).Text),
            _ => throw new ArgumentException($"a kind of document that is not graded: {doc.GetType().Name}", nameof(doc)),
        };
        return new([.. task.Metrics.Select(metric => scores[metric])],
            margins.TryGetValue(task.Headline, out var margin) || margins.TryGetValue("mc1", out margin) ? margin : null);
    }

    /// <summary>
    /// What keeps an asked document from being graded, where the reference stops (protocol 4.4, 6.2, 6.4); null if nothing
    /// does. Examples are only shown, so they may have it.
    /// </summary>
    internal static string? Fault(Doc doc) => doc switch
    {
        FreeForm free when free.Extract(free.Answer) is null =>
            "its answer holds no \"#### \" with a number after it, so nothing can be right; give rows whose answers end in one",
        MultipleTrue { One: var one, Many: var many } => Fault("mc1_targets", one) ?? Fault("mc2_targets", many),
        _ => null,
    };

    private static string? Fault(string name, LabelledChoices choices) => (choices.Labels.Contains(true), choices.Labels.Contains(false)) switch
    {
        (true, true) => null,
        (false, _) => $"{name} has no true choice (label 1), so nothing can be right; correct the row",
        _ => $"{name} has no false choice (label 0), so nothing can be wrong; correct the row",
    };

    /// <summary>The choice that the headline metric takes; of several true answers, mc1's.</summary>
    internal static int Prediction(EvalTask task, Doc doc, IReadOnlyList<double> lls) => doc switch
    {
        MultipleTrue many => ArgMax([.. lls.Take(many.One.Choices.Count)]),
        MultipleChoice choice when task.Headline == "acc_norm" =>
            ArgMax([.. lls.Zip(choice.Choices, (ll, text) => ll / PythonText.Length(text))]),
        _ => ArgMax(lls),
    };

    private static double[] LogProbabilities(IReadOnlyList<Reply> replies) =>
        [.. replies.Select(reply => ((Likelihood)reply).LogProbability)];

    private static (Dictionary<string, double> Scores, Dictionary<string, double> Margins) Grade(
        MultipleChoice doc, double[] lls)
    {
        int[] lengths = [.. doc.Choices.Select(PythonText.Length)];
        double[] normalised = [.. lls.Select((ll, i) => ll / lengths[i])];
        return (
            new() { ["acc"] = OneIf(ArgMax(lls) == doc.Gold), ["acc_norm"] = OneIf(ArgMax(normalised) == doc.Gold) },
            new() { ["acc"] = Margin(lls, doc.Gold), ["acc_norm"] = NormalisedMargin(normalised, lengths, doc.Gold) });
    }

    private static (Dictionary<string, double>, Dictionary<string, double>) Grade(Cloze doc, double[] lls) =>
        (new() { ["acc"] = OneIf(ArgMax(lls) == doc.Gold) }, new() { ["acc"] = Margin(lls, doc.Gold) });

    private static (Dictionary<string, double>, Dictionary<string, double>) Grade(MultipleTrue doc, double[] lls)
    {
        var one = lls[..doc.One.Choices.Count];
        return (
            new() { ["mc1"] = OneIf(ArgMax(one) == 0), ["mc2"] = Mc2(lls[one.Length..], doc.Many.Labels) },
            new() { ["mc1"] = Margin(one, 0) });
    }

    private static (Dictionary<string, double>, Dictionary<string, double>) Grade(FreeForm doc, string completion)
    {
        var answer = doc.Extract(completion);
        return (new() { ["acc"] = OneIf(answer is not null && answer == doc.Extract(doc.Answer)) }, []);
    }

    /// <summary>
    /// The share of probability on the true choices. The first label 0 is the border: what is true after it counts as
    /// false, as it did on the leaderboard (protocol 6.2).
    /// </summary>
    internal static double Mc2(IReadOnlyList<double> lls, IReadOnlyList<bool> labels)
    {
        var border = labels.TakeWhile(label => label).Count();
        double Sum(IEnumerable<double> values) => values.Aggregate(0.0, (sum, value) => sum + value);
        double[] p = [.. lls.Select(Math.Exp)];
        var total = Sum(p.Take(border)) + Sum(p.Skip(border));
        return Sum(p.Take(border).Select(x => x / total));
    }

    /// <summary>Index of the first maximum; a NaN counts as the maximum, and the first one wins.</summary>
    internal static int ArgMax(IReadOnlyList<double> values)
    {
        var best = 0;
        for (var i = 0; i < values.Count; i++)
        {
            if (double.IsNaN(values[i]))
                return i;
            if (values[i] > values[best])
                best = i;
        }
        return best;
    }

    private static double OneIf(bool right) => right ? 1.0 : 0.0;

    /// <summary>Right minus the best wrong one: beyond 0 the verdict is right, below it is wrong; how far counts.</summary>
    private static double Margin(double[] lls, int gold) =>
        Math.Abs(lls.Where((_, i) => i != gold).Select(other => lls[gold] - other)
            .DefaultIfEmpty(double.PositiveInfinity).Min());

    /// <summary>
    /// The margin of length-normalised values, in nats: errors e in both log-likelihoods move ll/length by e/length each,
    /// so the difference is scaled to what it would be at equal lengths.
    /// </summary>
    private static double NormalisedMargin(double[] values, int[] lengths, int gold)
    {
        double Nats(int other) => (values[gold] - values[other]) * 2 / (1.0 / lengths[gold] + 1.0 / lengths[other]);
        return Math.Abs(Enumerable.Range(0, values.Length).Where(i => i != gold).Select(Nats)
            .DefaultIfEmpty(double.PositiveInfinity).Min());
    }
}
