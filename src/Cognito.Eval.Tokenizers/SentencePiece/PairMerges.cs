namespace Cognito.Eval.Tokenizers.SentencePiece;

/// <summary>A place in a text that is being merged; places are chained in the text's order.</summary>
internal struct Symbol
{
    /// <summary>What stands there. A symbol that no pair holds is never merged.</summary>
    public int Id;

    /// <summary>Where it begins, in UTF-16 units; a byte inside of a character begins where the character does.</summary>
    public int Start;

    /// <summary>Whether it begins inside of a character.</summary>
    public bool Continues;

    /// <summary>Whether it stands for what has no token. A token of the same name in a text is another thing.</summary>
    public bool IsUnknown;

    public int Previous, Next;
}

/// <summary>Byte-pair encoding: the pair of the lowest rank merges first, of equals the leftmost.</summary>
internal sealed class PairMerges
{
    public const int None = -1;

    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> _merges = [];

    /// <summary>A pair that merges. Of equal pairs the last one counts.</summary>
    public void Add(int left, int right, int merged, int rank) => _merges[(left, right)] = (rank, merged);

    /// <summary>The pairs, lowest rank first.</summary>
    public IEnumerable<(int Left, int Right, int Merged)> InOrder =>
        _merges.OrderBy(merge => merge.Value.Rank).Select(merge => (merge.Key.Left, merge.Key.Right, merge.Value.Merged));

    /// <summary>Whether any pair holds one of these symbols.</summary>
    public bool Touches(IReadOnlySet<int> symbols) =>
        symbols.Count > 0 && _merges.Keys.Any(pair => symbols.Contains(pair.Left) || symbols.Contains(pair.Right));

    // A pair waits under its rank, then its place. What waits may be out of date; so a pair counts only if the two
    // symbols that are there now still have that rank.
    /// <summary>Merges symbols of which <see cref="Symbol.Id"/> is set. What is left is the chain from the first.</summary>
    public void Merge(Span<Symbol> symbols)
    {
        if (symbols.IsEmpty)
            return;
        for (var at = 0; at < symbols.Length; at++)
            (symbols[at].Previous, symbols[at].Next) = (at - 1, at + 1);
        symbols[^1].Next = None;
        var room = 3 * symbols.Length;
        var waiting = new MinHeap(room <= 512 ? stackalloc ulong[room] : new ulong[room]);
        for (var at = 0; at < symbols.Length - 1; at++)
            Wait(symbols, at, ref waiting);
        while (waiting.TryPop(out var key))
        {
            var left = (int)(uint)key;
            var right = symbols[left].Next;
            if (right < 0 || !_merges.TryGetValue((symbols[left].Id, symbols[right].Id), out var merge)
                || (ulong)merge.Rank != key >> 32)
                continue;
            symbols[left].Id = merge.Merged;
            symbols[left].Next = symbols[right].Next;
            symbols[right].Next = None;
            if (symbols[left].Next >= 0)
                symbols[symbols[left].Next].Previous = left;
            if (symbols[left].Previous >= 0)
                Wait(symbols, symbols[left].Previous, ref waiting);
            if (symbols[left].Next >= 0)
                Wait(symbols, left, ref waiting);
        }
    }

    private void Wait(Span<Symbol> symbols, int left, ref MinHeap waiting)
    {
        if (_merges.TryGetValue((symbols[left].Id, symbols[symbols[left].Next].Id), out var merge))
            waiting.Push(((ulong)merge.Rank << 32) | (uint)left);
    }
}

/// <summary>A binary heap in the caller's memory, smallest first.</summary>
internal ref struct MinHeap(Span<ulong> memory)
{
    private readonly Span<ulong> _keys = memory;
    private int _count = 0;

    public void Push(ulong key)
    {
        var at = _count++;
        for (; at > 0 && _keys[(at - 1) / 2] > key; at = (at - 1) / 2)
            _keys[at] = _keys[(at - 1) / 2];
        _keys[at] = key;
    }

    public bool TryPop(out ulong key)
    {
        key = _count > 0 ? _keys[0] : 0;
        if (_count == 0)
            return false;
        var last = _keys[--_count];
        var at = 0;
        for (var child = 1; child < _count; child = 2 * at + 1)
        {
            if (child + 1 < _count && _keys[child + 1] < _keys[child])
                child++;
            if (_keys[child] >= last)
                break;
            _keys[at] = _keys[child];
            at = child;
        }
        _keys[at] = last;
        return true;
    }
}
