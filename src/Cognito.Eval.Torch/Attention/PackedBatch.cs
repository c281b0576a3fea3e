using Cognito.Eval.Planning;

namespace Cognito.Eval.Torch.Attention;

/// <summary>
/// Trees as one stream of tokens without padding: each token once, a tree's context before its continuations. Position p of the
/// stream is not position p of a sequence: Positions tells that.
/// </summary>
internal sealed class PackedBatch
{
    private readonly List<int> _rows = [], _targetRows = [], _targetIds = [], _targetCounts = [];
    private readonly List<LaidTree> _trees = [];

    private PackedBatch(int length) => (Ids, Positions) = (new long[length], new long[length]);

    public long[] Ids { get; }
    public long[] Positions { get; }

    /// <summary>Where the trees lie, in order.</summary>
    public IReadOnlyList<LaidTree> Trees => _trees;

    /// <summary>The places of the stream that predict a target, ascending, each once.</summary>
    public IReadOnlyList<int> Rows => _rows;

    /// <summary>For every target, continuation by continuation: which of Rows predicts it.</summary>
    public IReadOnlyList<int> TargetRows => _targetRows;
    public IReadOnlyList<int> TargetIds => _targetIds;

    /// <summary>How many targets each continuation has.</summary>
    public IReadOnlyList<int> TargetCounts => _targetCounts;

    public int LongestPath { get; private set; }

    /// <summary>For every token 1 if its tree's longest sequence has so many tokens at least, else 0; null where length has no say.</summary>
    public long[]? IsLong(int? from)
    {
        if (from is null)
            return null;
        var found = new long[Ids.Length];
        foreach (var tree in _trees.Where(tree => tree.LongestPath >= from))
            found.AsSpan(tree.Start, tree.Length).Fill(1);
        return found;
    }

    public static PackedBatch Pack(IReadOnlyList<PrefixTree> trees)
    {
        var batch = new PackedBatch(trees.Sum(t => t.Context.Length + t.Continuations.Sum(b => b.Tokens.Length)));
        foreach (var tree in trees)
            batch._trees.Add(batch.Lay(tree, batch._trees.Count == 0 ? 0 : batch._trees[^1].End));
        batch.FindRows(trees, batch._trees);
        return batch;
    }

    private LaidTree Lay(PrefixTree tree, int at)
    {
        var sharedPrefix = tree.SharedPrefix is { Tokens.Length: > 0 } ? tree.SharedPrefix : null;
        var before = sharedPrefix?.Tokens.Length ?? 0;
        var start = at;
        Append(tree.Context, before);
        var continuations = new List<(int Start, int Length)>(tree.Continuations.Count);
        foreach (var continuation in tree.Continuations)
        {
            continuations.Add((at, continuation.Tokens.Length));
            Append(continuation.Tokens, before + tree.Context.Length);
        }
        return new(sharedPrefix, start, tree.Context.Length, continuations, at);

        void Append(int[] tokens, int position)
        {
            foreach (var token in tokens)
                (Ids[at], Positions[at++]) = (token, position++);
            LongestPath = Math.Max(LongestPath, position);
        }
    }

    private void FindRows(IReadOnlyList<PrefixTree> trees, List<LaidTree> laid)
    {
        var places = new List<int>();
        for (var t = 0; t < trees.Count; t++)
            for (var b = 0; b < trees[t].Continuations.Count; b++)
            {
                var (start, length) = laid[t].Continuations[b];
                var (context, targets) = (laid[t].ContextLength, trees[t].Continuations[b].Targets);
                if (targets.Length > context + length)
                    throw new ArgumentException($"A continuation of {context + length} tokens cannot predict {targets.Length}.");
                for (var i = 0; i < targets.Length; i++)
                {
                    var p = context + length - targets.Length + i;
                    places.Add(p < context ? laid[t].Start + p : start + p - context);
                }
                _targetIds.AddRange(targets);
                _targetCounts.Add(targets.Length);
            }
        var rowAt = new Dictionary<int, int>();
        foreach (var place in places.Distinct().Order())
        {
            rowAt[place] = _rows.Count;
            _rows.Add(place);
        }
        _targetRows.AddRange(places.Select(p => rowAt[p]));
    }
}

/// <summary>Where a tree lies in the stream.</summary>
internal sealed record LaidTree(
    SharedPrefix? SharedPrefix, int Start, int ContextLength, List<(int Start, int Length)> Continuations, int End)
{
    public int SharedPrefixLength => SharedPrefix?.Tokens.Length ?? 0;
    public int Length => End - Start;
    public int LongestPath => SharedPrefixLength + ContextLength + Continuations.Select(continuation => continuation.Length).DefaultIfEmpty(0).Max();
}
