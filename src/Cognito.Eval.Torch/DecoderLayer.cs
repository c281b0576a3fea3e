using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>One layer: attention, then the feed-forward, each on the normed stream and added to it.</summary>
/// <remarks>Letters: N tokens, D hidden size, H query heads, K key-value heads, G = H / K, d head size.</remarks>
internal sealed class DecoderLayer(
    ModelConfig config, Tensor attentionNorm, Tensor qkv, Tensor? qkvBias, Tensor output, Tensor? outputBias,
    Tensor feedForwardNorm, FeedForward feedForward)
{
    private readonly Scalar _epsilon = config.NormEpsilon.ToScalar();

    /// <summary>Queries [N, H, d], keys [N, K, d], both turned to their positions, and values [N, K, d].</summary>
    public (Tensor Queries, Tensor Keys, Tensor Values) Project(Tensor x, (Tensor Cos, Tensor Sin) turns)
    {
        var (h, k) = (config.Heads, config.KeyValueHeads);
        var all = nn.functional.linear(Norm(x, attentionNorm, _epsilon), qkv, qkvBias).view(-1, h + 2 * k, config.HeadDim);
        var turned = Rope.Turn(all.narrow(1, 0, h + k), turns);
        return (turned.narrow(1, 0, h), turned.narrow(1, h, k), all.narrow(1, h + k, k));
    }

    /// <summary>The stream after this layer; <paramref name="attended"/> is [N, H d], consumed.</summary>
    public Tensor Finish(Tensor x, Tensor attended, Action<Tensor>? onRouting)
    {
        var stream = nn.functional.linear(attended, output, outputBias).add_(x);
        attended.Dispose();
        return stream.add_(feedForward.Apply(Norm(stream, feedForwardNorm, _epsilon), onRouting));
    }

    /// <summary>Root mean square norm in float32, cast, then weighed.</summary>
    public static Tensor Norm(Tensor x, Tensor weight, Scalar epsilon)
    {
        using var scope = NewDisposeScope();
        var wide = x.to_type(ScalarType.Float32);
        var scale = wide.square().mean([-1L], keepdim: true).add_(epsilon).rsqrt_();
        return wide.mul(scale).to_type(x.dtype).mul_(weight).MoveToOuterDisposeScope();
    }
}
