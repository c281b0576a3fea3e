using System.Text;
using Cognito.Eval.Files;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Tasks;

/// <summary>A metric on values that the reference's fails on too.</summary>
/// <param name="Kind">The reference's name of the error.</param>
public sealed class MetricException(string kind, string message) : Exception(Printable.Line(message))
{
    public string Kind { get; } = kind;
}

/// <summary>What lm-evaluation-harness makes of one document's choices (multiple_choice).</summary>
/// <param name="AccMutualInfo">Null where nothing was asked without the context.</param>
/// <param name="Prediction">The choice with the highest likelihood.</param>
/// <param name="Probabilities">Of the choices, by softmax.</param>
public sealed record ChoiceScores(
    double Acc, double AccNorm, double AccBytes, double? AccMutualInfo, double ExactMatch, int Prediction, IReadOnlyList<double> Probabilities)
{
    /// <summary>A right choice that there is none of.</summary>
    public const int NoChoice = -100;

    /// <param name="answers">One a choice; where acc_mutual_info is asked, then one a choice without the context.</param>
    /// <param name="choices">Without the delimiter.</param>
    /// <param name="golds">
    /// The right choices; <see cref="NoChoice"/> for one past the end. A negative one counts from the end in exact_match alone.
    /// </param>
    /// <param name="several">Whether the task has several right choices a document.</param>
    public static ChoiceScores Of(
        IReadOnlyList<(double LogLikelihood, bool IsGreedy)> answers, IReadOnlyList<string> choices, IReadOnlyList<int> golds, bool several)
    {
        var hasUnconditional = answers.Count == 2 * choices.Count;
        if (!hasUnconditional && answers.Count != choices.Count)
            throw new ArgumentException($"{answers.Count} answers to {choices.Count} choices", nameof(answers));
        double[] lls = [.. answers.Take(choices.Count).Select(answer => answer.LogLikelihood)];
        var prediction = Choosing.ArgMax(lls);
        double Right(int choice) => golds.Contains(choice) ? 1 : 0;
        double[] gains = hasUnconditional ? [.. lls.Select((ll, i) => ll - answers[choices.Count + i].LogLikelihood)] : [];
        return new(
            Acc: Right(prediction),
            AccNorm: Right(Choosing.ArgMax([.. lls.Select((ll, i) => ll / PythonText.Length(choices[i]))])),
            AccBytes: Right(Choosing.ArgMax([.. lls.Select((ll, i) => ll / Encoding.UTF8.GetByteCount(choices[i]))])),
            AccMutualInfo: !hasUnconditional ? null
                : several && golds.Count != 1 ? throw new MetricException("ValueError", "acc_mutual_info takes one right choice a document")
                : Choosing.ArgMax(gains) == golds[0] ? 1 : 0,
            ExactMatch: golds.Any(gold => gold != NoChoice && answers[gold < 0 ? gold + answers.Count : gold].IsGreedy) ? 1 : 0,
            prediction,
            Softmax(lls));
    }

    private static double[] Softmax(double[] lls)
    {
        var most = lls.Max();
        double[] e = [.. lls.Select(ll => Math.Exp(ll - most))];
        var sum = e.Sum();
        return [.. e.Select(value => value / sum)];
    }
}
