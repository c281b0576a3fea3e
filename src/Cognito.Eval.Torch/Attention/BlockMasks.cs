namespace Cognito.Eval.Torch.Attention;

/// <summary>Which keys each query of a block sees, for the blocks that are no paths.</summary>
internal static class BlockMasks
{
    /// <summary>The blocks, told where their masks begin, and the masks one after the other.</summary>
    /// <param name="positions">Of the stream's tokens in their sequences.</param>
    public static (IReadOnlyList<Block> Blocks, bool[] Visible) Draw(
        IReadOnlyList<LaidTree> trees, IReadOnlyList<Block> blocks, long[] positions, int? window)
    {
        var size = 0;
        var placed = blocks.ToArray();
        for (var b = 0; b < placed.Length; b++)
            if (!placed[b].IsPath)
            {
                placed[b] = placed[b] with { MaskAt = size };
                size = checked(size + placed[b].Rows * placed[b].Keys);
            }
        var visible = new bool[size];
        var tree = 0;
        foreach (var block in placed.Where(b => !b.IsPath))
            for (var i = block.Start; i < block.End; i++)
            {
                while (trees[tree].End <= i)
                    tree++;
                var row = visible.AsSpan(block.MaskAt + (i - block.Start) * block.Keys, block.Keys);
                DrawRow(trees[tree], block, i, (int)Math.Max(0, positions[i] - (window ?? int.MaxValue) + 1), row);
            }
        return (placed, visible);
    }

    /// <summary>What place i sees, positions before <paramref name="from"/> aside: the shared prefix, its context and its continuation.</summary>
    private static void DrawRow(LaidTree tree, Block block, int i, int from, Span<bool> row)
    {
        var own = block.SharedPrefixKeys + block.ContextLength;
        var before = tree.SharedPrefixLength;
        Show(row, 0, block.SharedPrefixFrom, from, before);

        var contextAt = block.ContextLength > 0 ? block.SharedPrefixKeys - (block.ContextStart - tree.Start)
            : own + tree.Start - block.KeyStart;
        Show(row, contextAt, 0, Math.Max(0, from - before), Math.Min(tree.ContextLength, i + 1 - tree.Start));
        if (i < tree.Start + tree.ContextLength)
            return;
        var start = tree.Continuations.Last(b => b.Start <= i && b.Length > 0).Start;
        Show(row, own + start - block.KeyStart, 0, Math.Max(0, from - before - tree.ContextLength), i + 1 - start);
    }

    /// <summary>Marks the tokens from..to of a run of which token <paramref name="first"/> is key number at.</summary>
    private static void Show(Span<bool> row, int at, int first, int from, int to)
    {
        var (start, end) = (Math.Max(0, at + Math.Max(from, first) - first), at + to - first);
        if (end > start)
            row[start..end].Fill(true);
    }
}
