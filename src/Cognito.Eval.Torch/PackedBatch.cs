namespace Cognito.Eval.Torch;

/// <summary>
/// Queries that share their keys: a stretch of the stream. The keys are the opening's from position OpeningFrom on, then
/// the stretch of the stream at PrefixStart, then the stream from KeyStart to the last query.
/// </summary>
internal sealed record Block(
    int Start, int Rows, Opening? Opening, int OpeningFrom, int PrefixStart, int PrefixLength, int KeyStart)
{
    public int End => Start + Rows;
    public int OpeningKeys => Opening is null ? 0 : Opening.Tokens.Length - OpeningFrom;
    public int Keys => OpeningKeys + PrefixLength + End - KeyStart;

    /// <summary>The keys lie on one path and their last Rows are the queries: what is visible is a band.</summary>
    public required bool IsPath { get; init; }

    /// <summary>A path whose keys are its queries, with no window that hides any: plain causal attention.</summary>
    public bool IsCausal { get; init; }

    /// <summary>Where in Visible the block's own Rows x Keys mask begins, if it has one.</summary>
    public int MaskAt { get; init; } = -1;
}

/// <summary>How far a token sees, and how many queries go through the attention at once.</summary>
internal sealed record BlockSizes(int? Window, int Rows);

/// <summary>
/// Trees as one stream of tokens without padding: each token once, a tree's trunk before its branches. Position p of the
/// stream is not position p of a sequence: Positions tells that.
/// </summary>
internal sealed class PackedBatch
{
    private readonly List<Block> _blocks = [];
    private readonly List<int> _rows = [], _targetRows = [], _targetIds = [], _targetCounts = [];
    private bool[] _visible = [];

    private PackedBatch(int length) => (Ids, Positions) = (new long[length], new long[length]);

    public long[] Ids { get; }
    public long[] Positions { get; }

    /// <summary>The blocks cover the stream in order.</summary>
    public IReadOnlyList<Block> Blocks => _blocks;

    /// <summary>The masks of the blocks that are no paths, one after the other.</summary>
    public bool[] Visible => _visible;

    /// <summary>The places of the stream that predict a target, ascending, each once.</summary>
    public IReadOnlyList<int> Rows => _rows;

    /// <summary>For every target, branch by branch: which of Rows predicts it.</summary>
    public IReadOnlyList<int> TargetRows => _targetRows;
    public IReadOnlyList<int> TargetIds => _targetIds;

    /// <summary>How many targets each branch has.</summary>
    public IReadOnlyList<int> TargetCounts => _targetCounts;

    public int LongestPath { get; private set; }

    public static PackedBatch Of(IReadOnlyList<Tree> trees, BlockSizes sizes)
    {
        var batch = new PackedBatch(trees.Sum(t => t.Trunk.Length + t.Branches.Sum(b => b.Tokens.Length)));
        var laid = new List<LaidTree>(trees.Count);
        var at = 0;
        foreach (var tree in trees)
        {
            laid.Add(batch.Lay(tree, at));
            at = laid[^1].End;
        }
        batch.FindRows(trees, laid);
        new BlockPlan(sizes, batch._blocks).Add(laid);
        batch.DrawMasks(laid, sizes.Window);
        return batch;
    }

    private LaidTree Lay(Tree tree, int at)
    {
        var opening = tree.Opening is { Tokens.Length: > 0 } ? tree.Opening : null;
        var before = opening?.Tokens.Length ?? 0;
        var start = at;
        Append(tree.Trunk, before);
        var branches = new List<(int Start, int Length)>(tree.Branches.Count);
        foreach (var branch in tree.Branches)
        {
            branches.Add((at, branch.Tokens.Length));
            Append(branch.Tokens, before + tree.Trunk.Length);
        }
        return new(opening, start, tree.Trunk.Length, branches, at);

        void Append(int[] tokens, int position)
        {
            foreach (var token in tokens)
                (Ids[at], Positions[at++]) = (token, position++);
            LongestPath = Math.Max(LongestPath, position);
        }
    }

    private void FindRows(IReadOnlyList<Tree> trees, List<LaidTree> laid)
    {
        var places = new List<int>();
        for (var t = 0; t < trees.Count; t++)
            for (var b = 0; b < trees[t].Branches.Count; b++)
            {
                var (start, length) = laid[t].Branches[b];
                var (trunk, targets) = (laid[t].TrunkLength, trees[t].Branches[b].Targets);
                if (targets.Length > trunk + length)
                    throw new ArgumentException($"A branch of {trunk + length} tokens cannot predict {targets.Length}.");
                for (var i = 0; i < targets.Length; i++)
                {
                    var p = trunk + length - targets.Length + i;
                    places.Add(p < trunk ? laid[t].Start + p : start + p - trunk);
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

    private void DrawMasks(List<LaidTree> laid, int? window)
    {
        var size = 0;
        for (var b = 0; b < _blocks.Count; b++)
            if (!_blocks[b].IsPath)
            {
                _blocks[b] = _blocks[b] with { MaskAt = size };
                size = checked(size + _blocks[b].Rows * _blocks[b].Keys);
            }
        _visible = new bool[size];
        var tree = 0;
        foreach (var block in _blocks.Where(b => !b.IsPath))
            for (var i = block.Start; i < block.End; i++)
            {
                while (laid[tree].End <= i)
                    tree++;
                DrawRow(laid[tree], block, i, window ?? int.MaxValue);
            }
    }

    /// <summary>What place i sees: the opening, its trunk and its branch, up to itself and within the window.</summary>
    private void DrawRow(LaidTree tree, Block block, int i, int window)
    {
        var row = _visible.AsSpan(block.MaskAt + (i - block.Start) * block.Keys, block.Keys);
        var from = (int)Math.Max(0, Positions[i] - window + 1);
        var own = block.OpeningKeys + block.PrefixLength;
        var before = tree.OpeningLength;
        Show(row, 0, block.OpeningFrom, from, before);

        var trunkAt = block.PrefixLength > 0 ? block.OpeningKeys - (block.PrefixStart - tree.Start)
            : own + tree.Start - block.KeyStart;
        Show(row, trunkAt, 0, Math.Max(0, from - before), Math.Min(tree.TrunkLength, i + 1 - tree.Start));
        if (i < tree.Start + tree.TrunkLength)
            return;
        var start = tree.Branches.Last(b => b.Start <= i && b.Length > 0).Start;
        Show(row, own + start - block.KeyStart, 0, Math.Max(0, from - before - tree.TrunkLength), i + 1 - start);
    }

    /// <summary>Marks the tokens from..to of a run of which token <paramref name="first"/> is key number at.</summary>
    private static void Show(Span<bool> row, int at, int first, int from, int to)
    {
        var (start, end) = (Math.Max(0, at + Math.Max(from, first) - first), at + to - first);
        if (end > start)
            row[start..end].Fill(true);
    }
}

/// <summary>Where a tree lies in the stream.</summary>
internal sealed record LaidTree(
    Opening? Opening, int Start, int TrunkLength, List<(int Start, int Length)> Branches, int End)
{
    public int OpeningLength => Opening?.Tokens.Length ?? 0;
    public int Length => End - Start;
}
