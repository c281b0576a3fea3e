using System.Text.Json.Serialization;

namespace Cognito.Eval.Planning;

/// <summary>
/// What the routers of a mixture of experts did at scored positions, added up: for each layer the experts' gate weights, how
/// often each was the first choice, and the entropy.
/// </summary>
/// <param name="Tokens">How many targets were predicted; a position that predicts several counts for each.</param>
/// <param name="Values">Router after router: E sums of gate weights, E counts of first choices, the sum of entropies in nats.</param>
public sealed record RoutingSums(int Experts, long Tokens, double[] Values)
{
    /// <summary>Which layers of the model have a router, from 0 and in order; null where all have one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? LayerNumbers { get; init; }

    /// <summary>How many layers have one.</summary>
    public int Layers => Values.Length / Width(Experts);

    /// <summary>Numbers a layer: two for each expert and one.</summary>
    public static int Width(int experts) => 2 * experts + 1;

    /// <summary>Whether the other's are of the same layers and experts.</summary>
    internal bool IsAlike(RoutingSums other) => Experts == other.Experts && Values.Length == other.Values.Length
        && (LayerNumbers ?? []).SequenceEqual(other.LayerNumbers ?? []);

    public static RoutingSums operator +(RoutingSums a, RoutingSums b) =>
        a with { Tokens = a.Tokens + b.Tokens, Values = [.. a.Values.Zip(b.Values, (x, y) => x + y)] };

    /// <summary>A batch's sums by task, its continuations in order; null where the model recorded none.</summary>
    public static IReadOnlyDictionary<string, RoutingSums>? ByTask(IReadOnlyList<TokenScore> scores, IReadOnlyList<string> tasks)
    {
        if (!scores.Any(score => score.Routing is not null))
            return null;
        var sums = new Dictionary<string, RoutingSums>();
        foreach (var (score, task) in scores.Zip(tasks))
            if (score.Routing is { } routing)
                sums[task] = sums.TryGetValue(task, out var before) ? before.Add(routing)
                    : routing with { Values = [.. routing.Values] };
        return sums;
    }

    /// <summary>Batches' sums added up in the batches' order.</summary>
    public static IReadOnlyDictionary<string, RoutingSums> Total(IEnumerable<IReadOnlyDictionary<string, RoutingSums>?> batches)
    {
        var total = new Dictionary<string, RoutingSums>();
        foreach (var (task, sums) in batches.OfType<IReadOnlyDictionary<string, RoutingSums>>().SelectMany(batch => batch))
            total[task] = total.TryGetValue(task, out var before) ? before + sums : sums;
        return total;
    }

    /// <summary>Adds to this one's own numbers: a batch has many continuations.</summary>
    private RoutingSums Add(RoutingSums more)
    {
        for (var i = 0; i < Values.Length; i++)
            Values[i] += more.Values[i];
        return this with { Tokens = Tokens + more.Tokens };
    }
}
