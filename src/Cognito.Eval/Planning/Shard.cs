using System.Globalization;
using Cognito.Eval.Files;

namespace Cognito.Eval.Planning;

/// <summary>One of the parts that a run's batches are dealt out to.</summary>
/// <param name="Index">From 0.</param>
public readonly record struct Shard(int Index, int Count)
{
    private const int Most = 100_000;

    /// <summary>The run undivided.</summary>
    public static Shard Whole { get; } = new(0, 1);

    /// <summary>Whether there is such a part: a file may say anything.</summary>
    internal bool IsOne => Index >= 0 && Index < Count && Count <= Most;

    /// <summary>Reads "i/n".</summary>
    /// <exception cref="InputException">It is not i of n parts.</exception>
    public static Shard Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 2 && Number(parts[0]) is { } index && Number(parts[1]) is { } count
            && new Shard(index, count) is { IsOne: true } shard
            ? shard
            : throw new InputException(
                $"--shard {text}: not a part of a run; give i/n with i from 0 to n - 1, such as 0/4, or auto");
    }

    /// <summary>
    /// For each batch, the shard that answers it. A shard's batches lie side by side, so that few shared prefixes are needed
    /// twice, and the shards cost about the same.
    /// </summary>
    /// <param name="costs">What each batch costs, in tokens.</param>
    public static int[] Deal(IReadOnlyList<long> costs, int count)
    {
        var (all, before) = (Math.Max(1, costs.Sum()), 0L);
        var shards = new int[costs.Count];
        for (var b = 0; b < costs.Count; before += costs[b++])
            shards[b] = (int)Int128.Min(count - 1, (Int128)count * (2 * before + costs[b]) / (2 * all));
        return shards;
    }

    /// <summary>The batches that this shard answers, in order.</summary>
    public IReadOnlyList<int> Of(IReadOnlyList<long> costs)
    {
        var (index, dealt) = (Index, Deal(costs, Count));
        return [.. Enumerable.Range(0, costs.Count).Where(b => dealt[b] == index)];
    }

    public override string ToString() => $"{Index}/{Count}";

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
