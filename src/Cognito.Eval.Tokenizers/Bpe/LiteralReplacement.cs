using System.Text;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>
/// Puts a text in another's place wherever that stands, from the left. .NET's own compares a long text anew at every place
/// where its ends match. Here a long one is looked for by what is known of its own repeats (Knuth, Morris and Pratt, 1977),
/// in steps that are linear in the text.
/// </summary>
internal sealed class LiteralReplacement
{
    /// <summary>.NET's way with shorter ones is fast, and costs no more than so much a character.</summary>
    private const int Long = 32;

    private readonly string _old, _other;

    /// <summary>How much of the text's beginning ends at each of its places, less than all up to there.</summary>
    private readonly int[] _repeats;

    /// <param name="old">Not empty.</param>
    public LiteralReplacement(string old, string other)
    {
        (_old, _other, _repeats) = (old, other, new int[old.Length > Long ? old.Length : 0]);
        var steps = 0L;
        for (var at = 1; at < _repeats.Length; at++)
            _repeats[at] = After(_repeats[at - 1], old[at], ref steps);
    }

    public string Apply(string text)
    {
        var steps = 0L;
        return Apply(text, ref steps);
    }

    /// <param name="steps">Grows with the characters that are compared.</param>
    public string Apply(string text, ref long steps)
    {
        if (_old.Length <= Long)
            return text.Replace(_old, _other, StringComparison.Ordinal);
        var (made, from, matched) = (new StringBuilder(), 0, 0);
        for (var at = 0; at < text.Length; at++)
        {
            matched = After(matched, text[at], ref steps);
            if (matched < _old.Length)
                continue;
            made.Append(text, from, at + 1 - matched - from).Append(_other);
            (from, matched) = (at + 1, 0);
        }
        return from == 0 ? text : made.Append(text, from, text.Length - from).ToString();
    }

    private int After(int matched, char unit, ref long steps)
    {
        for (; ; matched = _repeats[matched - 1])
        {
            steps++;
            if (_old[matched] == unit)
                return matched + 1;
            if (matched == 0)
                return 0;
        }
    }
}
