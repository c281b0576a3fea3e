using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Planning;

/// <summary>The documents that are computed once more, one unshared sequence at a time: every twentieth, at most 32.</summary>
public static class RoundingSample
{
    private const int MostDocuments = 32, OneIn = 20;

    /// <summary>The sample's plan; null where nothing asks for log-likelihoods.</summary>
    /// <param name="scored">The tasks that ask for them.</param>
    public static Plan? Plan(IReadOnlyList<Questions> scored, Planner exact)
    {
        var docs = scored.SelectMany(asked => asked.Docs.Select(doc => (asked.Task.Name, doc.Requests))).ToList();
        var sample = Places(docs.Count).Select(i => docs[i]).ToList();
        return sample.Count == 0 ? null : exact.LogLikelihoods(
            [.. sample.Select(doc => doc.Requests.Cast<LogLikelihood>().ToList())], [.. sample.Select(doc => doc.Name)]);
    }

    /// <summary>Places in so many documents, evenly spread.</summary>
    public static IEnumerable<int> Places(int docs)
    {
        var count = Math.Min(MostDocuments, (docs + OneIn - 1) / OneIn);
        return Enumerable.Range(0, count).Select(i => (int)((long)i * docs / count));
    }
}
