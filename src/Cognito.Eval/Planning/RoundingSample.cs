namespace Cognito.Eval.Planning;

/// <summary>The documents that are computed once more, one unshared sequence at a time: every twentieth, at most 32.</summary>
internal static class RoundingSample
{
    private const int MostDocuments = 32, OneIn = 20;

    /// <summary>Places in so many documents, evenly spread.</summary>
    public static IEnumerable<int> Places(int docs)
    {
        var count = Math.Min(MostDocuments, (docs + OneIn - 1) / OneIn);
        return Enumerable.Range(0, count).Select(i => (int)((long)i * docs / count));
    }
}
