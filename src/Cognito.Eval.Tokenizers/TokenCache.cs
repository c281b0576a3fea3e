using System.Collections.Concurrent;

namespace Cognito.Eval.Tokenizers;

/// <summary>Token ids of texts met before. It starts anew when it is full, and does not keep long texts.</summary>
internal sealed class TokenCache
{
    private const int EntryOverhead = 32;

    private readonly ConcurrentDictionary<string, int[]> _ids = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly int _longest;
    private readonly int _most;
    private int _held;

    /// <param name="longest">Characters of the longest text that is kept.</param>
    /// <param name="most">Characters and ids, together, that are kept; every text counts for 32 more.</param>
    public TokenCache(int longest, int most)
    {
        (_longest, _most) = (longest, most);
        _bySpan = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public int Count => _ids.Count;

    public bool TryGet(ReadOnlySpan<char> text, out ReadOnlySpan<int> ids)
    {
        var known = _bySpan.TryGetValue(text, out var found);
        ids = found;
        return known;
    }

    public void Add(ReadOnlySpan<char> text, ReadOnlySpan<int> ids)
    {
        if (text.Length > _longest)
            return;
        var size = text.Length + ids.Length + EntryOverhead;
        if (Interlocked.Add(ref _held, size) > _most)
        {
            _ids.Clear();
            Interlocked.Exchange(ref _held, size);
        }
        _bySpan.TryAdd(text, ids.ToArray());
    }
}
