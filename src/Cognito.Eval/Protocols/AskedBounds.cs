using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Protocols;

/// <summary>Holds what a task asks within the bounds of <see cref="RowBounds"/>.</summary>
internal static class AskedBounds
{
    /// <summary>Documents as they are made, until they are more than may be.</summary>
    /// <exception cref="InputException">They ask more requests, or longer ones, than may be.</exception>
    public static IEnumerable<AskedDoc> Within(this RowBounds bounds, EvalTask task, IEnumerable<AskedDoc> docs)
    {
        var (requests, characters) = (0L, 0L);
        foreach (var doc in docs)
        {
            requests += doc.Requests.Count;
            if (requests > bounds.Requests)
                throw new InputException($"{task}: more than {bounds.Requests:N0} requests; ask fewer documents with --limit, "
                    + "or lift the bounds with --unbounded");
            // Requests of one document share their context's text, but for those of a gap.
            characters += doc.Requests.DistinctBy(request => request.Context, ReferenceEqualityComparer.Instance)
                .Sum(request => (long)request.Context.Length)
                + doc.Requests.Sum(request => request switch
                {
                    LogLikelihood { Continuation: var text } => text.Length,
                    LogLikelihoodRolling { Text: var text } => text.Length,
                    _ => 0L,
                });
            if (characters > bounds.Characters)
                throw new InputException($"{task}: more than {bounds.Characters:N0} characters of prompts; ask fewer documents with --limit, "
                    + "fewer examples with --num-fewshot, or lift the bounds with --unbounded");
            yield return doc;
        }
    }
}
