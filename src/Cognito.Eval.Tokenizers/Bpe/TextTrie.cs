using System.Buffers;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>
/// Looks for many texts at once: at every place of a text, the longest of them that begins there. It reads the text from its
/// end on, through a trie of the texts read backwards. Where a character does not go on in the trie, a link leads to what may
/// still match (Aho and Corasick, 1975). So its steps are linear in the text, however long and alike the texts are.
/// </summary>
internal sealed class TextTrie
{
    private const int Root = 0, None = -1;

    private readonly Dictionary<(int Node, char Unit), int> _children;
    private readonly SearchValues<char> _lastUnits;

    // Of each node: where to go on if no child does; the longest text that begins there; whether that is the node's own.
    private readonly int[] _others, _longest;
    private readonly bool[] _isText;

    /// <param name="texts">Distinct, and none is empty.</param>
    public TextTrie(IReadOnlyList<string> texts)
    {
        var most = texts.Sum(text => text.Length);
        (_children, _others, _longest, _isText) = (new(most), new int[most + 1], new int[most + 1], new bool[most + 1]);
        _lastUnits = SearchValues.Create([.. texts.Select(text => text[^1]).Distinct()]);
        Array.Fill(_longest, None);
        var (tips, number) = (new int[texts.Count], 0);
        // All texts at once, a character of each in turn: so a node is numbered after all that are shorter.
        for (var (left, depth) = (Enumerable.Range(0, texts.Count).ToList(), 1); left.Count > 0; depth++)
        {
            foreach (var text in left)
                if (!_children.TryGetValue((tips[text], texts[text][^depth]), out var child))
                    Add(tips[text], texts[text][^depth], tips[text] = ++number);
                else
                    tips[text] = child;
            foreach (var text in left.Where(text => texts[text].Length == depth))
                (_longest[tips[text]], _isText[tips[text]]) = (text, true);
            left.RemoveAll(text => texts[text].Length == depth);
        }
    }

    /// <summary>The place in the list of the longest text that begins at each place; -1 where none does.</summary>
    /// <param name="steps">Grows with what is done.</param>
    public int[] LongestAt(ReadOnlySpan<char> text, ref long steps)
    {
        var (longest, node) = (new int[text.Length], Root);
        Array.Fill(longest, None);
        for (var at = text.Length - 1; at >= 0; at--)
        {
            if (node == Root && (at = text[..(at + 1)].LastIndexOfAny(_lastUnits)) < 0)
                break;
            node = Next(node, text[at], ref steps);
            longest[at] = _longest[node];
        }
        return longest;
    }

    /// <summary>Whether a text ends with one of them.</summary>
    public bool EndsWithAny(ReadOnlySpan<char> text)
    {
        var node = Root;
        for (var at = text.Length - 1; at >= 0 && _children.TryGetValue((node, text[at]), out node); at--)
            if (_isText[node])
                return true;
        return false;
    }

    private void Add(int parent, char unit, int child)
    {
        var steps = 0L;
        var other = parent == Root ? Root : Next(_others[parent], unit, ref steps);
        (_others[child], _longest[child]) = (other, _longest[other]);
        _children.Add((parent, unit), child);
    }

    private int Next(int node, char unit, ref long steps)
    {
        for (; ; node = _others[node])
        {
            steps++;
            if (_children.TryGetValue((node, unit), out var child))
                return child;
            if (node == Root)
                return Root;
        }
    }
}
