namespace Cognito.Eval;

/// <summary>
/// How far sharing and batching move the numbers: log-likelihoods of a sample of the documents, compared with those of
/// one unshared sequence at a time.
/// </summary>
/// <param name="LargestDifference">In nats.</param>
/// <param name="Margin">Verdicts that hang on less might turn over: two log-likelihoods, each as far off.</param>
public sealed record Rounding(int Documents, int Requests, double LargestDifference, double Margin)
{
    private const int MostDocuments = 32, OneIn = 20;

    /// <summary>Measured on documents evenly spread over all that asked for log-likelihoods; null where none did.</summary>
    public static Rounding? Measure(IReadOnlyList<GradedTask> graded, Scorer scorer, CancellationToken cancel)
    {
        var docs = graded.SelectMany(task => task.Docs.Select(doc => (task.Questions.Task, Doc: doc)))
            .Where(doc => doc.Doc.Replies[0] is Likelihood).ToList();
        if (docs.Count == 0)
            return null;
        var count = Math.Min(MostDocuments, (docs.Count + OneIn - 1) / OneIn);
        var sample = Enumerable.Range(0, count).Select(i => docs[(int)((long)i * docs.Count / count)]).ToList();
        var plan = scorer.ExactPlanner.LogLikelihoods(
            [.. sample.Select(doc => doc.Doc.Asked.Requests.Cast<LogLikelihood>().ToList())],
            [.. sample.Select(doc => doc.Task.Name)]);
        var exact = scorer.LogLikelihoods(plan, cancel).Replies;
        var largest = sample.SelectMany(doc => doc.Doc.Replies).Zip(exact)
            .Max(pair => Difference((Likelihood)pair.First, (Likelihood)pair.Second));
        return new(count, exact.Count, largest, 2 * largest);
    }

    /// <summary>Two that are no numbers, or infinite alike, do not differ.</summary>
    private static double Difference(Likelihood one, Likelihood other) =>
        one.LogProbability.Equals(other.LogProbability) ? 0 : Math.Abs(one.LogProbability - other.LogProbability);
}
