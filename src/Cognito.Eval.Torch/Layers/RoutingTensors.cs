using System.Runtime.InteropServices;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Attention;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>A batch's router logits on their way to sums. They are gathered layer by layer and looked at once, at the end.</summary>
/// <remarks>Letters: L layers, R rows that predict, E experts, W = 2 E + 1 numbers a layer (<see cref="RoutingSums"/>).</remarks>
internal sealed class RoutingTensors : IDisposable
{
    /// <summary>Each layer's, [R, E].</summary>
    public List<Tensor> Logits { get; } = [];

    /// <summary>Gate weights, first choices and entropies, [L, R, W], in float32.</summary>
    public Tensor Summarised(int expertsPerToken)
    {
        using var scope = NewDisposeScope();
        var logits = stack(Logits).to_type(ScalarType.Float32);
        var logs = nn.functional.log_softmax(logits, -1);
        var shares = logs.exp();
        var first = zeros_like(shares).scatter_(-1, shares.argmax(-1, keepdim: true), ones_like(shares));
        var entropy = (shares * logs).sum(-1, keepdim: true).neg_();
        return cat([Gates(shares, expertsPerToken), first, entropy], -1).MoveToOuterDisposeScope();
    }

    /// <summary>Those of the chosen experts, which add up to 1.</summary>
    private static Tensor Gates(Tensor shares, int expertsPerToken)
    {
        if (expertsPerToken == shares.shape[^1])
            return shares;
        var (top, chosen) = shares.topk(expertsPerToken);
        return zeros_like(shares).scatter_(-1, chosen, top / top.sum(-1, keepdim: true));
    }

    /// <summary>Gives each continuation's score the sums over its targets, in double.</summary>
    /// <param name="summary">[L, R, W], on the host.</param>
    public static void AddTo(TokenScore[] scores, PackedBatch batch, Tensor summary)
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
            scores[b] = scores[b] with { Routing = new((width - 1) / 2, batch.TargetCounts[b], sums) };
        }
    }

    public void Dispose() => Logits.ForEach(logits => logits.Dispose());
}
