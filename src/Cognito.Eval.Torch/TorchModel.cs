using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Cognito.Eval.Files;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Attention;
using Cognito.Eval.Torch.Generation;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Layers;
using Cognito.Eval.Torch.Native;
using Cognito.Eval.Torch.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch;

/// <summary>In which type log-probabilities are taken: float32, or the model's own, as the leaderboard did.</summary>
public enum LogProbDtype
{
    Float32,
    Model,
}

/// <summary>A decoder as the harness's language model.</summary>
/// <remarks>
/// On the CPU batches are worked on side by side, each by its own thread: a batch's numbers do not depend on how many
/// there are. On CUDA the next batch is handed over before the last one's answers are read, so that the card never waits. Over
/// several devices as many batches are in flight as keep all of them at work (<see cref="Pipeline"/>), each by its own thread.
/// Running out of memory leaves as InsufficientMemoryException; a smaller batch may follow. Letters: R rows that predict, V vocabulary,
/// P targets.
/// </remarks>
/// <param name="workers">Batches at a time on the CPU, where it is one device.</param>
public sealed class TorchModel(
    Decoder decoder, LogProbDtype logProbs = LogProbDtype.Float32, int? maxLength = null, int workers = 1) : ITokenModel
{
    /// <summary>So many rows at a time go through the vocabulary: its logits are the widest tensor there is.</summary>
    public const int RowsAtOnce = 1024;

    private readonly Routers? _routers = Routers.Of(decoder.Config.Spec);

    public Decoder Decoder => decoder;

    public int MaxLength { get; } = maxLength ?? decoder.Config.MaxLength;

    public int VocabularySize => decoder.Config.VocabularySize;

    /// <summary>Whether scores tell what the routers did, if there are any.</summary>
    public bool RecordsRouting { get; set; }

    /// <summary>Reads a checkpoint's folder. libtorch must be loaded (<see cref="NativeTorch.Load"/>).</summary>
    public static TorchModel Load(
        string folder, Device device, ScalarType dtype, LogProbDtype logProbs = LogProbDtype.Float32,
        int? maxLength = null, int workers = 1) =>
        new(Decoder.Load(folder, device, dtype), logProbs, maxLength, workers);

    /// <summary>The same over several devices.</summary>
    /// <param name="atOnce">Batches at a time in each stage; 1 on a GPU.</param>
    internal static TorchModel Load(
        string folder, IReadOnlyList<StagePlace> places, ScalarType dtype, LogProbDtype logProbs = LogProbDtype.Float32,
        int? maxLength = null, int atOnce = 1) =>
        new(Decoder.Load(folder, places, dtype, atOnce), logProbs, maxLength, atOnce);

    internal static TorchModel Random(
        ModelConfig config, IReadOnlyList<StagePlace> places, ScalarType dtype, long seed, int? maxLength = null, int atOnce = 1) =>
        new(Decoder.Random(config, places, dtype, atOnce, seed), maxLength: maxLength, workers: atOnce);

    /// <summary>Of this shape with random weights, made on the device: for measuring without files.</summary>
    public static TorchModel Random(
        ModelConfig config, Device device, ScalarType dtype, long seed, LogProbDtype logProbs = LogProbDtype.Float32,
        int? maxLength = null, int workers = 1) =>
        new(Decoder.Random(config, device, dtype, seed), logProbs, maxLength, workers);

    public IEnumerable<IReadOnlyList<TokenScore>> Score(IReadOnlyList<ScoreBatch> batches, CancellationToken cancel = default)
    {
        if (decoder.Config.LongFrom is { } from)
            batches = [.. batches.Select(batch => LongSequences.Apart(batch, from))];
        using var sharedPrefixes = new SharedPrefixStore(batches, prefix => decoder.Layers(prefix, cancel));
        if (decoder.Device.type == DeviceType.CPU || decoder.Pipeline is not null)
        {
            foreach (var scores in InOrder.Map(sharedPrefixes.Ahead(batches, InFlight), InFlight, Answer, cancel))
                if (scores is not null)
                    yield return scores;
            yield break;

            IReadOnlyList<TokenScore>? Answer((SharedPrefix? SharedPrefix, ScoreBatch? Batch) work, CancellationToken unwanted)
            {
                unwanted.ThrowIfCancellationRequested();
                if (work.Batch is { } batch)
                    return Begin(batch, sharedPrefixes, unwanted).Read();
                sharedPrefixes.Prepare(work.SharedPrefix!);
                return null;
            }
        }
        Begun? last = null;
        ExceptionDispatchInfo? failure = null;
        try
        {
            for (var b = 0; b < batches.Count && failure is null; b++)
            {
                cancel.ThrowIfCancellationRequested();
                Begun? next = null;
                try
                {
                    next = Begin(batches[b], sharedPrefixes, cancel);
                }
                catch (Exception e) when (e is ExternalException or InsufficientMemoryException)
                {
                    // What was begun before is still answered.
                    failure = ExceptionDispatchInfo.Capture(e);
                }
                if (last?.Read() is { } scores)
                    yield return scores;
                last = next;
            }
            if (last is not null)
                yield return last.Read();
            failure?.Throw();
        }
        finally
        {
            last?.Dispose();
        }
    }

    public IEnumerable<IReadOnlyList<Generated>> Generate(IReadOnlyList<GenerationBatch> batches, CancellationToken cancel = default) =>
        InOrder.Map(batches, decoder.Pipeline?.Groups ?? InFlight, (batch, unwanted) =>
        {
            CheckTokens(batch.Prompts.Select(p => p.Tokens));
            return DeviceMemory.Within(decoder.Device, () =>
            {
                using var mode = inference_mode();
                using var generation = new GreedyDecoding(decoder, batch, unwanted);
                return generation.Run();
            });
        }, cancel);

    public void Dispose() => decoder.Dispose();

    /// <summary>Scored batches at a time, each with a thread of its own.</summary>
    private int InFlight => decoder.Pipeline?.InFlight ?? (decoder.Device.type == DeviceType.CPU ? workers : 1);

    /// <summary>A batch on its way: its answers are on the device, or will be.</summary>
    private sealed class Begun(TorchModel model, PackedBatch batch, int[] order, Tensor? found, Tensor? routed) : IDisposable
    {
        /// <summary>Waits for the answers.</summary>
        public IReadOnlyList<TokenScore> Read()
        {
            var predicted = new float[2 * order.Length];
            using var host = found?.cpu();
            using var routing = routed?.cpu();
            Dispose();
            var values = host is null ? default : MemoryMarshal.Cast<byte, float>(host.bytes);
            for (var i = 0; i < order.Length; i++)
                (predicted[order[i]], predicted[order.Length + order[i]]) = (values[i], values[order.Length + i]);
            var scores = model.Summed(batch, predicted);
            if (routing is not null)
                RoutingTensors.AddTo(scores, batch, routing, model._routers!.Numbers);
            return scores;
        }

        public void Dispose()
        {
            found?.Dispose();
            routed?.Dispose();
        }
    }

    private Begun Begin(ScoreBatch batch, SharedPrefixStore sharedPrefixes, CancellationToken cancel) =>
        DeviceMemory.Within(decoder.Device, () => BeginHere(batch, sharedPrefixes, cancel));

    private Begun BeginHere(ScoreBatch batch, SharedPrefixStore sharedPrefixes, CancellationToken cancel)
    {
        CheckTokens(batch.Trees.SelectMany(t => t.Continuations.SelectMany<Continuation, int[]>(b => [b.Tokens, b.Targets])
            .Append(t.Context).Append(t.SharedPrefix?.Tokens ?? [])));
        using var mode = inference_mode();
        var packed = PackedBatch.Pack(batch.Trees);
        // By row, because rows come in chunks.
        int[] order = [.. Enumerable.Range(0, packed.TargetIds.Count).OrderBy(i => packed.TargetRows[i])];
        // Before the batch's own way through the stages: a shared prefix has a way of its own.
        if (decoder.Pipeline is not null && order.Length > 0)
            sharedPrefixes.Compute(batch);
        using var routing = RecordsRouting && _routers is not null && order.Length > 0 ? new RoutingTensors(_routers.Mixture) : null;
        var (found, routed) = order.Length == 0 ? (null, null) : decoder.Hidden(packed, (stage, hidden) => (
            Kept(Predicted(stage, hidden, packed, order)), routing is null ? null : Kept(routing.Summarised())),
            sharedPrefix => sharedPrefixes[sharedPrefix], routing: routing?.Logits, cancel: cancel);
        sharedPrefixes.Release(batch);
        return new(this, packed, order, found, routed);

        // The next batch may be given to the last stage's device before these are read.
        Tensor? Kept(Tensor x) => (decoder.Pipeline is null ? x : Pipeline.ToHost(x)).DetachFromDisposeScope();
    }

    /// <summary>For every target, in this order, its log-probability; then 1 if it is the arg max, else 0: [2, P].</summary>
    private Tensor Predicted(DecoderStage stage, Tensor hidden, PackedBatch batch, int[] order)
    {
        List<Tensor> parts = [];
        for (int first = 0, at = 0; first < batch.Rows.Count; first += RowsAtOnce)
        {
            using var chunk = NewDisposeScope();
            var end = Math.Min(first + RowsAtOnce, batch.Rows.Count);
            var from = at;
            while (at < order.Length && batch.TargetRows[order[at]] < end)
                at++;
            var its = order.AsSpan(from, at - from).ToArray();
            var logits = stage.Project(hidden.narrow(0, first, end - first));
            if (stage.Device.type == DeviceType.CPU && logits.dtype == ScalarType.Float32)
            {
                parts.Add(CpuElementwise.Chances(logits, its, i => batch.TargetRows[i] - first, i => batch.TargetIds[i])
                    .MoveToOuterDisposeScope());
                continue;
            }
            var rows = DecoderAttention.OnDevice([.. its.Select(i => (long)batch.TargetRows[i] - first)], stage.Device);
            var ids = DecoderAttention.OnDevice([.. its.Select(i => (long)batch.TargetIds[i])], stage.Device);
            var wide = logProbs == LogProbDtype.Float32 ? logits.to_type(ScalarType.Float32) : logits;
            var chances = nn.functional.log_softmax(wide, -1); // [R, V]
            var taken = chances.flatten().index_select(0, rows.Times(VocabularySize).Plus(ids)).to_type(ScalarType.Float32);
            var best = chances.argmax(-1).index_select(0, rows).eq(ids).to_type(ScalarType.Float32);
            parts.Add(stack([taken, best]).MoveToOuterDisposeScope()); // [2, P]
        }
        return cat(parts, 1);
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
