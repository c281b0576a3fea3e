using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>The norms of a layer, where it has them.</summary>
internal sealed record LayerNorms(
    Norm? Attention, Norm? Query, Norm? Key, Norm? AttentionOutput, Norm? FeedForward, Norm? FeedForwardOutput);

/// <summary>One layer: attention, then the feed-forward, each added to the stream.</summary>
/// <remarks>Letters: N tokens, D hidden size, H query heads, K key-value heads, d head size.</remarks>
internal sealed class DecoderLayer(
    Elementwise elementwise, LayerSpec spec, LayerNorms norms, Linear projection, Linear output, FeedForward feedForward)
{
    public LayerSpec Spec => spec;

    /// <summary>
    /// Queries [N, H, d], keys [N, K, d], both turned to their positions, and values [N, K, d]; all that are kept, [P, K, d], where
    /// keys and values have places.
    /// </summary>
    public (Tensor Queries, Tensor Keys, Tensor Values) Project(Tensor x, RotaryTable table, KeptPlaces? kept)
    {
        var (h, k, d) = (spec.Attention.Heads, spec.Attention.KeyValueHeads, spec.Attention.HeadDim);
        var projected = projection.Apply(norms.Attention?.Apply(x) ?? x);
        norms.Query?.ApplyWithin(projected, from: 0, pieces: spec.Attention.NormsHeads ? h : 1);
        norms.Key?.ApplyWithin(projected, from: h * d, pieces: spec.Attention.NormsHeads ? k : 1);
        if (spec.Attention.Clip is { } most)
        {
            using Scalar low = (-most).ToScalar(), high = most.ToScalar();
            projected.clamp_(low, high);
        }
        return kept is { } places ? (elementwise.RotateInto(projected, spec.Attention, table, places), places.Keys, places.Values)
            : elementwise.ApplyRotary(projected, spec.Attention, table);
    }

    /// <summary>The stream after this layer, which may be x, changed.</summary>
    /// <param name="attended">[N, H d], which is disposed of.</param>
    public Tensor Finish(Tensor x, Tensor attended, Action<Tensor>? onRouting)
    {
        if (spec.IsParallel)
        {
            var made = feedForward.Apply(norms.FeedForward?.Apply(x) ?? x, onRouting);
            made.add_(output.Apply(attended), Scalars.One).add_(x, Scalars.One);
            attended.Dispose();
            return made;
        }
        if (norms.AttentionOutput is { } norm)
            norm.AddTo(x, output.Apply(attended));
        else
            output.AddTo(x, attended);
        attended.Dispose();
        var normed = norms.FeedForward?.Apply(x) ?? x;
        if (norms.FeedForwardOutput is { } last)
            last.AddTo(x, feedForward.Apply(normed, onRouting));
        else
            feedForward.AddTo(x, normed, onRouting);
        return x;
    }
}
