using Cognito.Eval.Torch;
using Cognito.Eval.Torch.Architectures;

namespace Cognito.Eval.Tests;

public sealed class MemoryEstimateTests
{
    private static readonly ModelConfig Usual = ModelConfig.Named("cognito-2x7b");

    private static long Numbers(Func<MixtureSpec, MixtureSpec> change) => MemoryEstimate.BytesPerToken(Usual with
    {
        Spec = Usual.Spec with
        {
            Layers = [.. Usual.Spec.Layers.Select(layer => layer with
            {
                FeedForward = layer.FeedForward with { Mixture = change(layer.FeedForward.Mixture!) },
            })],
        },
    }, 1);

    [Fact]
    public void Experts_that_are_all_chosen_lie_apart_unless_their_shares_are_rounded()
    {
        Assert.Equal(4 * 4096 + 3 * 14336, Numbers(mixture => mixture));
        Assert.Equal(6 * 4096 + 6 * 14336, Numbers(mixture => mixture with { RoundsShares = true }));
    }

    [Fact]
    public void An_expert_that_all_tokens_share_counts_where_it_is_wider_than_the_chosen() =>
        Assert.Equal(3 * 4096 + 3 * 90000, Numbers(mixture => mixture with { Shared = new(90000, HasGate: true) }));
}
