using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>One gated feed-forward, w2(silu(w1 x) * w3 x), with w1 and w3 as one matrix.</summary>
/// <remarks>Letters: N tokens, D hidden size, I intermediate size, E experts, K experts a token.</remarks>
internal sealed record Expert(Tensor GateUp, Tensor? GateUpBias, Tensor Down, Tensor? DownBias)
{
    public Tensor Apply(Tensor x, Elementwise elementwise)
    {
        using var both = nn.functional.linear(x, GateUp, GateUpBias); // [N, 2I]
        using var inner = elementwise.SiluMul(both);
        return nn.functional.linear(inner, Down, DownBias); // [N, D]
    }
}

/// <summary>A layer's feed-forward: one expert, or several among which a router weighs or chooses for each token.</summary>
internal sealed class FeedForward(
    Elementwise elementwise, FeedForwardSpec spec, Tensor? router, IReadOnlyList<Expert> experts)
{
    /// <summary>Adds to the stream, [N, D], what the feed-forward makes of x, [N, D].</summary>
    /// <param name="onRouting">Sees the router's logits, [N, E].</param>
    public void AddTo(Tensor stream, Tensor x, Action<Tensor>? onRouting)
    {
        if (router is null)
        {
            stream.add_(experts[0].Apply(x, elementwise), Scalars.One);
            return;
        }
        var logits = nn.functional.linear(x, router);
        onRouting?.Invoke(logits);
        // With every expert chosen nothing needs to be gathered.
        if (spec.ExpertsPerToken == experts.Count)
            elementwise.AddWeighed(stream, [.. experts.Select(expert => expert.Apply(x, elementwise))], logits);
        else
            stream.add_(Chosen(x, nn.functional.softmax(logits.to_type(ScalarType.Float32), -1)), Scalars.One);
    }

    /// <summary>The tokens of each expert go through it together, and their parts are added in the experts' order.</summary>
    private Tensor Chosen(Tensor x, Tensor shares)
    {
        var (top, chosen) = shares.topk(spec.ExpertsPerToken); // [N, K]
        var weights = (top / top.sum(-1, keepdim: true)).flatten();
        var expertOf = chosen.flatten(); // [N K]
        var byExpert = sort(expertOf, stable: true).indices;
        var tokens = byExpert.div(spec.ExpertsPerToken, RoundingMode.floor);
        var counts = expertOf.bincount(null, experts.Count).cpu().data<long>().ToArray();
        var sum = zeros_like(x);
        long at = 0;
        for (var e = 0; e < experts.Count; at += counts[e++])
        {
            if (counts[e] == 0)
                continue;
            using var expert = NewDisposeScope();
            var its = tokens.narrow(0, at, counts[e]);
            var part = experts[e].Apply(x.index_select(0, its), elementwise);
            part.mul_(weights.index_select(0, byExpert.narrow(0, at, counts[e])).unsqueeze(1));
            sum.index_add_(0, its, part, Scalars.One);
        }
        return sum;
    }
}
