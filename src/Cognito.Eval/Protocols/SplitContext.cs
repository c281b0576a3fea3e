using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Protocols;

/// <summary>
/// A context whose continuations are encoded in it. Trailing white space of the context moves to the continuation, which is
/// what the whole has beyond the context's own tokens (protocol 5.2).
/// </summary>
internal sealed class SplitContext
{
    private readonly VocabularyTokenizer _tokenizer;
    private readonly string _text;

    // Where the last line begins, and how many tokens it has: those before it are the same with a continuation.
    private readonly int _lastLine, _lastLineTokens;

    public SplitContext(VocabularyTokenizer tokenizer, string text)
    {
        (_tokenizer, _text) = (tokenizer, text);
        if (text.Length == 0)
            return;
        var trimmed = PythonText.TrimEnd(text);
        Tokens = [.. tokenizer.EncodeToIds(trimmed)];
        _lastLine = tokenizer.LastLine(trimmed);
        _lastLineTokens = _lastLine > 0 ? tokenizer.EncodeLines(trimmed.AsSpan(_lastLine)).Length : Tokens.Length;
    }

    /// <summary>The context's own, none of an empty one.</summary>
    public int[] Tokens { get; } = [];

    /// <summary>What a continuation is in this context.</summary>
    public int[] Continuation(string continuation)
    {
        var tokens = _lastLine > 0 ? _tokenizer.EncodeLines(string.Concat(_text.AsSpan(_lastLine), continuation)) : Whole(continuation);
        return tokens[Math.Min(_lastLineTokens, tokens.Length)..];
    }

    /// <summary>Context and continuation as one text.</summary>
    public int[] Whole(string continuation) => [.. _tokenizer.EncodeToIds(_text + continuation)];
}
