using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Planning;

/// <summary>A prompt as the model gets it, and the requests that it answers.</summary>
public sealed record GenerationRow(int[] Input, IReadOnlyList<int> Requests);

/// <summary>Prompts that the reference generates for together; alone at the leaderboard's batch size of 1.</summary>
/// <param name="Dropped">Leading generated tokens that the reference throws away.</param>
public sealed record GenerationGroup(IReadOnlyList<GenerationRow> Rows, StopAtTexts Stop, int Dropped);

/// <summary>The order of work for greedy generation (protocol 5.5).</summary>
public static class GenerationGroups
{
    /// <summary>
    /// Merges equal prompts, sorts them shortest first and cuts them into the reference's batches. A prompt longer than
    /// what leaves room for the answer loses its oldest tokens, and the reference, which cuts the answer at the width
    /// before that, loses as many of the answer's.
    /// </summary>
    public static IReadOnlyList<GenerationGroup> Make(
        IReadOnlyList<GreedyUntil> requests, IReadOnlyList<int[]> prompts, Protocol protocol, int maxLength,
        Func<IReadOnlyList<string>, StopAtTexts> stop)
    {
        var room = Room(protocol, maxLength);
        return [.. Enumerable.Range(0, requests.Count)
            .GroupBy(i => (prompts[i].Length, requests[i].Context))
            .OrderBy(same => same.Key.Length).ThenBy(same => same.Key.Context, ByCodePoint)
            .Chunk(protocol.GenerationBatch)
            .Select(batch =>
            {
                var width = batch.Max(same => same.Key.Length);
                var rows = batch.Select(same => new GenerationRow(Last(prompts[same.First()], room), [.. same]));
                return new GenerationGroup([.. rows], stop(requests[batch[0].First()].Stops), Math.Max(0, width - room));
            })];
    }

    /// <summary>Most tokens of a prompt that leave room for the answer.</summary>
    /// <exception cref="InputException">There is no room at all.</exception>
    public static int Room(Protocol protocol, int maxLength) => maxLength > protocol.MaxNewTokens
        ? maxLength - protocol.MaxNewTokens
        : throw new InputException(
            $"a maximum length of {maxLength} tokens leaves no room for a prompt before {protocol.MaxNewTokens} new ones; "
            + "give a larger --max-length, or leave out the tasks that generate");

    /// <summary>
    /// Cuts the groups into what the model generates at once: whole groups, longest first, as many as fit a cache of
    /// <paramref name="cacheTokens"/> (prompts and the room for their answers).
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<GenerationGroup>> Pack(
        IReadOnlyList<GenerationGroup> groups, long cacheTokens, int maxNewTokens)
    {
        var batches = new List<List<GenerationGroup>>();
        var room = 0L;
        foreach (var group in groups.Reverse())
        {
            var need = group.Rows.Sum(row => (long)row.Input.Length + maxNewTokens);
            if (batches.Count == 0 || need > room)
            {
                batches.Add([]);
                room = cacheTokens;
            }
            batches[^1].Add(group);
            room -= need;
        }
        return batches;
    }

    private static int[] Last(int[] tokens, int most) => tokens[Math.Max(0, tokens.Length - most)..];

    private static readonly Comparer<string> ByCodePoint = Comparer<string>.Create((a, b) =>
    {
        using var left = a.EnumerateRunes().GetEnumerator();
        using var right = b.EnumerateRunes().GetEnumerator();
        while (true)
        {
            var (more, moreRight) = (left.MoveNext(), right.MoveNext());
            if (!more || !moreRight)
                return more.CompareTo(moreRight);
            if (left.Current != right.Current)
                return left.Current.CompareTo(right.Current);
        }
    });
}
