using System.Text.Json.Serialization;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Results;

/// <summary>What a task's scored tokens were routed to.</summary>
/// <param name="Tokens">Targets predicted, of requests that are answered once.</param>
/// <param name="Layers">Those with a router, from the first to the last.</param>
public sealed record RoutingRecord(long Tokens, IReadOnlyList<RoutingLayer> Layers)
{
    public static RoutingRecord FromSums(RoutingSums sums)
    {
        var width = RoutingSums.Width(sums.Experts);
        double[] Means(int layer, int from, int count) =>
            [.. sums.Values.AsSpan(layer * width + from, count).ToArray().Select(sum => sum / sums.Tokens)];
        return new(sums.Tokens, [.. Enumerable.Range(0, sums.Layers).Select(layer => new RoutingLayer(
            Means(layer, 0, sums.Experts), Means(layer, sums.Experts, sums.Experts), Means(layer, 2 * sums.Experts, 1)[0])
        {
            Layer = sums.LayerNumbers?[layer],
        })]);
    }

    /// <summary>The layers' numbers in the model, from 0.</summary>
    [JsonIgnore]
    public IReadOnlyList<int> Numbers => [.. Layers.Select((layer, l) => layer.Layer ?? l)];
}

/// <summary>One layer's router.</summary>
/// <param name="MeanWeight">For each expert, the mean of the weight that its part is added with; 0 where it is not chosen.</param>
/// <param name="FirstShare">For each expert, the share of tokens that weigh it most.</param>
/// <param name="Entropy">Mean entropy of the router's distribution over all experts, in nats.</param>
public sealed record RoutingLayer(IReadOnlyList<double> MeanWeight, IReadOnlyList<double> FirstShare, double Entropy)
{
    /// <summary>Its number in the model, from 0; null where every layer has a router, and its place is its number.</summary>
    [JsonPropertyOrder(-1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Layer { get; init; }
}
