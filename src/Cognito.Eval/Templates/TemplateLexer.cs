using System.Text.RegularExpressions;

namespace Cognito.Eval.Templates;

internal enum TokenKind { Data, BlockBegin, BlockEnd, OutputBegin, OutputEnd, Name, String, Integer, Float, Operator, End }

/// <param name="Value">Of a text or a number.</param>
internal readonly record struct TemplateToken(TokenKind Kind, string Text, object? Value, int Line)
{
    public bool Is(TokenKind kind, string text) => Kind == kind && Text == text;

    /// <summary>For messages.</summary>
    public string Description => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.BlockEnd => "the end of the statement",
        TokenKind.OutputEnd => "the end of the expression",
        TokenKind.Data => "text",
        TokenKind.String => "a text",
        _ => $"'{Text}'",
    };
}

/// <summary>A template's source as tokens, white space control done; no blocks are trimmed and a last line feed stays, as the harness has it.</summary>
internal sealed partial class TemplateLexer
{
    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _at, _line = 1;

    private TemplateLexer(string source) => _source = LineFeeds(source);

    /// <exception cref="TemplateException">A mark is not closed, or a character belongs nowhere.</exception>
    public static IReadOnlyList<TemplateToken> Read(string source)
    {
        var lexer = new TemplateLexer(source);
        try
        {
            lexer.ReadAll();
        }
        catch (TemplateException e)
        {
            throw e.At(lexer._line);
        }
        return lexer._tokens;
    }

    /// <summary>Line ends as line feeds: no others than these three.</summary>
    private static string LineFeeds(string source) =>
        source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            var begin = NextMark();
            if (begin < 0)
            {
                AddData(_source.Length, _source.Length, strip: false);
                break;
            }
            var sign = begin + 2 < _source.Length && _source[begin + 2] is '-' or '+' ? _source[begin + 2] : ' ';
            AddData(begin, begin, strip: sign == '-');
            var kind = _source[begin + 1];
            if (kind == '%' && RawBegin().Match(_source, begin) is { Success: true } raw)
                ReadRaw(begin + raw.Length);
            else if (kind == '#')
                SkipComment(begin + (sign == ' ' ? 2 : 3));
            else
                ReadInside(kind == '%', begin + (sign == ' ' ? 2 : 3));
        }
        Add(TokenKind.End, "", null);
    }

    private int NextMark()
    {
        for (var at = _source.IndexOf('{', _at); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
            if (_source[at + 1] is '%' or '{' or '#')
                return at;
        return -1;
    }

    /// <summary>What lies before a place becomes data; then that place is gone on from.</summary>
    private void AddData(int end, int next, bool strip)
    {
        var text = _source[_at..end];
        var kept = strip ? PythonText.TrimEnd(text) : text;
        if (kept.Length > 0)
            Add(TokenKind.Data, kept, null);
        MoveTo(next);
    }

    private void MoveTo(int place)
    {
        _line += _source.AsSpan(_at, place - _at).Count('\n');
        _at = place;
    }

    private void Add(TokenKind kind, string text, object? value) => _tokens.Add(new(kind, text, value, _line));

    private TemplateException Error(string message) => new("TemplateSyntaxError", message, _line);

    private void ReadRaw(int from)
    {
        MoveTo(from);
        var end = RawEnd().Match(_source, from);
        if (!end.Success)
            throw Error("{% raw %} is not closed");
        AddData(end.Index, AfterEnd(end), strip: end.Groups[1].Value == "-");
    }

    /// <summary>A minus sign before the closing mark takes all white space after it.</summary>
    private int AfterEnd(Match end) => end.Groups[2].Value.StartsWith('-') ? SkipSpace(end.Index + end.Length) : end.Index + end.Length;

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
            at++;
        return at;
    }

    private void SkipComment(int from)
    {
        var end = _source.IndexOf("#}", from, StringComparison.Ordinal);
        if (end < 0)
            throw Error("a comment is not closed");
        MoveTo(end > from && _source[end - 1] == '-' ? SkipSpace(end + 2) : end + 2);
    }

    private void ReadInside(bool isBlock, int from)
    {
        Add(isBlock ? TokenKind.BlockBegin : TokenKind.OutputBegin, "", null);
        MoveTo(from);
        var open = new Stack<char>();
        while (true)
        {
            MoveTo(SkipSpace(_at));
            if (_at == _source.Length)
                return;
            if (open.Count == 0 && EndLength(isBlock) is var length && length > 0)
            {
                Add(isBlock ? TokenKind.BlockEnd : TokenKind.OutputEnd, "", null);
                MoveTo(_source[_at] == '-' ? SkipSpace(_at + length) : _at + length);
                return;
            }
            ReadToken(open);
        }
    }

    private int EndLength(bool isBlock)
    {
        var rest = _source.AsSpan(_at);
        var mark = isBlock ? "%}" : "}}";
        return rest.StartsWith(mark) ? 2
            : rest.Length > 2 && rest[1..].StartsWith(mark) && (rest[0] == '-' || isBlock && rest[0] == '+') ? 3
            : 0;
    }

    private void ReadToken(Stack<char> open)
    {
        if (FloatPattern().Match(_source, _at) is { Success: true } number && (_at == 0 || _source[_at - 1] != '.'))
            Take(TokenKind.Float, number.Value, PythonNumber.ParseFloat(number.Value));
        else if (IntegerPattern().Match(_source, _at) is { Success: true } integer)
            Take(TokenKind.Integer, integer.Value, PythonNumber.ParseInteger(integer.Value, 0));
        else if (NameLength() is var name && name > 0)
            Take(TokenKind.Name, _source.Substring(_at, name), null);
        else if (StringPattern().Match(_source, _at) is { Success: true } text)
            Take(TokenKind.String, text.Value, PythonEscapes.Decode(text.Value[1..^1], asJinja: true, Error));
        else if (OperatorPattern().Match(_source, _at) is { Success: true } mark)
        {
            Balance(open, mark.Value[0]);
            Take(TokenKind.Operator, mark.Value, null);
        }
        else
            throw Error($"'{_source[_at]}' belongs nowhere in an expression");
    }

    private void Take(TokenKind kind, string text, object? value)
    {
        Add(kind, text, value);
        MoveTo(_at + text.Length);
    }

    private void Balance(Stack<char> open, char mark)
    {
        if (mark is '(' or '[' or '{')
            open.Push(mark switch { '(' => ')', '[' => ']', _ => '}' });
        else if (mark is ')' or ']' or '}' && (!open.TryPop(out var expected) || expected != mark))
            throw Error($"'{mark}' closes what was not opened");
    }

    private int NameLength()
    {
        var at = _at;
        foreach (var rune in _source.AsSpan(_at).EnumerateRunes())
            if (rune.Value == '_' || PythonUnicode.IsAlpha(rune) || PythonUnicode.IsNumeric(rune) || at > _at && PythonUnicode.ContinuesName(rune))
                at += rune.Utf16SequenceLength;
            else
                break;
        var name = _source[_at..at];
        if (name.Length > 0 && !(PythonUnicode.BeginsName(name.EnumerateRunes().First()) && name.EnumerateRunes().All(PythonUnicode.ContinuesName)))
            throw Error("a name holds a character that no name may have");
        return at - _at;
    }

    [GeneratedRegex(@"\G\{%([-+]?)[\s\x1c-\x1f]*raw[\s\x1c-\x1f]*(?:-%\}[\s\x1c-\x1f]*|%\})")]
    private static partial Regex RawBegin();

    [GeneratedRegex(@"\{%([-+]?)[\s\x1c-\x1f]*endraw[\s\x1c-\x1f]*(\+%\}|-%\}|%\})")]
    private static partial Regex RawEnd();

    [GeneratedRegex(@"\G(?:[0-9]+_)*[0-9]+(?:(?:\.(?:[0-9]+_)*[0-9]+)?[eE][+-]?(?:[0-9]+_)*[0-9]+|\.(?:[0-9]+_)*[0-9]+)")]
    private static partial Regex FloatPattern();

    [GeneratedRegex(@"\G(?:0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*)")]
    private static partial Regex IntegerPattern();

    [GeneratedRegex("""\G(?:'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")""", RegexOptions.Singleline)]
    private static partial Regex StringPattern();

    [GeneratedRegex(@"\G(?://|\*\*|==|!=|>=|<=|[-+/*%~\[\](){}><=.:|,;])")]
    private static partial Regex OperatorPattern();
}
