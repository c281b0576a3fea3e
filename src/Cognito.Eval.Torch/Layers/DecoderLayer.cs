using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>One layer: attention, then the feed-forward, each on the normed stream and added to it.</summary>
/// <remarks>Letters: N tokens, D hidden size, H query heads, K key-value heads, d head size.</remarks>
internal sealed class DecoderLayer(
    Elementwise elementwise, LayerSpec spec, Tensor attentionNorm, Tensor qkv, Tensor? qkvBias, Tensor output, Tensor? outputBias,
    Tensor feedForwardNorm, FeedForward feedForward)
{
    public LayerSpec Spec => spec;

    /// <summary>Queries [N, H, d], keys [N, K, d], both turned to their positions, and values [N, K, d].</summary>
    public (Tensor Queries, Tensor Keys, Tensor Values) Project(Tensor x, RotaryTable table) =>
        elementwise.ApplyRotary(
            nn.functional.linear(elementwise.Norm(x, attentionNorm, spec.AttentionNorm), qkv, qkvBias), spec.Attention, table);

    /// <summary>The stream after this layer; <paramref name="attended"/> is [N, H d], consumed.</summary>
    public Tensor Finish(Tensor x, Tensor attended, Action<Tensor>? onRouting)
    {
        var stream = nn.functional.linear(attended, output, outputBias).add_(x, Scalars.One);
        attended.Dispose();
        feedForward.AddTo(stream, elementwise.Norm(stream, feedForwardNorm, spec.FeedForwardNorm), onRouting);
        return stream;
    }
}
