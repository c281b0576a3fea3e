using System.Runtime.InteropServices;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Attention;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>The layers of a decoder that have a router.</summary>
/// <param name="Numbers">Which they are, from 0; null where all are.</param>
/// <param name="Mixture">Among what each of them chooses, and how.</param>
internal sealed record Routers(IReadOnlyList<int>? Numbers, MixtureSpec Mixture)
{
    /// <summary>Null where no layer has one.</summary>
    public static Routers? Of(DecoderSpec spec)
    {
        var routed = spec.Layers.Index().Where(layer => layer.Item.FeedForward.Mixture is not null).ToList();
        return routed.Select(layer => layer.Item.FeedForward.Mixture!).Distinct().ToList() switch
        {
            [] => null,
            [var mixture] => new(routed.Count == spec.Layers.Count ? null : [.. routed.Select(layer => layer.Index)], mixture),
            _ => throw new NotSupportedException("routers of several kinds in one decoder"),
        };
    }
}

/// <summary>A batch's router logits on their way to sums. They are gathered layer by layer and looked at once, at the end.</summary>
/// <remarks>
/// Letters: L layers with a router, R rows that predict, E experts, W = 2 E + 1 numbers a layer (<see cref="RoutingSums"/>).
/// </remarks>
internal sealed class RoutingTensors(MixtureSpec mixture) : IDisposable
{
    /// <summary>Each layer's, [R, E].</summary>
    public List<Tensor> Logits { get; } = [];

    /// <summary>Gate weights, first choices and entropies, [L, R, W], in float32.</summary>
    public Tensor Summarised()
    {
        using var scope = NewDisposeScope();
        var stacked = stack(Logits);
        var logits = stacked.to_type(ScalarType.Float32);
        var logs = nn.functional.log_softmax(logits, -1);
        var shares = logs.exp();
        var first = zeros_like(shares).scatter_(-1, shares.argmax(-1, keepdim: true), ones_like(shares));
        var entropy = (shares * logs).sum(-1, keepdim: true).neg_();
        return cat([Gates(shares, stacked.dtype), first, entropy], -1).MoveToOuterDisposeScope();
    }

    /// <summary>What the model weighs each expert's part by: 0 where it is not chosen.</summary>
    private Tensor Gates(Tensor shares, ScalarType dtype)
    {
        var weights = shares;
        if (mixture.ExpertsPerToken < mixture.Experts)
        {
            var (top, chosen) = shares.topk(mixture.ExpertsPerToken);
            weights = zeros_like(shares).scatter_(-1, chosen, mixture.Renormalises ? top / top.sum(-1, keepdim: true) : top);
        }
        return mixture.RoundsShares ? weights.to_type(dtype).to_type(ScalarType.Float32) : weights;
    }

    /// <summary>Gives each continuation's score the sums over its targets, in double.</summary>
    /// <param name="summary">[L, R, W], on the host.</param>
    /// <param name="numbers">Of the layers (<see cref="Routers"/>).</param>
    public static void AddTo(TokenScore[] scores, PackedBatch batch, Tensor summary, IReadOnlyList<int>? numbers)
    {
        var (layers, rows, width) = ((int)summary.shape[0], (int)summary.shape[1], (int)summary.shape[2]);
        var values = MemoryMarshal.Cast<byte, float>(summary.bytes);
        for (int b = 0, at = 0; b < scores.Length; at += batch.TargetCounts[b++])
        {
            var sums = new double[layers * width];
            for (var t = at; t < at + batch.TargetCounts[b]; t++)
                for (var l = 0; l < layers; l++)
                {
                    var row = values.Slice((l * rows + batch.TargetRows[t]) * width, width);
                    for (var k = 0; k < width; k++)
                        sums[l * width + k] += row[k];
                }
            scores[b] = scores[b] with { Routing = new((width - 1) / 2, batch.TargetCounts[b], sums) { LayerNumbers = numbers } };
        }
    }

    public void Dispose() => Logits.ForEach(logits => logits.Dispose());
}
