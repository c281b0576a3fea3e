using Microsoft.ML.Tokenizers;

namespace Cognito.Eval;

/// <summary>A log-likelihood request in tokens: what is given, and what is scored.</summary>
public sealed record TokenSpan(int[] Context, int[] Continuation)
{
    public int Length => Context.Length + Continuation.Length;

    public int this[int i] => i < Context.Length ? Context[i] : Continuation[i - Context.Length];

    /// <summary>
    /// Splits context and continuation as the reference does (protocol 5.2): trailing white space of the context moves to
    /// the continuation, which is tokenised in its context. An empty context is the end-of-text token.
    /// </summary>
    public static TokenSpan Encode(Tokenizer tokenizer, int endOfText, string context, string continuation)
    {
        if (context.Length == 0)
            return new([endOfText], [.. tokenizer.EncodeToIds(continuation)]);
        var trimmed = PythonText.TrimEnd(context);
        var whole = tokenizer.EncodeToIds(context + continuation);
        var given = tokenizer.EncodeToIds(trimmed);
        return new([.. given], [.. whole.Skip(given.Count)]);
    }

    /// <summary>
    /// The model's input: all tokens but the last, of which too long ones lose their oldest (protocol 5.4 step 3).
    /// </summary>
    public TokenInput Input(int maxLength) => new(this, Math.Max(0, Length - (maxLength + 1)));

    public bool IsTruncated(int maxLength) => Length > maxLength + 1;

    /// <summary>
    /// Spans of equal tokens once, the first one's split standing for all; longest first, ties by token ids
    /// (protocol 5.4 step 1). <c>Of[i]</c> is the place of the i-th span among the distinct ones.
    /// </summary>
    /// <param name="merges">Whether equal spans are one at all; if not, they only lie side by side.</param>
    public static (IReadOnlyList<TokenSpan> Distinct, int[] Of) Merge(IReadOnlyList<TokenSpan> spans, bool merges = true)
    {
        var order = Enumerable.Range(0, spans.Count).ToArray();
        var places = new int[spans.Count];
        var distinct = new List<TokenSpan>();
        Array.Sort(order, (a, b) => LongestFirst(spans[a], spans[b]) is var c and not 0 ? c : a.CompareTo(b));
        for (var k = 0; k < order.Length; k++)
        {
            if (k == 0 || !merges || LongestFirst(spans[order[k - 1]], spans[order[k]]) != 0)
                distinct.Add(spans[order[k]]);
            places[order[k]] = distinct.Count - 1;
        }
        return (distinct, places);
    }

    private static int LongestFirst(TokenSpan a, TokenSpan b)
    {
        if (a.Length != b.Length)
            return b.Length.CompareTo(a.Length);
        if (ReferenceEquals(a, b))
            return 0;
        for (var i = 0; i < a.Length; i++)
            if (a[i] != b[i])
                return a[i].CompareTo(b[i]);
        return 0;
    }
}

/// <summary>What a model is given of a span: its tokens from <paramref name="Start"/> on, but for the last.</summary>
public readonly record struct TokenInput(TokenSpan Span, int Start)
{
    public int Length => Span.Length - 1 - Start;

    public int this[int i] => Span[Start + i];

    public int[] Slice(int from, int to)
    {
        var tokens = new int[to - from];
        for (var i = from; i < to; i++)
            tokens[i - from] = this[i];
        return tokens;
    }

    /// <summary>How many tokens two inputs begin with alike.</summary>
    public int CommonPrefix(TokenInput other)
    {
        var most = Math.Min(Length, other.Length);
        var i = ReferenceEquals(Span.Context, other.Span.Context) && Start == other.Start
            ? Math.Clamp(Span.Context.Length - Start, 0, most)
            : 0;
        while (i < most && this[i] == other[i])
            i++;
        return i;
    }
}
