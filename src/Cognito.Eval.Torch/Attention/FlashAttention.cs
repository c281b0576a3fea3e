using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Kernels;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Attention;

/// <summary>
/// All sequences of a batch in one launch of the flash kernel, without masks. Each context, and each continuation, is a sequence
/// of queries whose keys are gathered one after the other: the shared prefix's, the context's, its own. On CUDA in 16 bits.
/// </summary>
/// <remarks>Letters: N tokens, O tokens of shared prefixes, S gathered keys, H query heads, K key-value heads, d head size.</remarks>
internal sealed class FlashAttention : DecoderAttention
{
    private readonly List<SharedPrefix> _sharedPrefixes = [];
    private readonly Tensor _cuSeqlensQ, _cuSeqlensK; // [sequences + 1], int32
    private readonly Tensor? _gathered; // [S]; null where the keys lie as they are needed
    private readonly int _maxSeqlenQ, _maxSeqlenK;
    private readonly CappedFlash? _capped;

    public FlashAttention(PackedBatch batch, CappedFlash? capped, Device device)
    {
        _capped = capped;
        _sharedPrefixes.AddRange(batch.Trees.Select(tree => tree.SharedPrefix).OfType<SharedPrefix>().Distinct());
        var sequences = new Sequences(_sharedPrefixes);
        foreach (var tree in batch.Trees)
            sequences.Add(tree);
        using var scope = NewDisposeScope();
        (_maxSeqlenQ, _maxSeqlenK) = (sequences.MaxSeqlenQ, sequences.MaxSeqlenK);
        _cuSeqlensQ = Ends(sequences.CuSeqlensQ);
        _cuSeqlensK = Ends(sequences.CuSeqlensK);
        if (!sequences.LieAsNeeded)
            _gathered = OnDevice([.. sequences.Keys], device).MoveToOuterDisposeScope();

        Tensor Ends(List<long> ends) => OnDevice([.. ends], device).to_type(ScalarType.Int32).MoveToOuterDisposeScope();
    }

    /// <param name="capped">What caps scores; null where nothing can.</param>
    public static bool Suits(DecoderSpec spec, CappedFlash? capped, Device device, ScalarType dtype) =>
        device.type == DeviceType.CUDA && dtype is ScalarType.BFloat16 or ScalarType.Float16
        && spec.Layers.All(layer => layer.Attention.HeadDim <= 256 && (layer.Attention.SoftCap is null || capped is not null) && layer.Attention.HeadDim % 8 == 0);

    public override Tensor Over(
        AttentionSpec spec, Tensor queries, Tensor keys, Tensor values, Func<SharedPrefix, LayerKeyValues> sharedPrefix,
        Tensor? rows)
    {
        using var scope = NewDisposeScope();
        var kept = _sharedPrefixes.Select(sharedPrefix).ToList();
        var (k, v) = (Gathered(kept.Select(o => o.Keys), keys), Gathered(kept.Select(o => o.Values), values));
        var all = (spec.SoftCap is not null ? _capped!.Over(spec, queries, k, v, _cuSeqlensQ, _cuSeqlensK, _maxSeqlenQ)
            : AtenOps.Flash(queries, k, v, _cuSeqlensQ, _cuSeqlensK, _maxSeqlenQ, _maxSeqlenK, spec.Window, spec.Scale))
            .view(queries.shape[0], -1);
        return (rows is null ? all : all.index_select(0, rows)).MoveToOuterDisposeScope();
    }

    /// <summary>[O, K, d] of the shared prefixes and [N, K, d] of the batch to [S, K, d].</summary>
    private Tensor Gathered(IEnumerable<Tensor> sharedPrefixes, Tensor own)
    {
        if (_gathered is null)
            return own;
        Tensor[] all = [.. sharedPrefixes, own];
        return (all.Length == 1 ? own : cat(all, 0)).index_select(0, _gathered);
    }

    /// <summary>The sequences' lengths, and where their keys lie: first the shared prefixes one after the other, then the stream.</summary>
    private sealed class Sequences
    {
        private readonly Dictionary<SharedPrefix, int> _starts = [];
        private readonly int _stream;
        private bool _moved;

        public Sequences(IEnumerable<SharedPrefix> sharedPrefixes)
        {
            foreach (var sharedPrefix in sharedPrefixes)
            {
                _starts[sharedPrefix] = _stream;
                _stream += sharedPrefix.Tokens.Length;
            }
        }

        public List<long> CuSeqlensQ { get; } = [0];
        public List<long> CuSeqlensK { get; } = [0];
        public List<long> Keys { get; } = [];
        public int MaxSeqlenQ { get; private set; }
        public int MaxSeqlenK { get; private set; }
        public bool LieAsNeeded => !_moved;

        public void Add(LaidTree tree)
        {
            var continuations = tree.Continuations.Where(continuation => continuation.Length > 0).ToList();
            if (continuations.Count == 1)
            {
                Add(tree, tree.Start, tree.Length);
                return;
            }
            if (tree.ContextLength > 0)
                Add(tree, tree.Start, tree.ContextLength);
            foreach (var (start, length) in continuations)
                Add(tree, start, length);
        }

        private void Add(LaidTree tree, int start, int length)
        {
            var before = Keys.Count;
            if (tree.SharedPrefix is { } sharedPrefix)
                AddKeys(_starts[sharedPrefix], sharedPrefix.Tokens.Length);
            if (start != tree.Start)
                AddKeys(_stream + tree.Start, tree.ContextLength);
            _moved |= Keys.Count > before;
            AddKeys(_stream + start, length);
            (MaxSeqlenQ, MaxSeqlenK) = (Math.Max(MaxSeqlenQ, length), Math.Max(MaxSeqlenK, Keys.Count - before));
            CuSeqlensQ.Add(CuSeqlensQ[^1] + length);
            CuSeqlensK.Add(Keys.Count);
        }

        private void AddKeys(int from, int count)
        {
            for (var i = from; i < from + count; i++)
                Keys.Add(i);
        }
    }
}
