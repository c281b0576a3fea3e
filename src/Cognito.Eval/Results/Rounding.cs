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
        var scored = graded.Where(task => task.Questions.Requests.First() is LogLikelihood).ToList();
        if (Plan([.. scored.Select(task => task.Questions)], scorer.ExactPlanner) is not { } plan)
            return null;
        var docs = scored.SelectMany(task => task.Docs).ToList();
        var sample = Sample(docs.Count).Select(i => docs[i]).ToList();
        var exact = scorer.LogLikelihoods(plan, cancel, Stages.Rounding).Replies;
        var largest = sample.SelectMany(doc => doc.Replies).Zip(exact)
            .Max(pair => Difference((Likelihood)pair.First, (Likelihood)pair.Second));
        return new(sample.Count, exact.Count, largest, 2 * largest);
    }

    /// <summary>The sample's plan: one unshared sequence at a time; null where nothing asks for log-likelihoods.</summary>
    /// <param name="scored">The tasks that ask for them.</param>
    public static Plan? Plan(IReadOnlyList<Questions> scored, Planner exact)
    {
        var docs = scored.SelectMany(asked => asked.Docs.Select(doc => (asked.Task.Name, doc.Requests))).ToList();
        var sample = Sample(docs.Count).Select(i => docs[i]).ToList();
        return sample.Count == 0 ? null : exact.LogLikelihoods(
            [.. sample.Select(doc => doc.Requests.Cast<LogLikelihood>().ToList())], [.. sample.Select(doc => doc.Name)]);
    }

    private static IEnumerable<int> Sample(int docs)
    {
        var count = Math.Min(MostDocuments, (docs + OneIn - 1) / OneIn);
        return Enumerable.Range(0, count).Select(i => (int)((long)i * docs / count));
    }

    /// <summary>Two that are no numbers, or infinite alike, do not differ.</summary>
    private static double Difference(Likelihood one, Likelihood other) =>
        one.LogProbability.Equals(other.LogProbability) ? 0 : Math.Abs(one.LogProbability - other.LogProbability);
}
