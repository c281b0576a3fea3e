using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Generation;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Goldens;

/// <summary>A decoder beside what another program computed with the same weights.</summary>
/// <remarks>Letters: T tokens, R rows that have logits, D hidden size, V vocabulary, E experts.</remarks>
internal static class GoldenCheck
{
    /// <summary>So many rows at a time go through the vocabulary: its logits are the widest tensor there is.</summary>
    private const int RowsAtOnce = 1024;

    /// <summary>The largest relative difference that rounding explains: in float32, and in 16 bits.</summary>
    public static double ToleranceOf(ScalarType dtype) => dtype == ScalarType.Float32 ? 2e-5 : 2e-2;

    /// <summary>Computes all that the file holds, and says how far it is from it.</summary>
    /// <exception cref="InsufficientMemoryException">A sequence is too long for the device's memory.</exception>
    public static GoldenReport Run(Decoder decoder, GoldenFile golden, double? tolerance = null, CancellationToken cancel = default)
    {
        var most = tolerance ?? ToleranceOf(decoder.Dtype);
        return DeviceMemory.Within(decoder.Device, () => new GoldenReport(
            most, [.. golden.Cases.Select(one => Run(decoder, golden, one, most, cancel))], Continued(decoder, golden.Continuation, cancel)));
    }

    private static CaseReport Run(Decoder decoder, GoldenFile golden, GoldenCase one, double most, CancellationToken cancel)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var expected = golden.Read(one.Logits); // [B, R, V]
        var routers = one.Routers.Select(router => (router.Layer, Expected: golden.Read(router.Tensor))).ToList();
        var (logits, routed) = (new Farthest(expected), routers.Select(router => new Farthest(router.Expected)).ToList());
        for (var s = 0; s < one.Sequences.Count; s++)
        {
            cancel.ThrowIfCancellationRequested();
            using var sequence = NewDisposeScope();
            int[] ids = one.Sequences[s];
            decoder.OnRouting = (layer, found) =>
            {
                for (var r = 0; r < routers.Count; r++)
                    if (routers[r].Layer == layer)
                        routed[r].Add(routers[r].Expected.narrow(0, (long)s * ids.Length, ids.Length), found);
            };
            try
            {
                // A target of its own makes each token a row.
                var hidden = decoder.Hidden(PackedBatch.Pack([new(null, ids, [new([], new int[ids.Length])])])); // [T, D]
                for (int row = ids.Length - one.Rows, at = 0, rows; at < one.Rows; at += rows)
                {
                    rows = Math.Min(RowsAtOnce, one.Rows - at);
                    using var found = decoder.Project(hidden.narrow(0, row + at, rows));
                    logits.Add(expected[s].narrow(0, at, rows), found);
                }
            }
            finally
            {
                decoder.OnRouting = null;
            }
        }
        return new(one, logits.Found(most), [.. routers.Zip(routed, (router, found) => new RouterReport(router.Layer, found.Found(most)))]);
    }

    private static ContinuationReport? Continued(Decoder decoder, GoldenContinuation? golden, CancellationToken cancel)
    {
        if (golden is null)
            return null;
        using var mode = inference_mode();
        using var generation = new GreedyDecoding(decoder, new([new(golden.Prompt, golden.Output.Length)]), cancel);
        var generated = generation.Run()[0];
        var place = generated.Tokens.AsSpan().CommonPrefixLength(golden.Output);
        return new(golden.Output.Length, decoder.Dtype == ScalarType.Float32)
        {
            Differs = place == golden.Output.Length ? null : new(place, golden.Output[place], generated.Tokens[place]),
            NotFiniteAt = generated.NotFiniteAt,
        };
    }

    /// <summary>The largest difference seen so far; a NaN, once seen, stays.</summary>
    private sealed class Farthest(Tensor golden)
    {
        private readonly float _largest = golden.abs().max().item<float>();
        private float _farthest;

        public void Add(Tensor expected, Tensor found)
        {
            using var scope = NewDisposeScope();
            var difference = (found.cpu().to_type(ScalarType.Float32) - expected).abs().max().item<float>();
            _farthest = float.IsNaN(_farthest) || float.IsNaN(difference) ? float.NaN : Math.Max(_farthest, difference);
        }

        public Difference Found(double most) => new(_farthest, _largest, most);
    }
}
