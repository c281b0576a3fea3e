namespace Cognito.Eval.Torch.Attention;

/// <summary>
/// Cuts a stream of trees into attention blocks. Small trees of one shared prefix share a block: fewer launches, and the
/// shared prefix's keys are gathered once. What needs a mask is cut so that a block sees no key after its own last query, which
/// attention under a mask would compute and throw away.
/// </summary>
internal sealed class BlockPlan(BlockSizes sizes, List<Block> blocks)
{
    private readonly List<LaidTree> _group = [];

    /// <summary>The blocks of a stream, in order.</summary>
    public static IReadOnlyList<Block> Create(IEnumerable<LaidTree> trees, BlockSizes sizes)
    {
        var blocks = new List<Block>();
        new BlockPlan(sizes, blocks).Add(trees);
        return blocks;
    }

    private void Add(IEnumerable<LaidTree> trees)
    {
        foreach (var tree in trees.Where(t => t.Length > 0))
        {
            var joins = _group.Count > 0 && _group[0].SharedPrefix == tree.SharedPrefix
                && tree.End - _group[0].Start <= sizes.Together;
            if (!joins)
                CloseGroup();
            if (tree.Length <= sizes.Rows)
                _group.Add(tree);
            else
                AddLong(tree);
        }
        CloseGroup();
    }

    private void CloseGroup()
    {
        if (_group is [var only])
            AddLong(only);
        else if (_group.Count > 0)
            blocks.Add(Mixed(_group[0], _group[0].Start, _group[^1].End, withContext: false));
        _group.Clear();
    }

    private void AddLong(LaidTree tree)
    {
        var continuations = tree.Continuations.Where(b => b.Length > 0).ToList();
        if (continuations.Count == 1)
        {
            AddPath(tree, tree.Start, tree.End, tree.Start);
            return;
        }
        if (tree.Length <= sizes.Rows && continuations.Count > 0)
        {
            blocks.Add(Mixed(tree, tree.Start, tree.End, withContext: false));
            return;
        }
        AddPath(tree, tree.Start, tree.Start + tree.ContextLength, tree.Start);
        for (int first = 0, next; first < continuations.Count; first = next)
        {
            next = first + 1;
            while (next < continuations.Count
                && continuations[next].Start + continuations[next].Length - continuations[first].Start <= sizes.Rows)
                next++;
            var (start, end) = (continuations[first].Start, continuations[next - 1].Start + continuations[next - 1].Length);
            if (next == first + 1)
                AddPath(tree, start, end, start);
            else
                blocks.Add(Mixed(tree, start, end, withContext: true));
        }
    }

    /// <summary>
    /// Queries of one sequence, cut into blocks. <paramref name="pathStart"/> is where the part of the sequence begins
    /// that ends with these queries: the tree's start, or a continuation's, which has the context before it.
    /// </summary>
    private void AddPath(LaidTree tree, int start, int end, int pathStart)
    {
        var before = tree.SharedPrefixLength + (pathStart == tree.Start ? 0 : tree.ContextLength);
        var causal = !sizes.IsCapped && before == 0 && end - start <= (sizes.Window ?? int.MaxValue);
        var step = causal ? Math.Max(1, end - start) : sizes.Rows;
        for (var at = start; at < end; at += step)
        {
            var rows = Math.Min(step, end - at);
            // The first position that the first query sees.
            var from = Math.Max(0, before + at - pathStart - (sizes.Window ?? int.MaxValue) + 1);
            var keyStart = Math.Max(pathStart, pathStart + from - before);
            var block = Placed(tree, at, rows, from, keyStart, withContext: pathStart != tree.Start);
            var seesAll = rows <= (sizes.Window ?? int.MaxValue);
            blocks.Add(block with { IsPath = true, IsCausal = !sizes.IsCapped && seesAll && block.Keys == rows });
        }
    }

    /// <summary>Queries of several sequences: the block needs a mask of its own.</summary>
    private Block Mixed(LaidTree tree, int start, int end, bool withContext)
    {
        var position = tree.SharedPrefixLength + (withContext ? tree.ContextLength : 0);
        var from = Math.Max(0, position - (sizes.Window ?? int.MaxValue) + 1);
        return Placed(tree, start, end - start, from, start, withContext);
    }

    private static Block Placed(LaidTree tree, int start, int rows, int from, int keyStart, bool withContext)
    {
        var skipped = Math.Clamp(from - tree.SharedPrefixLength, 0, tree.ContextLength);
        var prefix = withContext ? tree.ContextLength - skipped : 0;
        var sharedPrefix = from < tree.SharedPrefixLength ? tree.SharedPrefix : null;
        // A context that ends where the keys begin needs no piece of its own.
        return prefix > 0 && tree.Start + tree.ContextLength == keyStart
            ? new(start, rows, sharedPrefix, from, 0, 0, tree.Start + skipped) { IsPath = false }
            : new(start, rows, sharedPrefix, from, tree.Start + skipped, prefix, keyStart) { IsPath = false };
    }
}
