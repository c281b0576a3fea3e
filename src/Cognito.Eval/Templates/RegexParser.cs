using System.Globalization;
using System.Text;

namespace Cognito.Eval.Templates;

/// <summary>Reads a pattern by the rules of Python 3.11's <c>re</c>.</summary>
internal sealed partial class RegexParser
{
    /// <summary>The letters that hold at a place: of a, i, m, s, x.</summary>
    private readonly record struct Flags(bool Ascii, bool IgnoreCase, bool Multiline, bool DotAll, bool Verbose);

    private readonly string _pattern;
    private readonly Budget _budget = new();
    private readonly Dictionary<string, int> _names = [];
    private readonly HashSet<int> _open = [];
    private readonly List<int> _conditions = [];
    private Flags _flags;
    private int _at, _lookbehinds;

    private RegexParser(string pattern, Flags flags) => (_pattern, _flags) = (pattern, flags);

    public int Groups { get; private set; }

    public static (RegexParser Parser, RegexNode Root) Parse(string pattern) => Parse(pattern, default);

    private static (RegexParser Parser, RegexNode Root) Parse(string pattern, Flags flags)
    {
        var parser = new RegexParser(pattern, flags);
        if (parser.ReadGlobalFlags() is { Verbose: true } global && !flags.Verbose)
            return Parse(pattern, global);
        var root = parser.ReadAlternatives();
        if (parser._at < pattern.Length)
            throw PythonRegexException.Wrong("a ')' closes nothing");
        if (parser._conditions.Any(number => number > parser.Groups))
            throw PythonRegexException.Wrong("a condition names a group that there is none of");
        return (parser, root);
    }

    /// <summary>A group's number by its name or its number.</summary>
    public int Number(string group)
    {
        if (_names.TryGetValue(group, out var named))
            return named;
        return group.Length > 0 && group.All(char.IsAsciiDigit) && int.TryParse(group, CultureInfo.InvariantCulture, out var number) && number <= Groups
            ? number
            : throw PythonRegexException.Wrong($"there is no group '{group}'");
    }

    private bool IsEnd => _at >= _pattern.Length;

    private char Current => IsEnd ? '\0' : _pattern[_at];

    private bool Skip(string text)
    {
        var isThere = string.CompareOrdinal(_pattern, _at, text, 0, text.Length) == 0;
        _at += isThere ? text.Length : 0;
        return isThere;
    }

    private int ReadPoint()
    {
        if (IsEnd)
            throw PythonRegexException.Wrong("the pattern ends early");
        var width = char.IsHighSurrogate(_pattern[_at]) && _at + 1 < _pattern.Length && char.IsLowSurrogate(_pattern[_at + 1]) ? 2 : 1;
        var point = width == 2 ? char.ConvertToUtf32(_pattern[_at], _pattern[_at + 1]) : _pattern[_at];
        _at += width;
        return point;
    }

    private string ReadTo(char end, string what)
    {
        var close = _pattern.IndexOf(end, _at);
        if (close < 0)
            throw PythonRegexException.Wrong($"{what} is not closed");
        var text = _pattern[_at..close];
        _at = close + 1;
        return text;
    }

    private RegexNode ReadAlternatives()
    {
        _budget.Enter();
        var items = new List<RegexNode> { ReadSequence() };
        while (Skip("|"))
            items.Add(ReadSequence());
        _budget.Leave();
        return items.Count == 1 ? items[0] : new Alternatives(items);
    }

    private Sequence ReadSequence()
    {
        var items = new List<RegexNode>();
        while (!IsEnd && Current is not ('|' or ')'))
        {
            _budget.Spend(1);
            if (_flags.Verbose && Current is ' ' or '\t' or '\n' or '\r' or '\v' or '\f')
                _at++;
            else if (_flags.Verbose && Current == '#')
                _at = _pattern.IndexOf('\n', _at) is >= 0 and var end ? end : _pattern.Length;
            else if (ReadRepeat() is { } times)
                items[^1] = Repeated(items, times);
            else if (ReadItem() is { } item)
                items.Add(item);
        }
        return new(items);
    }

    private static Repeat Repeated(List<RegexNode> items, (int Fewest, int Most, string Manner) times)
    {
        if (items.Count == 0 || items[^1] is Anchor)
            throw PythonRegexException.Wrong("there is nothing to repeat");
        if (items[^1] is Repeat)
            throw PythonRegexException.Wrong("a repeat follows a repeat");
        if (times.Most is < 0 or > 1 && items[^1].Width.Fewest == 0)
            throw PythonRegexException.Refused("a repeat of what may match nothing");
        return new(items[^1], times.Fewest, times.Most, times.Manner);
    }

    private (int Fewest, int Most, string Manner)? ReadRepeat()
    {
        (int, int)? times = Current switch
        {
            '*' => (0, -1),
            '+' => (1, -1),
            '?' => (0, 1),
            _ => null,
        };
        if (times is not null)
            _at++;
        else if (Current != '{' || (times = ReadBraces()) is null)
            return null;
        return (times.Value.Item1, times.Value.Item2, Skip("?") ? "?" : Skip("+") ? "+" : "");
    }

    /// <summary>Null where the brace is only a brace; then nothing is read.</summary>
    private (int, int)? ReadBraces()
    {
        var start = _at++;
        var low = ReadDigits();
        var isRange = Skip(",");
        var high = isRange ? ReadDigits() : low;
        if (!Skip("}") || !isRange && low.Length == 0)
        {
            _at = start;
            return null;
        }
        int Count(string digits) => int.TryParse(digits, CultureInfo.InvariantCulture, out var number) && number <= 100_000
            ? number
            : throw new PythonRegexException(TemplateException.Limit, "a repeat is of more than 100000 times");
        var (fewest, most) = (low.Length > 0 ? Count(low) : 0, high.Length > 0 ? Count(high) : -1);
        return most >= 0 && most < fewest ? throw PythonRegexException.Wrong("a repeat's least is above its most") : (fewest, most);
    }

    private string ReadDigits()
    {
        var start = _at;
        while (char.IsAsciiDigit(Current))
            _at++;
        return _pattern[start.._at];
    }

    /// <summary>One item; null for what is none, as a comment.</summary>
    private RegexNode? ReadItem()
    {
        switch (Current)
        {
            case '\\':
                return ReadEscape();
            case '[':
                return ReadClass();
            case '(':
                return ReadGroup();
            case '.':
                _at++;
                return new OneOf(_flags.DotAll ? [] : [('\n', '\n')], "", IsNot: true, _flags.Ascii);
            case '^':
                _at++;
                return new Anchor(_flags.Multiline ? '^' : 'A', _flags.Ascii);
            case '$':
                _at++;
                return new Anchor(_flags.Multiline ? '$' : 'z', _flags.Ascii);
            default:
                return Literal(ReadPoint());
        }
    }

    private OneOf Literal(int point) => Class([(point, point)], "", isNot: false);

    private OneOf Class(IReadOnlyList<(int, int)> ranges, string kinds, bool isNot) =>
        new(_flags.IgnoreCase ? RegexCase.Widened(ranges, _flags.Ascii) : ranges, kinds, isNot, _flags.Ascii);

    private RegexNode ReadEscape()
    {
        _at++;
        if (IsEnd)
            throw PythonRegexException.Wrong("the pattern ends with a backslash");
        var c = Current;
        if (c is 'A' or 'Z' or 'b' or 'B')
        {
            _at++;
            return new Anchor(c, _flags.Ascii);
        }
        if (c is 'd' or 'D' or 'w' or 'W' or 's' or 'S')
        {
            _at++;
            return Class([], c.ToString(), isNot: false);
        }
        if (c is >= '1' and <= '9')
            return ReadReference();
        return Literal(c == '0' ? ReadOctal(3) : ReadCharacter(inClass: false));
    }

    private RegexNode ReadReference()
    {
        static bool IsOctal(char c) => c is >= '0' and <= '7';
        var start = _at++;
        if (char.IsAsciiDigit(Current))
        {
            if (IsOctal(_pattern[start]) && IsOctal(Current) && _at + 1 < _pattern.Length && IsOctal(_pattern[_at + 1]))
            {
                _at = start;
                return Literal(ReadOctal(3));
            }
            _at++;
        }
        return Reference(_pattern[start.._at]);
    }

    private Backreference Reference(string group)
    {
        var number = Number(group);
        if (_open.Contains(number))
            throw PythonRegexException.Wrong("a group refers to itself");
        if (_flags.IgnoreCase || _lookbehinds > 0)
            throw PythonRegexException.Refused("a reference to a group that ignores case or looks behind");
        return new(number);
    }

    private int ReadOctal(int most)
    {
        var start = _at;
        while (_at < _pattern.Length && _at < start + most && Current is >= '0' and <= '7')
            _at++;
        var value = Convert.ToInt32(_pattern[start.._at], 8);
        return value <= 0xff ? value : throw PythonRegexException.Wrong("an octal escape is above 0o377");
    }

    /// <summary>The character that an escape stands for.</summary>
    private int ReadCharacter(bool inClass)
    {
        var point = ReadPoint();
        switch (point)
        {
            case 'a': return '\a';
            case 'b' when inClass: return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'v': return '\v';
            case 'x': return ReadHex(2);
            case 'u': return ReadHex(4);
            case 'U': return ReadHex(8);
            case 'N':
                if (!Skip("{"))
                    throw PythonRegexException.Wrong(@"\N needs a character's name in braces");
                var name = ReadTo('}', @"\N");
                return CharacterNames.Find(name) ?? throw PythonRegexException.Refused(@$"\N{{{name}}}: a character by that name");
            default:
                return point < 128 && char.IsAsciiLetterOrDigit((char)point) ? throw PythonRegexException.Wrong($@"there is no escape \{(char)point}") : point;
        }
    }

    private int ReadHex(int digits)
    {
        var text = _pattern.AsSpan(_at, Math.Min(digits, _pattern.Length - _at));
        if (text.Length < digits || text.ContainsAnyExcept("0123456789abcdefABCDEF") || uint.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) is var value && value > 0x10ffff)
            throw PythonRegexException.Wrong($"an escape needs {digits} hexadecimal digits of a character");
        _at += digits;
        return (int)value;
    }
}
