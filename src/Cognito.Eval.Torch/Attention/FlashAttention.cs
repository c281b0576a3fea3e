using Cognito.Eval.Planning;
using Cognito.Eval.Torch.Architectures;
using Cognito.Eval.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Cognito.Eval.Torch.Attention;

/// <summary>
/// All sequences of a batch in one launch of the flash kernel, without masks. Each trunk, and each branch, is a sequence
/// of queries whose keys are gathered one after the other: the opening's, the trunk's, its own. On CUDA in 16 bits.
/// </summary>
/// <remarks>Letters: N tokens, O tokens of openings, S gathered keys, H query heads, K key-value heads, d head size.</remarks>
internal sealed class FlashAttention : DecoderAttention
{
    private readonly int? _window;
    private readonly List<SharedPrefix> _openings = [];
    private readonly Tensor _queryEnds, _keyEnds; // [sequences + 1], int32
    private readonly Tensor? _gathered; // [S]; null where the keys lie as they are needed
    private readonly int _longestQuery, _longestKey;

    public FlashAttention(PackedBatch batch, ModelConfig config, Device device)
    {
        _window = config.SlidingWindow;
        _openings.AddRange(batch.Trees.Select(tree => tree.Opening).OfType<SharedPrefix>().Distinct());
        var sequences = new Sequences(_openings);
        foreach (var tree in batch.Trees)
            sequences.Add(tree);
        using var scope = NewDisposeScope();
        (_longestQuery, _longestKey) = (sequences.LongestQuery, sequences.LongestKey);
        _queryEnds = Ends(sequences.QueryEnds);
        _keyEnds = Ends(sequences.KeyEnds);
        if (!sequences.LieAsNeeded)
            _gathered = OnDevice([.. sequences.Keys], device).MoveToOuterDisposeScope();

        Tensor Ends(List<long> ends) => OnDevice([.. ends], device).to_type(ScalarType.Int32).MoveToOuterDisposeScope();
    }

    public static bool Suits(ModelConfig config, Device device, ScalarType dtype) =>
        device.type == DeviceType.CUDA && dtype is ScalarType.BFloat16 or ScalarType.Float16
        && config.HeadDim is <= 256 && config.HeadDim % 8 == 0;

    public override Tensor Over(
        Tensor queries, Tensor keys, Tensor values, Func<SharedPrefix, LayerKeyValues> opening, Tensor? rows)
    {
        using var scope = NewDisposeScope();
        var kept = _openings.Select(opening).ToList();
        var (k, v) = (Gathered(kept.Select(o => o.Keys), keys), Gathered(kept.Select(o => o.Values), values));
        var all = AtenOps.Flash(queries, k, v, _queryEnds, _keyEnds, _longestQuery, _longestKey, _window)
            .view(queries.shape[0], -1);
        return (rows is null ? all : all.index_select(0, rows)).MoveToOuterDisposeScope();
    }

    /// <summary>[O, K, d] of the openings and [N, K, d] of the batch to [S, K, d].</summary>
    private Tensor Gathered(IEnumerable<Tensor> openings, Tensor own)
    {
        if (_gathered is null)
            return own;
        Tensor[] all = [.. openings, own];
        return (all.Length == 1 ? own : cat(all, 0)).index_select(0, _gathered);
    }

    /// <summary>The sequences' lengths, and where their keys lie: first the openings one after the other, then the stream.</summary>
    private sealed class Sequences
    {
        private readonly Dictionary<SharedPrefix, int> _starts = [];
        private readonly int _stream;
        private bool _moved;

        public Sequences(IEnumerable<SharedPrefix> openings)
        {
            foreach (var opening in openings)
            {
                _starts[opening] = _stream;
                _stream += opening.Tokens.Length;
            }
        }

        public List<long> QueryEnds { get; } = [0];
        public List<long> KeyEnds { get; } = [0];
        public List<long> Keys { get; } = [];
        public int LongestQuery { get; private set; }
        public int LongestKey { get; private set; }
        public bool LieAsNeeded => !_moved;

        public void Add(LaidTree tree)
        {
            var branches = tree.Branches.Where(branch => branch.Length > 0).ToList();
            if (branches.Count == 1)
            {
                Add(tree, tree.Start, tree.Length);
                return;
            }
            if (tree.TrunkLength > 0)
                Add(tree, tree.Start, tree.TrunkLength);
            foreach (var (start, length) in branches)
                Add(tree, start, length);
        }

        private void Add(LaidTree tree, int start, int length)
        {
            var before = Keys.Count;
            if (tree.Opening is { } opening)
                AddKeys(_starts[opening], opening.Tokens.Length);
            if (start != tree.Start)
                AddKeys(_stream + tree.Start, tree.TrunkLength);
            _moved |= Keys.Count > before;
            AddKeys(_stream + start, length);
            (LongestQuery, LongestKey) = (Math.Max(LongestQuery, length), Math.Max(LongestKey, Keys.Count - before));
            QueryEnds.Add(QueryEnds[^1] + length);
            KeyEnds.Add(Keys.Count);
        }

        private void AddKeys(int from, int count)
        {
            for (var i = from; i < from + count; i++)
                Keys.Add(i);
        }
    }
}
