using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Layers;

/// <summary>The experts' matrices, one expert after the other.</summary>
/// <param name="Up">[E, 2I, D]</param>
/// <param name="Down">[E, D, I]</param>
internal sealed record ExpertMatrices(Tensor Up, Tensor Down);

/// <summary>Experts among which a router weighs or chooses for each token, and beside them what all tokens share.</summary>
/// <remarks>Letters: N tokens, D hidden size, I intermediate size, E experts, K experts a token.</remarks>
/// <param name="router">[E, D]</param>
/// <param name="experts">Each on its own.</param>
/// <param name="matrices">The same, together.</param>
internal sealed class Mixture(
    Elementwise elementwise, FeedForwardSpec feedForward, Tensor router, IReadOnlyList<SingleFeedForward> experts,
    ExpertMatrices matrices, SharedExpert? shared) : FeedForward
{
    private const int MostTogether = 512;

    private readonly MixtureSpec _spec = feedForward.Mixture!;
    private readonly Lazy<ExpertKernels?> _kernels = new(() =>
        elementwise.Experts is { } kernels && kernels.Suit(feedForward.Mixture!, feedForward, (int)router.shape[1])
            ? kernels : null);

    public override Tensor Apply(Tensor x, Action<Tensor>? onRouting)
    {
        var sum = zeros_like(x);
        AddTo(sum, x, onRouting);
        return sum;
    }

    public override void AddTo(Tensor stream, Tensor x, Action<Tensor>? onRouting)
    {
        if (x.shape[0] == 0)
            return;
        var logits = nn.functional.linear(x, router);
        onRouting?.Invoke(logits);
        if (_spec.WeighsAll)
            elementwise.AddWeighed(stream, IsTogether(x) ? Together(x) : [.. experts.Select(expert => expert.Apply(x))], logits);
        else if (_kernels.Value is { } kernels)
            AddGrouped(stream, x, logits, kernels);
        else
        {
            var (shares, chosen) = Routing.Choose(logits, _spec);
            stream.add_(Chosen(x, shares, chosen), Scalars.One);
        }
        if (shared is not null)
            stream.add_(shared.Apply(x), Scalars.One);
    }

    /// <summary>Whether all experts' products are one: few tokens leave much of a card idle with one expert's.</summary>
    private bool IsTogether(Tensor x) => x.device_type == DeviceType.CUDA && x.dtype != ScalarType.Float32 && x.shape[0] <= MostTogether
        && feedForward is { HasBias: false, IsGated: true };

    /// <summary>What each expert makes of x: E times [N, D].</summary>
    private Tensor[] Together(Tensor x)
    {
        var (e, d) = (matrices.Up.shape[0], x.shape[1]);
        using var up = matrices.Up.view(-1, d);
        using var both = nn.functional.linear(x, up); // [N, E 2I]
        using var inner = elementwise.Activate(both.view(x.shape[0] * e, -1), feedForward); // [N E, I]
        using var down = matrices.Down.transpose(1, 2);
        return bmm(inner.view(x.shape[0], e, -1).transpose(0, 1), down).unbind(0);
    }

    private void AddGrouped(Tensor stream, Tensor x, Tensor logits, ExpertKernels kernels)
    {
        using var scope = NewDisposeScope();
        var rows = kernels.Group(x.contiguous(), logits, _spec);
        Tensor parts;
        using (var both = AtenOps.GroupedLinear(rows.Rows, matrices.Up, rows.Ends)) // [N K, 2I]
        {
            rows.Rows.Dispose();
            using var inner = elementwise.Activate(both, feedForward);
            parts = AtenOps.GroupedLinear(inner, matrices.Down, rows.Ends); // [N K, D]
        }
        kernels.Combine(stream, parts, rows);
    }

    /// <summary>The tokens of each expert go through it together, and their parts are added in the experts' order.</summary>
    private Tensor Chosen(Tensor x, Tensor shares, Tensor chosen)
    {
        var weights = shares.flatten();
        var expertOf = chosen.flatten(); // [N K]
        var byExpert = sort(expertOf, stable: true).indices;
        var tokens = Scalars.With(_spec.ExpertsPerToken, held => byExpert.div(held, RoundingMode.floor));
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
            sum.index_add_(0, its, part, Scalars.One);
        }
        return sum;
    }
}

/// <summary>A feed-forward that every token meets, behind a gate of its own or not.</summary>
/// <param name="Gate">[1, D]</param>
internal sealed record SharedExpert(SingleFeedForward FeedForward, Tensor? Gate)
{
    public Tensor Apply(Tensor x)
    {
        var made = FeedForward.Apply(x);
        return Gate is null ? made : made.mul_(nn.functional.linear(x, Gate).sigmoid_());
    }
}

/// <summary>Which experts a token's router logits choose, and how much each weighs.</summary>
internal static class Routing
{
    /// <summary>From logits, [N, E], the chosen experts' shares and numbers, [N, K] each, the largest share first.</summary>
    public static (Tensor Shares, Tensor Chosen) Choose(Tensor logits, MixtureSpec spec)
    {
        var all = nn.functional.softmax(logits.to_type(ScalarType.Float32), -1);
        var (top, chosen) = all.topk(spec.ExpertsPerToken);
        var shares = spec.Renormalises ? top / top.sum(-1, keepdim: true) : top;
        return (spec.RoundsShares ? shares.to_type(logits.dtype) : shares, chosen);
    }
}
