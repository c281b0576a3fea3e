using Cognito.Eval.Files;
using Cognito.Eval.Results;

namespace Cognito.Eval.Comparison;

/// <summary>
/// How a candidate's answers moved apart from their scores, candidate − baseline. A choice can become likelier long before it
/// becomes the first. A column's tasks count the same, as for scores.
/// </summary>
/// <param name="Documents">Documents whose log-likelihoods are numbers in both runs.</param>
/// <param name="SameChoice">Share of them with the same prediction, in percent.</param>
/// <param name="Margin">Mean change of the right choice's margin over the best wrong one, in nats, with its standard error.</param>
/// <param name="Probability">Mean change of the right choice's probability among the choices, in points.</param>
public sealed record ChoiceShift(
    string Name, int Documents, double SameChoice, double Margin, double? MarginError, double Probability, double? ProbabilityError)
{
    /// <summary>95 % interval of <see cref="Margin"/>; null where its error is not known.</summary>
    public Interval? MarginInterval { get; init; }

    /// <param name="details">For each task of the column: the baseline's documents and the candidate's.</param>
    /// <returns>Null where no document has both.</returns>
    public static ChoiceShift? Create(
        string column, IEnumerable<(IReadOnlyList<ChoiceDetail> Baseline, IReadOnlyList<ChoiceDetail> Candidate)> details)
    {
        var tasks = details.Select(task => Pairs(task.Baseline, task.Candidate)).Where(pairs => pairs.Count > 0).ToList();
        if (tasks.Count == 0)
            return null;
        var margin = MeanOf.Strata([.. tasks.Select(pairs => MeanOf.Documents([.. pairs.Select(p => p.After.Margin - p.Before.Margin)]))]);
        var probability = MeanOf.Strata([.. tasks.Select(pairs => MeanOf.Documents([.. pairs.Select(p => p.After.Probability - p.Before.Probability)]))]);
        return new(column, tasks.Sum(pairs => pairs.Count),
            100 * tasks.Average(pairs => pairs.Average(p => p.Before.Prediction == p.After.Prediction ? 1.0 : 0.0)),
            margin.Mean, margin.Error, 100 * probability.Mean, 100 * probability.Error)
        {
            MarginInterval = margin.Interval(),
        };
    }

    private static List<(ChoiceDetail Before, ChoiceDetail After)> Pairs(IReadOnlyList<ChoiceDetail> baseline, IReadOnlyList<ChoiceDetail> candidate)
    {
        var known = candidate.ToDictionary(doc => doc.DocId);
        return [.. baseline.Where(doc => known.ContainsKey(doc.DocId)).Select(doc => (doc, known[doc.DocId]))
            .Where(pair => pair.doc.LogLikelihoods.Count == pair.Item2.LogLikelihoods.Count
                && double.IsFinite(pair.doc.Margin) && double.IsFinite(pair.Item2.Margin))];
    }

    /// <summary>Every column of both runs whose folders have details.</summary>
    /// <exception cref="InputException">Details are damaged.</exception>
    public static IReadOnlyList<ChoiceShift> Between(Run baseline, string folder, Run candidate, string other) =>
    [
        .. baseline.Tasks.Where(task => candidate.Tasks.ContainsKey(task.Key)).GroupBy(task => task.Value.Column)
            .Select(column => Create(column.Key, column
                .Select(task => (Before: ChoiceDetail.Read(folder, task.Key), After: ChoiceDetail.Read(other, task.Key)))
                .Where(pair => pair.Before is not null && pair.After is not null).Select(pair => (pair.Before!, pair.After!))))
            .OfType<ChoiceShift>(),
    ];
}
