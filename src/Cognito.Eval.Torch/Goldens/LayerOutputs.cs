using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Goldens;

/// <summary>A text's hidden states after the embedding and after each layer, and its logits: in float32, on the CPU.</summary>
/// <remarks>Letters: T tokens, D hidden size, V vocabulary.</remarks>
/// <param name="Hidden">[T, D] each; the first is the embedding's.</param>
/// <param name="Logits">[T, V].</param>
internal sealed record LayerOutputs(IReadOnlyList<Tensor> Hidden, Tensor Logits) : IDisposable
{
    /// <exception cref="InsufficientMemoryException">The text is too long for the device's memory.</exception>
    public static LayerOutputs Of(Decoder decoder, int[] ids) => DeviceMemory.Within(decoder.Device, () =>
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        Tensor Kept(Tensor x) => x.cpu().to_type(ScalarType.Float32, copy: true).DetachFromDisposeScope();
        var hidden = new List<Tensor>();
        decoder.OnHidden = (_, x) => hidden.Add(Kept(x));
        try
        {
            return new LayerOutputs(hidden, Kept(decoder.Logits(ids)));
        }
        finally
        {
            decoder.OnHidden = null;
        }
    });

    /// <summary>The largest difference after each layer and of the logits, relative to this one's largest.</summary>
    /// <exception cref="ArgumentException">Tokens, hidden size or vocabulary are not the same.</exception>
    public IReadOnlyList<LayerDifference> Against(LayerOutputs other) =>
    [
        .. Hidden.Zip(other.Hidden).Select((both, i) => new LayerDifference(
            i == 0 ? "embedding" : $"layer {i - 1}", Relative(both.First, both.Second))),
        new("logits", Relative(Logits, other.Logits)),
    ];

    private static double Relative(Tensor one, Tensor other)
    {
        if (!one.shape.SequenceEqual(other.shape))
            throw new ArgumentException($"[{string.Join(", ", one.shape)}] and [{string.Join(", ", other.shape)}] have no difference.");
        using var scope = NewDisposeScope();
        return new Difference((one - other).abs().max().item<float>(), one.abs().max().item<float>(), 0).Relative;
    }

    public void Dispose()
    {
        foreach (var hidden in Hidden)
            hidden.Dispose();
        Logits.Dispose();
    }
}

/// <summary>How far two models are apart somewhere.</summary>
/// <param name="After">What was computed last: embedding, layer I or logits.</param>
/// <param name="Relative">The largest difference, to the largest of the first model's absolute values.</param>
internal sealed record LayerDifference(string After, double Relative);
