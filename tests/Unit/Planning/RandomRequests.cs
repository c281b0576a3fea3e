using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

/// <summary>
/// Made-up requests in tokens: shared prefixes that most documents of a task share, equal documents, equal requests split
/// elsewhere, continuations of one token, and a maximum length that cuts some.
/// </summary>
internal sealed record RandomRequests(IReadOnlyList<IReadOnlyList<TokenSpan>> Documents, IReadOnlyList<string> Groups, int MaxLength)
{
    public static RandomRequests Make(int seed)
    {
        var random = new Random(seed);
        // Few different tokens make beginnings that are alike by chance.
        var vocabulary = random.Next(2) == 0 ? 2 : 50;
        int[] Tokens(int least, int most) =>
            [.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => random.Next(vocabulary))];

        var (documents, groups) = (new List<IReadOnlyList<TokenSpan>>(), new List<string>());
        for (var task = random.Next(1, 4); task > 0; task--)
        {
            var sharedPrefix = Tokens(0, 40);
            for (var d = random.Next(1, 13); d > 0; d--)
            {
                groups.Add($"task {task}");
                if (documents.Count > 0 && random.Next(6) == 0)
                {
                    documents.Add([.. documents[random.Next(documents.Count)].Select(span => Again(span, random))]);
                    continue;
                }
                int[] context = [.. random.Next(5) == 0 ? Tokens(0, 40) : sharedPrefix, .. Tokens(1, 20)];
                var longest = random.Next(2) == 0 ? 1 : 6;
                documents.Add([.. Enumerable.Range(0, random.Next(6)).Select(_ => new TokenSpan(context, Tokens(1, longest)))]);
            }
        }
        return new(documents, groups, random.Next(3) == 0 ? 1000 : random.Next(6, 60));
    }

    /// <summary>The same tokens, now and then split one earlier or later.</summary>
    private static TokenSpan Again(TokenSpan span, Random random)
    {
        int[] whole = [.. span.Context, .. span.Continuation];
        var context = Math.Clamp(span.Context.Length + random.Next(-1, 2), Math.Max(1, whole.Length - 6), whole.Length - 1);
        return new(whole[..context], whole[context..]);
    }
}
