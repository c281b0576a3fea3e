using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>One gated feed-forward, w2(silu(w1 x) * w3 x), with w1 and w3 as one matrix.</summary>
/// <remarks>Letters: N tokens, D hidden size, I intermediate size, E experts, K experts a token.</remarks>
internal sealed record Expert(Tensor GateUp, Tensor? GateUpBias, Tensor Down, Tensor? DownBias)
{
    public Tensor Apply(Tensor x)
    {
        var half = GateUp.shape[0] / 2;
        using var both = nn.functional.linear(x, GateUp, GateUpBias); // [N, 2I]
        using var gate = both.narrow(1, 0, half);
        using var up = both.narrow(1, half, half);
        using var active = nn.functional.silu(gate, inplace: true);
        using var inner = active.mul_(up);
        return nn.functional.linear(inner, Down, DownBias); // [N, D]
    }
}

/// <summary>A layer's feed-forward: one expert, or several among which a router weighs or chooses for each token.</summary>
internal sealed class FeedForward(Tensor? router, IReadOnlyList<Expert> experts, int expertsPerToken)
{
    /// <param name="x">[N, D]</param>
    /// <param name="onRouting">Sees the router's logits, [N, E].</param>
    public Tensor Apply(Tensor x, Action<Tensor>? onRouting)
    {
        if (router is null)
            return experts[0].Apply(x);
        var logits = nn.functional.linear(x, router);
        onRouting?.Invoke(logits);
        var shares = nn.functional.softmax(logits.to_type(ScalarType.Float32), -1);
        return expertsPerToken == experts.Count ? Weighed(x, shares) : Chosen(x, shares);
    }

    /// <summary>Every expert for every token: nothing to gather.</summary>
    private Tensor Weighed(Tensor x, Tensor shares)
    {
        var weights = shares / shares.sum(-1, keepdim: true);
        Tensor? sum = null;
        for (var e = 0; e < experts.Count; e++)
        {
            // In place the product is computed in float32 and rounded once to the model's type.
            var part = experts[e].Apply(x).mul_(weights.narrow(1, e, 1));
            sum = sum is null ? part : sum.add_(part);
        }
        return sum!;
    }

    /// <summary>The tokens of each expert go through it together, and their parts are added in the experts' order.</summary>
    private Tensor Chosen(Tensor x, Tensor shares)
    {
        var (top, chosen) = shares.topk(expertsPerToken); // [N, K]
        var weights = (top / top.sum(-1, keepdim: true)).flatten();
        var expertOf = chosen.flatten(); // [N K]
        var byExpert = sort(expertOf, stable: true).indices;
        var tokens = byExpert.div(expertsPerToken, RoundingMode.floor);
        var counts = expertOf.bincount(null, experts.Count).cpu().data<long>().ToArray();
        var sum = zeros_like(x);
        long at = 0;
        for (var e = 0; e < experts.Count; at += counts[e++])
        {
            if (counts[e] == 0)
                continue;
            using var expert = NewDisposeScope();
            var its = tokens.narrow(0, at, counts[e]);
            var part = experts[e].Apply(x.index_select(0, its));
            part.mul_(weights.index_select(0, byExpert.narrow(0, at, counts[e])).unsqueeze(1));
            sum.index_add_(0, its, part, 1);
        }
        return sum;
    }
}
