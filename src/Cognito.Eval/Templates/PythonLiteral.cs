using System.Text.RegularExpressions;
using Cognito.Eval.Files;

namespace Cognito.Eval.Templates;

/// <summary>A text that is no Python literal.</summary>
/// <param name="Kind">"SyntaxError" or "ValueError" as Python has it, "unsupported" or "limit".</param>
public sealed class PythonLiteralException(string kind, string message) : Exception(Printable.Line(message))
{
    public string Kind { get; } = kind;
}

/// <summary>Python's <c>ast.literal_eval</c>.</summary>
public static class PythonLiteral
{
    /// <returns>
    /// Null, bool, long, BigInteger, double, string, a list, a <see cref="PythonTuple"/>, a dictionary by text keys, a
    /// <see cref="PythonDict"/> where a key is no text, a <see cref="PythonSet"/> or a <see cref="PythonOpaque"/>.
    /// </returns>
    /// <exception cref="PythonLiteralException">It is none.</exception>
    public static object? Parse(string text)
    {
        try
        {
            return new LiteralReader(text.TrimStart(' ', '\t')).Read();
        }
        catch (TemplateException e)
        {
            throw new PythonLiteralException(e.Kind == "TypeError" ? "ValueError" : e.Kind, e.Message);
        }
    }
}

/// <summary>Reads one literal. Errors are as Python's parser (SyntaxError) or its evaluation of the tree (ValueError) has them.</summary>
internal sealed partial class LiteralReader(string text)
{
    private readonly Budget _budget = new();
    private int _at;

    public object? Read()
    {
        if (text.AsSpan().Trim(" \t\n\r\f").Length == 0)
            throw Syntax("there is no value");
        SkipLines();
        var value = ReadValue(inBrackets: false);
        SkipSpace(inBrackets: false);
        if (_at < text.Length && text[_at] == ',')
            value = ReadBareTuple(value);
        while (_at < text.Length && (text[_at] is '\n' or '\r' || IsComment()))
            SkipSpace(inBrackets: true);
        return _at == text.Length ? value : throw AfterValue();
    }

    private static TemplateException Syntax(string message) => new("SyntaxError", message);

    private bool IsComment() => text[_at] == '#';

    /// <summary>What stands after a whole value: an operator makes it an expression, anything else is a mistake.</summary>
    private TemplateException AfterValue() => text[_at] is '+' or '-' or '*' or '/' or '%' or '[' or '(' or '.' or '<' or '>' or '=' or '&' or '|' or '^'
        || NamePattern().Match(text, _at) is { Value: "if" or "in" or "is" or "and" or "or" or "not" or "for" }
            ? TemplateException.Value("an expression is no literal")
            : Syntax($"'{text[_at]}' stands where a value has ended");

    private void SkipSpace(bool inBrackets)
    {
        while (_at < text.Length)
            if (text[_at] is ' ' or '\t' or '\f' || inBrackets && text[_at] is '\n' or '\r')
                _at++;
            else if (text[_at] == '#' && inBrackets)
                while (_at < text.Length && text[_at] is not ('\n' or '\r'))
                    _at++;
            else if (text[_at] == '\\' && _at + 1 < text.Length && text[_at + 1] is '\n' or '\r')
                _at += 2;
            else
                return;
    }

    /// <summary>Lines without a value, at the beginning; the one with it is not indented.</summary>
    private void SkipLines()
    {
        SkipSpace(inBrackets: false);
        while (_at < text.Length && text[_at] is '\n' or '\r' or '#')
        {
            _at = text.AsSpan(_at).IndexOfAny('\n', '\r') is >= 0 and var end ? _at + end + 1 : text.Length;
            var start = _at;
            SkipSpace(inBrackets: false);
            if (_at > start && text.AsSpan(start, _at - start).ContainsAny(' ', '\t') && _at < text.Length && text[_at] is not ('\n' or '\r' or '#'))
                throw Syntax("the value is indented");
        }
    }

    private PythonTuple ReadBareTuple(object? first)
    {
        var items = new List<object?> { first };
        while (_at < text.Length && text[_at] == ',')
        {
            _at++;
            SkipSpace(inBrackets: false);
            if (_at == text.Length || text[_at] is '\n' or '\r' or '#')
                break;
            items.Add(ReadValue(inBrackets: false));
            SkipSpace(inBrackets: false);
        }
        return new(items);
    }

    private object? ReadValue(bool inBrackets)
    {
        _budget.Enter();
        SkipSpace(inBrackets);
        if (_at == text.Length)
            throw Syntax("it ends where a value is expected");
        var begin = text[_at];
        object? value = begin switch
        {
            '[' => new List<object?>(ReadItems(']')),
            '(' => ReadTuple(),
            '{' => ReadDict(),
            '-' or '+' => ReadSigned(inBrackets),
            _ => ReadPlain(inBrackets),
        };
        _isSigned = begin is '-' or '+' || begin == '(' && _isSigned;
        _budget.Leave();
        return value;
    }

    /// <summary>Whether the value that was read last has a sign: one sign is allowed.</summary>
    private bool _isSigned;

    private object ReadSigned(bool inBrackets)
    {
        var sign = text[_at++];
        var value = ReadValue(inBrackets);
        if (!PythonNumber.IsNumber(value) || value is bool || _isSigned)
            throw TemplateException.Value("a sign stands before what is no number");
        return sign == '-' ? PythonNumber.Negate(value!) : value!;
    }

    private object? ReadPlain(bool inBrackets)
    {
        if (StringStart().Match(text, _at) is { Success: true } start)
            return ReadTexts(start, inBrackets);
        if (char.IsAsciiDigit(text[_at]) || text[_at] == '.' && _at + 1 < text.Length && char.IsAsciiDigit(text[_at + 1]))
            return ReadNumber(inBrackets);
        if (string.CompareOrdinal(text, _at, "...", 0, 3) == 0)
        {
            _at += 3;
            return new PythonOpaque("ellipsis", "Ellipsis");
        }
        if (NamePattern().Match(text, _at) is not { Success: true } name)
            throw Syntax($"'{text[_at]}' stands where a value is expected");
        _at += name.Length;
        return name.Value switch
        {
            "None" => null,
            "True" => true,
            "False" => false,
            "lambda" or "not" or "await" => throw TemplateException.Value("an expression is no literal"),
            "and" or "as" or "assert" or "async" or "break" or "class" or "continue" or "def" or "del" or "elif" or "else" or "except" or "finally" or "for" or "from"
                or "global" or "if" or "import" or "in" or "is" or "nonlocal" or "or" or "pass" or "raise" or "return" or "try" or "while" or "with" or "yield"
                => throw Syntax($"'{name.Value}' stands where a value is expected"),
            _ => AfterName(inBrackets) ?? throw TemplateException.Value($"the name '{name.Value}' is no literal"),
        };
    }

    /// <summary>Two names side by side are a mistake of the parser's, one alone is of the evaluation.</summary>
    private object? AfterName(bool inBrackets)
    {
        SkipSpace(inBrackets);
        return _at < text.Length && text[_at] is not (',' or ']' or ')' or '}' or ':' or '.' or '(' or '[' or '+' or '-' or '*' or '/' or '%' or '<' or '>' or '=' or '!'
            or '&' or '|' or '^' or '\n' or '#' or '@' or '~') && NamePattern().Match(text, _at) is not { Value: "if" or "in" or "is" or "and" or "or" or "not" or "for" }
            ? throw Syntax("a value follows another without a comma")
            : null;
    }

    private IEnumerable<object?> ReadItems(char close)
    {
        _at++;
        var items = new List<object?>();
        while (true)
        {
            SkipSpace(inBrackets: true);
            if (_at == text.Length)
                throw Syntax($"it ends before '{close}'");
            if (text[_at] == close)
            {
                _at++;
                return items;
            }
            if (items.Count > 0 && !_isAfterComma)
                throw BetweenItems(close);
            items.Add(ReadValue(inBrackets: true));
            SkipSpace(inBrackets: true);
            _isAfterComma = _at < text.Length && text[_at] == ',';
            _at += _isAfterComma ? 1 : 0;
        }
    }

    private bool _isAfterComma;

    private TemplateException BetweenItems(char close) => AfterValue() is { Kind: "ValueError" } expression ? expression : Syntax($"a ',' or '{close}' is missing");

    private object? ReadTuple()
    {
        _isAfterComma = false;
        object?[] items = [.. ReadItems(')')];
        return items.Length == 1 && !_isAfterComma ? items[0] : new PythonTuple(items);
    }

    private object ReadDict()
    {
        _at++;
        var (dict, items) = (new PythonDict(), new List<object?>());
        var (isSet, isAfterComma) = (false, true);
        while (true)
        {
            SkipSpace(inBrackets: true);
            if (_at == text.Length)
                throw Syntax("it ends before '}'");
            if (text[_at] == '}')
            {
                _at++;
                return isSet ? new PythonSet([.. items.DistinctBy(item => new PythonKey(item))]) : dict.ByText() as object ?? dict;
            }
            if (!isAfterComma)
                throw BetweenItems('}');
            var key = ReadValue(inBrackets: true);
            SkipSpace(inBrackets: true);
            var hasValue = _at < text.Length && text[_at] == ':';
            if (dict.Count + items.Count > 0 && hasValue == isSet)
                throw Syntax("a set and a dict are mixed");
            isSet = !hasValue;
            if (hasValue)
            {
                _at++;
                dict.Items[new(Hashable(key))] = ReadValue(inBrackets: true);
                SkipSpace(inBrackets: true);
            }
            else
                items.Add(Hashable(key));
            isAfterComma = _at < text.Length && text[_at] == ',';
            _at += isAfterComma ? 1 : 0;
        }
    }

    private static object? Hashable(object? key) => key is List<object?> or IReadOnlyDictionary<string, object?> or PythonDict or PythonSet
        || key is PythonTuple tuple && tuple.Any(item => Hashable(item) is PythonSet)
        ? throw TemplateException.Type("a list or dict is no key")
        : key;

    [GeneratedRegex(@"\G[\p{L}_][\p{L}\p{Nd}\p{Mn}\p{Mc}\p{Pc}]*")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\G([rRuUbBfF]|[rR][bBfF]|[bBfF][rR])?('''|""""""|'|"")")]
    private static partial Regex StringStart();
}
