using System.Runtime.InteropServices;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>The kernels around the experts' products against libtorch's own sorting and adding.</summary>
[Collection("torch")]
public sealed class ExpertKernelsTests
{
    private const int Hidden = 72;

    private static T[] Host<T>(Tensor tensor) where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.cpu().bytes).ToArray();

    /// <summary>Of each token all different, and exact in 16 bits: no two shares are alike.</summary>
    private static Tensor Logits(int tokens, int experts) =>
        rand(tokens, experts, device: CUDA).argsort(-1).to_type(ScalarType.Float32).div_(64).to_type(ScalarType.Float16);

    private static Tensor Some(params long[] shape) => randn(shape, ScalarType.Float16, CUDA);

    [Theory]
    [InlineData(1, 3, 1, true, false)]
    [InlineData(7, 33, 5, false, true)]
    [InlineData(300, 60, 4, true, true)]
    [InlineData(512, 2, 2, true, true)]
    [InlineData(3000, 128, 8, true, true)]
    [InlineData(1025, 512, 32, false, false)]
    public void Tokens_are_gathered_and_their_parts_added_expert_by_expert(
        int tokens, int experts, int chosen, bool renormalises, bool rounds)
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        using var scope = NewDisposeScope();
        using var kernels = new ExpertKernels(CUDA, ScalarType.Float16);
        var spec = new MixtureSpec(experts, chosen) { Renormalises = renormalises, RoundsShares = rounds };
        Assert.True(kernels.Suit(spec, new(64) { Mixture = spec }, Hidden));
        var (x, logits) = (Some(tokens, Hidden), Logits(tokens, experts));
        var rows = kernels.Group(x, logits, spec);

        var (shares, which) = Routing.Choose(logits, spec);
        var byExpert = sort(which.flatten(), stable: true).indices;
        Assert.Equal(Host<long>(which.flatten().bincount(null, experts).cumsum(0)).Select(end => (int)end), Host<int>(rows.Ends));
        Assert.Equal(Host<long>(byExpert.argsort()).Select(place => (int)place), Host<int>(rows.Places));
        Assert.True(rows.Rows.equal(x.index_select(0, byExpert.div(chosen, RoundingMode.floor))).all().item<bool>());
        Assert.True((rows.Shares - shares).abs().max().item<float>() <= (rounds ? 1e-3 : 1e-6));

        var (stream, parts) = (Some(tokens, Hidden), Some(tokens * chosen, Hidden));
        var weighed = parts.index_select(0, rows.Places.flatten()).view(tokens, chosen, Hidden).to_type(ScalarType.Float32)
            .mul(rows.Shares.unsqueeze(2)).sum(1);
        var expected = stream.to_type(ScalarType.Float32) + weighed;
        kernels.Combine(stream, parts, rows);
        Assert.True(((stream - expected).abs() / (1 + expected.abs())).max().item<float>() <= 4e-3);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_token_whose_logits_are_no_numbers_spoils_itself_alone(float logit)
    {
        Assert.SkipUnless(cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        using var scope = NewDisposeScope();
        using var kernels = new ExpertKernels(CUDA, ScalarType.Float16);
        var (spec, logits) = (new MixtureSpec(60, 4), Logits(400, 60));
        logits[7, 3] = tensor(logit, ScalarType.Float16, CUDA);
        var rows = kernels.Group(Some(400, Hidden), logits, spec);
        Assert.Equal(Enumerable.Range(0, 1600), Host<int>(rows.Places).Order());
        var stream = zeros(400, Hidden, ScalarType.Float16, CUDA);
        kernels.Combine(stream, Some(1600, Hidden), rows);
        Assert.Equal([7L], Host<long>(stream.isnan().any(1).nonzero().flatten()));
        Assert.True(stream[7].isnan().all().item<bool>());
    }
}
