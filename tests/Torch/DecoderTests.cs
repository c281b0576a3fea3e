using System.Runtime.InteropServices;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Tests;

/// <summary>The decoder against what transformers computed with the same weights, in float32.</summary>
[Collection("torch")]
public sealed class DecoderTests
{
    public static TheoryData<string> Checkpoints => [.. Directory.EnumerateDirectories(Fixture.Path("checkpoints"), "tiny-*")
        .Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    public static MatrixTheoryData<string, string> OnEachDevice => new(
        Directory.EnumerateDirectories(Fixture.Path("checkpoints"), "tiny-*").Select(d => Path.GetFileName(d)!),
        ["cpu", "cuda"]);

    [Theory]
    [MemberData(nameof(OnEachDevice))]
    public void Logits_equal_those_of_transformers(string name, string device)
    {
        using var decoder = Load(name, device);
        using var golden = SafetensorsFile.Open(Fixture.Path("checkpoints", name, "golden.safetensors"));
        var cases = golden.Tensors.Where(t => t.Name.StartsWith("input_ids.", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(cases);
        foreach (var input in cases)
        {
            var expected = Get(golden, input.Name.Replace("input_ids", "logits"));
            using var ids = Get(golden, input.Name);
            for (var row = 0; row < ids.shape[0]; row++)
                AssertClose(expected[row], decoder.Logits(Ids(ids[row])), $"{input.Name} row {row}");
        }
    }

    [Theory]
    [MemberData(nameof(OnEachDevice))]
    public void The_routers_logits_equal_those_of_transformers(string name, string device)
    {
        using var decoder = Load(name, device);
        using var golden = SafetensorsFile.Open(Fixture.Path("checkpoints", name, "golden.safetensors"));
        using var ids = Get(golden, "input_ids.33");
        var routers = golden.Tensors.Count(t => t.Name.StartsWith("router_logits.33.", StringComparison.Ordinal));
        Assert.Equal(decoder.Config.Spec.Layers.Count(layer => layer.FeedForward.Mixture is not null), routers);
        for (var row = 0; row < ids.shape[0]; row++)
        {
            var router = 0; // transformers numbers routers, not layers
            decoder.OnRouting = (layer, logits) =>
                AssertClose(Get(golden, $"router_logits.33.layer{router++}").narrow(0, row * 33, 33), logits, $"layer {layer}");
            decoder.Logits(Ids(ids[row])).Dispose();
            Assert.Equal(routers, router);
        }
    }

    /// <summary>What float32 finds of a text's last tokens, in the checkpoint's own 16 bits.</summary>
    [Theory]
    [MemberData(nameof(OnEachDevice))]
    public void In_bfloat16_log_likelihoods_stay_within_two_percent(string name, string device)
    {
        using var decoder = Load(name, device, ScalarType.BFloat16);
        using var golden = SafetensorsFile.Open(Fixture.Path("checkpoints", name, "golden.safetensors"));
        foreach (var length in (int[])[7, 33, 130])
        {
            using var ids = Get(golden, $"input_ids.{length}");
            for (var row = 0; row < ids.shape[0]; row++)
            {
                using var scope = NewDisposeScope();
                var (text, expected) = (ids[row], Get(golden, $"logits.{length}")[row]);
                var actual = decoder.Logits(Ids(text)).cpu().to_type(ScalarType.Float32);
                var (wanted, found) = (LogLikelihood(expected, text), LogLikelihood(actual.narrow(0, length - expected.shape[0], expected.shape[0]), text));
                Assert.True(Math.Abs(wanted - found) <= 0.02 * Math.Abs(wanted), $"{length} row {row}: {found} for {wanted}");
            }
        }
    }

    /// <summary>Of the last tokens, each predicted by the logits of the one before it.</summary>
    private static double LogLikelihood(Tensor logits, Tensor text)
    {
        var rows = logits.shape[0] - 1;
        var chances = nn.functional.log_softmax(logits.narrow(0, 0, rows), -1);
        return chances.gather(1, text.narrow(0, text.shape[0] - rows, rows).unsqueeze(1)).sum().item<float>();
    }

    private static Decoder Load(string name, string device, ScalarType dtype = ScalarType.Float32)
    {
        Assert.SkipWhen(device == "cuda" && !cuda.is_available(), "needs a CUDA device and a CUDA libtorch (COGNITO_LIBTORCH)");
        return Decoder.Load(Fixture.Path("checkpoints", name), torch.device(device), dtype);
    }

    private static Tensor Get(SafetensorsFile file, string name) => file.Tensor(file.Tensors.Single(t => t.Name == name));

    private static int[] Ids(Tensor row) => [.. MemoryMarshal.Cast<byte, long>(row.bytes).ToArray().Select(i => (int)i)];

    /// <summary>Within 2e-5 of the largest expected; a golden of fewer rows is of the last.</summary>
    private static void AssertClose(Tensor expected, Tensor actual, string what)
    {
        using var scope = NewDisposeScope();
        var last = actual.cpu().narrow(0, actual.shape[0] - expected.shape[0], expected.shape[0]);
        var (error, largest) = ((last - expected).abs().max().item<float>(), expected.abs().max().item<float>());
        Assert.True(error <= 2e-5 * largest, $"{what}: off by {error / largest:e2} of the largest");
    }
}
