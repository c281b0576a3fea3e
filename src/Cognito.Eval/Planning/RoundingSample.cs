namespace Cognito.Eval.Planning;

/// <summary>
/// The documents that are computed once more, one unshared sequence at a time: every twentieth, at most 32, and no more than
/// a tenth of what the run costs, but four at least.
/// </summary>
internal static class RoundingSample
{
    private const int FewestDocuments = 4, MostDocuments = 32, OneIn = 20, OneInOfCost = 10;

    /// <summary>Places in so many documents, evenly spread.</summary>
    /// <param name="costs">What the run costs, of what it would cost with nothing shared.</param>
    public static IEnumerable<int> Places(int docs, double costs)
    {
        var affordable = Math.Max(FewestDocuments, (int)Math.Ceiling(docs * costs / OneInOfCost));
        var count = Math.Min(Math.Min(MostDocuments, (docs + OneIn - 1) / OneIn), affordable);
        return Enumerable.Range(0, count).Select(i => (int)((long)i * docs / count));
    }
}
