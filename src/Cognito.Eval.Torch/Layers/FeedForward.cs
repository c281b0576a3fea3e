using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>A layer's feed-forward.</summary>
/// <remarks>Letters: N tokens, D hidden size, I intermediate size.</remarks>
internal abstract class FeedForward
{
    /// <summary>What it makes of x: [N, D] to [N, D].</summary>
    /// <param name="onRouting">Sees the router's logits, [N, E], where there is one.</param>
    public abstract Tensor Apply(Tensor x, Action<Tensor>? onRouting);

    /// <summary>Adds that to the stream, [N, D].</summary>
    public virtual void AddTo(Tensor stream, Tensor x, Action<Tensor>? onRouting) =>
        stream.add_(Apply(x, onRouting), Scalars.One);
}

/// <summary>One of them: down(act(gate x) * up x), with gate and up as one matrix, or down(act(up x)).</summary>
internal sealed class SingleFeedForward(Elementwise elementwise, FeedForwardSpec spec, Linear up, Linear down) : FeedForward
{
    public override Tensor Apply(Tensor x, Action<Tensor>? onRouting = null)
    {
        using var both = up.Apply(x); // [N, 2I], or [N, I]
        using var inner = elementwise.Activate(both, spec);
        return down.Apply(inner); // [N, D]
    }

    public override void AddTo(Tensor stream, Tensor x, Action<Tensor>? onRouting)
    {
        using var both = up.Apply(x);
        using var inner = elementwise.Activate(both, spec);
        down.AddTo(stream, inner);
    }
}
