using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Attention;

/// <summary>Attention whose scores x become cap tanh(x / cap) before their softmax, which fused attention cannot do.</summary>
/// <remarks>Letters: B rows or none, K key-value heads, M queries of the heads that share one, S keys, d head size.</remarks>
internal static class CappedAttention
{
    /// <summary>What queries [.., K, M, d] gather from keys and values [.., K, S, d]: [.., K, M, d].</summary>
    /// <param name="mask">Added to the capped scores, [.., K, M, S] or what is spread to it.</param>
    public static Tensor Over(AttentionSpec spec, Elementwise elementwise, Tensor queries, Tensor keys, Tensor values, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var scores = queries.matmul(keys.transpose(-2, -1));
        return elementwise.CappedSoftmax(scores, spec, mask).matmul(values).MoveToOuterDisposeScope();
    }
}
