using System.Text;
using System.Text.RegularExpressions;

namespace Cognito.Eval.Templates;

/// <content>Numbers and quoted texts.</content>
internal sealed partial class LiteralReader
{
    private object ReadNumber(bool inBrackets)
    {
        var match = NumberPattern().Match(text, _at);
        var spelled = match.Value;
        _at += match.Length;
        if (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '_' or > '\x7f'))
            throw text[_at] is 'j' or 'J' ? TemplateException.Refused("a complex number") : Syntax($"'{spelled}{text[_at]}' is no number");
        var isWhole = spelled.AsSpan().IndexOfAny(".eE") < 0 || spelled.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (isWhole && spelled.Length > 1 && spelled[0] == '0' && char.IsAsciiDigit(spelled[1]) && spelled.Any(digit => digit is not ('0' or '_')))
            throw Syntax("a whole number begins with 0");
        var value = isWhole ? PythonNumber.ParseInteger(spelled, 0) : PythonNumber.ParseFloat(spelled);
        return Complex(value ?? throw Syntax($"'{spelled}' is no number"), inBrackets);
    }

    /// <summary>1 + 2j is a literal; any other sum is none.</summary>
    private object Complex(object real, bool inBrackets)
    {
        var before = _at;
        SkipSpace(inBrackets);
        if (ImaginaryPattern().Match(text, _at) is not { Success: true } match)
        {
            _at = before;
            return real;
        }
        _at += match.Length;
        var imaginary = PythonNumber.ParseFloat(match.Groups[2].Value)!.Value;
        static string Part(double number) => PythonFloat.Repr(number) is var text && text.EndsWith(".0", StringComparison.Ordinal) ? text[..^2] : text;
        return new PythonOpaque("complex", $"({Part(PythonNumber.Float(real))}{match.Groups[1].Value}{Part(imaginary)}j)");
    }

    /// <summary>Texts side by side are one.</summary>
    private object ReadTexts(Match start, bool inBrackets)
    {
        var to = new StringBuilder();
        var isBytes = (bool?)null;
        while (start.Success)
        {
            var prefix = start.Groups[1].Value.ToLowerInvariant();
            if (isBytes is { } was && was != prefix.Contains('b', StringComparison.Ordinal))
                throw Syntax("texts and bytes are mixed");
            isBytes = prefix.Contains('b', StringComparison.Ordinal);
            to.Append(ReadText(start, prefix));
            if (prefix.Contains('f', StringComparison.Ordinal))
                throw TemplateException.Value("a formatted text is no literal");
            SkipSpace(inBrackets);
            start = StringStart().Match(text, _at);
        }
        return isBytes == true ? new PythonOpaque("bytes", "b" + PythonValue.Repr(to.ToString())) : to.ToString();
    }

    private string ReadText(Match start, string prefix)
    {
        var quote = start.Groups[2].Value;
        var begin = _at + start.Length;
        for (_at = begin; _at < text.Length; _at++)
        {
            if (text[_at] == '\\' && _at + 1 < text.Length)
                _at += text.AsSpan(_at + 1).StartsWith("\r\n") ? 2 : 1;
            else if (string.CompareOrdinal(text, _at, quote, 0, quote.Length) == 0)
            {
                var body = text[begin.._at].Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
                _at += quote.Length;
                if (prefix.Contains('b', StringComparison.Ordinal))
                    return body.All(char.IsAscii) && !body.Contains('\\', StringComparison.Ordinal) ? body
                        : throw TemplateException.Refused("bytes with escapes or other characters than ASCII");
                return prefix.Contains('r', StringComparison.Ordinal) ? body : PythonEscapes.Decode(body, asJinja: false, Syntax);
            }
            else if (quote.Length == 1 && text[_at] is '\n' or '\r')
                break;
        }
        throw Syntax("a text is not closed");
    }

    [GeneratedRegex(@"\G(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:[0-9](?:_?[0-9])*)?\.[0-9](?:_?[0-9])*(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
        + @"|[0-9](?:_?[0-9])*(?:\.(?:[eE][+-]?[0-9](?:_?[0-9])*)?|[eE][+-]?[0-9](?:_?[0-9])*)?)")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"\G([+-])[ \t]*([0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)[jJ](?![0-9A-Za-z_])")]
    private static partial Regex ImaginaryPattern();
}
