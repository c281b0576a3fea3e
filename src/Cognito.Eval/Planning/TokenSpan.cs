using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;
using Cognito.Eval.Tokenizers;
using Microsoft.ML.Tokenizers;

namespace Cognito.Eval.Planning;

/// <summary>A log-likelihood request in tokens: what is given, and what is scored.</summary>
internal sealed record TokenSpan(int[] Context, int[] Continuation)
{
    public int Length => Context.Length + Continuation.Length;

    public int this[int i] => i < Context.Length ? Context[i] : Continuation[i - Context.Length];

    public static TokenSpan From((int[] Context, int[] Continuation) tokens) => new(tokens.Context, tokens.Continuation);

    /// <summary>
    /// The token of context and continuation that begins in the one and ends in the other; null if there is none, or the
    /// tokenizer does not tell.
    /// </summary>
    public static EncodedToken? AtBorder(VocabularyTokenizer tokenizer, string context, string continuation)
    {
        var tokens = tokenizer.EncodeToTokens(context + continuation, out var normalized);
        // What follows the border is as long in the vocabulary's form; what is put in front of a text is before it.
        var border = (normalized?.Length ?? 0) - (context.Length - PythonText.TrimEnd(context).Length) - continuation.Length;
        var at = tokens.ToList().FindIndex(token => token.Offset.Start.Value < border && border < token.Offset.End.Value);
        return at < 0 ? null : tokens[at];
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

    private static int LongestFirst(TokenSpan a, TokenSpan b) => a.Length != b.Length
        ? b.Length.CompareTo(a.Length)
        : new TokenInput(a, 0).CompareTo(new(b, 0)) is var order and not 0 ? order
        : a.Length == 0 ? 0 : a[a.Length - 1].CompareTo(b[b.Length - 1]);
}

/// <summary>What a model is given of a span: its tokens from <paramref name="Start"/> on, but for the last.</summary>
internal readonly record struct TokenInput(TokenSpan Span, int Start) : IComparable<TokenInput>
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
        // Contexts are long and what follows is short: whole vectors of the first are compared at once.
        var i = Math.Min(most, Given.CommonPrefixLength(other.Given));
        while (i < most && this[i] == other[i])
            i++;
        return i;
    }

    /// <summary>By the first token that differs; a beginning comes before what goes on.</summary>
    public int CompareTo(TokenInput other) => CommonPrefix(other) is var i && i < Math.Min(Length, other.Length)
        ? this[i].CompareTo(other[i])
        : Length.CompareTo(other.Length);

    private ReadOnlySpan<int> Given => Span.Context.AsSpan(Math.Min(Start, Span.Context.Length));
}
