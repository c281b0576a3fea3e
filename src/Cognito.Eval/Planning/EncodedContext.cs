using Cognito.Eval.Tasks;
using Cognito.Eval.Tokenizers;

namespace Cognito.Eval.Planning;

/// <summary>A context in tokens, and continuations tokenised in it.</summary>
internal sealed class EncodedContext
{
    private readonly VocabularyTokenizer _tokenizer;
    private readonly int[] _tokens;

    // Where the last line begins, and how many tokens it has: those before it are the same with a continuation.
    private readonly int _lastLine, _lastLineTokens;

    /// <param name="endOfText">The token that stands for an empty context.</param>
    public EncodedContext(VocabularyTokenizer tokenizer, int endOfText, string text)
    {
        (_tokenizer, Text) = (tokenizer, text);
        if (text.Length == 0)
        {
            _tokens = [endOfText];
            return;
        }
        var trimmed = PythonText.TrimEnd(text);
        _tokens = [.. tokenizer.EncodeToIds(trimmed)];
        _lastLine = tokenizer.LastLine(trimmed);
        _lastLineTokens = _lastLine > 0 ? tokenizer.EncodeLines(trimmed.AsSpan(_lastLine)).Length : _tokens.Length;
    }

    public string Text { get; }

    public TokenSpan With(string continuation)
    {
        var tokens = _lastLine > 0
            ? _tokenizer.EncodeLines(string.Concat(Text.AsSpan(_lastLine), continuation))
            : [.. _tokenizer.EncodeToIds(Text + continuation)];
        return new(_tokens, tokens[Math.Min(_lastLineTokens, tokens.Length)..]);
    }
}
