using Cognito.Eval.Planning;

namespace Cognito.Eval.Torch.Attention;

/// <summary>Batches for models whose long sequences turn all their positions otherwise than short ones.</summary>
internal static class LongSequences
{
    /// <summary>
    /// The same sequences in the same order, but no tree holds long ones beside short ones, and a long one's shared prefix,
    /// which is kept as short ones turn it, is of its own context.
    /// </summary>
    /// <param name="from">So many tokens make a sequence long.</param>
    public static ScoreBatch Apart(ScoreBatch batch, int from) => new([.. batch.Trees.SelectMany(tree => Apart(tree, from))]);

    private static IEnumerable<PrefixTree> Apart(PrefixTree tree, int from)
    {
        var before = (tree.SharedPrefix?.Tokens.Length ?? 0) + tree.Context.Length;
        bool IsLong(Continuation continuation) => before + continuation.Tokens.Length >= from;
        for (int first = 0, next; first < tree.Continuations.Count; first = next)
        {
            var isLong = IsLong(tree.Continuations[first]);
            for (next = first + 1; next < tree.Continuations.Count && IsLong(tree.Continuations[next]) == isLong;)
                next++;
            var alike = tree with { Continuations = [.. tree.Continuations.Skip(first).Take(next - first)] };
            yield return !isLong ? alike
                : alike with { SharedPrefix = null, Context = [.. tree.SharedPrefix?.Tokens ?? [], .. tree.Context] };
        }
    }
}
