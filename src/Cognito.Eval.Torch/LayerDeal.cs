using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Torch;

/// <summary>What a part of a decoder takes.</summary>
/// <param name="Bytes">Of its weights.</param>
/// <param name="Flop">Of one token.</param>
internal readonly record struct PartCost(long Bytes, double Flop)
{
    public static PartCost operator +(PartCost a, PartCost b) => new(a.Bytes + b.Bytes, a.Flop + b.Flop);
}

/// <summary>What the parts of a decoder take, in its order.</summary>
/// <param name="Embedding">Before the first layer.</param>
/// <param name="Head">After the last layer, with its norm; where it is the embedding too, a copy of that.</param>
internal sealed record DecoderCosts(PartCost Embedding, IReadOnlyList<PartCost> Layers, PartCost Head)
{
    /// <summary>Tokens that attention looks back over, on the mean of a benchmark's prompts.</summary>
    private const int TypicalKeys = 512;

    /// <summary>Of the tokens that pass the layers, about so many are asked for and pass the head.</summary>
    private const double ShareOfHead = 0.1;

    /// <summary>What the stages of a deal take, each by its number.</summary>
    public PartCost Of(IReadOnlyList<int> deal, int stage) =>
        Layers.Skip(deal.Take(stage).Sum()).Take(deal[stage]).Aggregate(default(PartCost), (sum, layer) => sum + layer)
        + (stage == 0 ? Embedding : default) + (stage == deal.Count - 1 ? Head : default);

    public static DecoderCosts Of(ModelConfig config, int bytes)
    {
        var (tensors, layers) = (config.Tensors, config.Spec.Layers);
        var known = new Dictionary<LayerSpec, PartCost>();
        PartCost Layer(int index)
        {
            if (known.TryGetValue(layers[index], out var cost))
                return cost;
            var attention = layers[index].Attention;
            return known[layers[index]] = new(
                bytes * tensors.Count(index, feedForward => feedForward.Experts),
                2.0 * tensors.Count(index, feedForward => feedForward.ExpertsPerToken)
                    + 4.0 * attention.Heads * attention.HeadDim * Math.Min(TypicalKeys, attention.Window ?? TypicalKeys));
        }
        var norm = bytes * tensors.Norm.All.Sum(tensor => tensor.Count);
        return new(
            new(bytes * tensors.Embedding.Count, 0), [.. Enumerable.Range(0, layers.Count).Select(Layer)],
            new(bytes * tensors.Embedding.Count + norm, ShareOfHead * config.HeadFlop));
    }
}

/// <summary>Deals a decoder's layers to devices.</summary>
internal static class LayerDeal
{
    /// <summary>
    /// How many consecutive layers each device gets, at least one: so that the slowest has least to do, of such deals the one whose
    /// fullest device holds least. The first device holds the embedding, the last the head.
    /// </summary>
    /// <param name="memory">Bytes of each device that weights may take.</param>
    /// <returns>Null where no deal fits.</returns>
    public static IReadOnlyList<int>? Deal(DecoderCosts costs, IReadOnlyList<long> memory)
    {
        if (Least(costs, memory.Count, part => part.Flop, (device, part) => part.Bytes <= memory[device]) is not { } fast)
            return null;
        return Least(costs, memory.Count, part => part.Bytes,
            (device, part) => part.Bytes <= memory[device] && part.Flop <= fast.Most)!.Value.Deal;
    }

    /// <summary>Of the deals whose every part is allowed, the first one whose most is least; null where there is none.</summary>
    private static (double Most, int[] Deal)? Least(
        DecoderCosts costs, int devices, Func<PartCost, double> measure, Func<int, PartCost, bool> isAllowed)
    {
        var layers = costs.Layers.Count;
        var sums = new PartCost[layers + 1];
        for (var l = 0; l < layers; l++)
            sums[l + 1] = sums[l] + costs.Layers[l];
        // best[l]: the devices so far hold the first l layers.
        var best = new (double Most, int[] Deal)?[layers + 1];
        best[0] = (0, []);
        for (var d = 0; d < devices; d++)
        {
            var next = new (double Most, int[] Deal)?[layers + 1];
            for (var end = d + 1; end <= layers; end++)
                for (var first = d; first < end; first++)
                    if (best[first] is { } before && Part(d, first, end) is var part && isAllowed(d, part)
                        && Math.Max(before.Most, measure(part)) is var most && !(next[end]?.Most <= most))
                        next[end] = (most, [.. before.Deal, end - first]);
            best = next;
        }
        return best[layers];

        PartCost Part(int device, int first, int end) =>
            new PartCost(sums[end].Bytes - sums[first].Bytes, sums[end].Flop - sums[first].Flop)
            + (device == 0 ? costs.Embedding : default) + (device == devices - 1 ? costs.Head : default);
    }
}
