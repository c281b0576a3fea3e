using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>In which type log-probabilities are taken: float32, or the model's own, as the leaderboard did.</summary>
public enum LogProbDtype
{
    Float32,
    Model,
}

/// <summary>A decoder as the harness's language model. Use it from one thread.</summary>
/// <remarks>
/// Running out of memory leaves as ExternalException; the openings are dropped then, and a smaller batch may follow.
/// Letters: R rows that predict, V vocabulary, P targets.
/// </remarks>
public sealed class TorchModel(Decoder decoder, LogProbDtype logProbs = LogProbDtype.Float32, int? maxLength = null)
    : ILanguageModel
{
    /// <summary>So many rows at a time go through the vocabulary: its logits are the widest tensor there is.</summary>
    private const int RowsAtOnce = 1024;

    public Decoder Decoder => decoder;

    public int MaxLength { get; } = maxLength ?? decoder.Config.MaxLength;

    public int VocabularySize => decoder.Config.VocabularySize;

    /// <summary>Reads a checkpoint's folder. libtorch must be loaded (<see cref="NativeTorch.Load"/>).</summary>
    public static TorchModel Load(
        string folder, Device device, ScalarType dtype, LogProbDtype logProbs = LogProbDtype.Float32,
        int? maxLength = null) =>
        new(Decoder.Load(folder, device, dtype), logProbs, maxLength);

    public IReadOnlyList<TokenScore> Score(ScoreBatch batch)
    {
        CheckTokens(batch.Trees.SelectMany(t => t.Branches.SelectMany<Branch, int[]>(b => [b.Tokens, b.Targets])
            .Append(t.Trunk).Append(t.Opening?.Tokens ?? [])));
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        try
        {
            var packed = PackedBatch.Of(batch.Trees, decoder.Sizes);
            decoder.Keep(batch.Trees);
            return Summed(packed, Predicted(packed));
        }
        catch
        {
            decoder.DropOpenings();
            throw;
        }
    }

    public IReadOnlyList<int[]> Generate(IReadOnlyList<Prompt> prompts, Func<int, IReadOnlyList<int>, bool> isDone)
    {
        CheckTokens(prompts.Select(p => p.Tokens));
        using var mode = inference_mode();
        using var generation = new Generation(decoder, prompts, isDone);
        return generation.Run();
    }

    public void Dispose() => decoder.Dispose();

    /// <summary>Every target's log-probability, then for every target 1 if it is the arg max, else 0: [2 P].</summary>
    private float[] Predicted(PackedBatch batch)
    {
        if (batch.TargetIds.Count == 0)
            return [];
        var hidden = decoder.Hidden(batch);
        // By row, because rows come in chunks.
        var order = Enumerable.Range(0, batch.TargetIds.Count).OrderBy(i => batch.TargetRows[i]).ToArray();
        List<Tensor> parts = [];
        for (int first = 0, at = 0; first < batch.Rows.Count; first += RowsAtOnce)
        {
            using var chunk = NewDisposeScope();
            var end = Math.Min(first + RowsAtOnce, batch.Rows.Count);
            var from = at;
            while (at < order.Length && batch.TargetRows[order[at]] < end)
                at++;
            var its = order.AsSpan(from, at - from).ToArray();
            var rows = tensor(its.Select(i => (long)batch.TargetRows[i] - first).ToArray(), device: decoder.Device);
            var ids = tensor(its.Select(i => (long)batch.TargetIds[i]).ToArray(), device: decoder.Device);

            var logits = decoder.Project(hidden.narrow(0, first, end - first));
            var wide = logProbs == LogProbDtype.Float32 ? logits.to_type(ScalarType.Float32) : logits;
            var chances = nn.functional.log_softmax(wide, -1); // [R, V]
            var taken = chances.flatten().index_select(0, rows * VocabularySize + ids).to_type(ScalarType.Float32);
            var best = chances.argmax(-1).index_select(0, rows).eq(ids).to_type(ScalarType.Float32);
            parts.Add(stack([taken, best]).MoveToOuterDisposeScope()); // [2, P]
        }
        var found = cat(parts, 1).cpu();
        var values = MemoryMarshal.Cast<byte, float>(found.bytes);
        var result = new float[2 * order.Length];
        for (var i = 0; i < order.Length; i++)
            (result[order[i]], result[order.Length + order[i]]) = (values[i], values[order.Length + i]);
        return result;
    }

    private TokenScore[] Summed(PackedBatch batch, float[] predicted)
    {
        var scores = new TokenScore[batch.TargetCounts.Count];
        var (at, targets) = (0, batch.TargetIds.Count);
        for (var b = 0; b < scores.Length; at += batch.TargetCounts[b++])
        {
            var chances = predicted.AsSpan(at, batch.TargetCounts[b]);
            scores[b] = new(Sum(chances), !predicted.AsSpan(targets + at, chances.Length).Contains(0f));
        }
        return scores;
    }

    /// <summary>In double; by the model's rule in float, rounded once to the model's type.</summary>
    private double Sum(ReadOnlySpan<float> chances)
    {
        if (logProbs == LogProbDtype.Float32)
        {
            var exact = 0.0;
            foreach (var chance in chances)
                exact += chance;
            return exact;
        }
        var sum = 0f;
        foreach (var chance in chances)
            sum += chance;
        return decoder.Dtype switch
        {
            ScalarType.BFloat16 => RoundedToBFloat16(sum),
            ScalarType.Float16 => (double)(Half)sum,
            _ => sum,
        };
    }

    /// <summary>To the nearest of the numbers with 8 bits of significand, ties to the even one.</summary>
    internal static float RoundedToBFloat16(float x)
    {
        var bits = BitConverter.SingleToUInt32Bits(x);
        return float.IsFinite(x) ? BitConverter.UInt32BitsToSingle((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000) : x;
    }

    /// <summary>A token that the model does not know would be an abort on some devices.</summary>
    private void CheckTokens(IEnumerable<int[]> sequences)
    {
        foreach (var tokens in sequences)
            foreach (var token in tokens)
                if ((uint)token >= (uint)VocabularySize)
                    throw new InputException($"Token {token} is not among the {VocabularySize} that the model knows; " +
                        "use the tokenizer of this checkpoint");
    }
}
