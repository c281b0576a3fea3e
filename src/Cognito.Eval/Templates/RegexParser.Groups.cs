using System.Text;

namespace Cognito.Eval.Templates;

/// <content>Classes, groups and flags.</content>
internal sealed partial class RegexParser
{
    private OneOf ReadClass()
    {
        _at++;
        var isNot = Skip("^");
        var (ranges, kinds) = (new List<(int, int)>(), new StringBuilder());
        for (var isFirst = true; ; isFirst = false)
        {
            if (IsEnd)
                throw PythonRegexException.Wrong("a '[' is not closed");
            if (!isFirst && Skip("]"))
                return Class(ranges, kinds.ToString(), isNot);
            var (first, kind) = ReadMember();
            if (Current == '-' && _at + 1 < _pattern.Length && _pattern[_at + 1] != ']')
            {
                _at++;
                var (last, other) = ReadMember();
                if (kind is not null || other is not null || last < first)
                    throw PythonRegexException.Wrong("a range in a class has no first and last character");
                ranges.Add((first, last));
            }
            else if (kind is not null)
                kinds.Append(kind);
            else
                ranges.Add((first, first));
        }
    }

    private (int Point, char? Kind) ReadMember()
    {
        if (Current != '\\')
            return (ReadPoint(), null);
        _at++;
        if (Current is 'd' or 'D' or 'w' or 'W' or 's' or 'S')
            return (0, _pattern[_at++]);
        return (Current is >= '0' and <= '7' ? ReadOctal(3) : ReadCharacter(inClass: true), null);
    }

    private RegexNode? ReadGroup()
    {
        _at++;
        if (!Skip("?"))
            return ReadCapture(null);
        if (Skip("P<"))
            return ReadCapture(ReadTo('>', "a group's name"));
        if (Skip("P="))
            return ReadTo(')', "a reference") is var name && _names.ContainsKey(name) ? Reference(name) : throw PythonRegexException.Wrong($"there is no group '{name}'");
        if (Skip("#"))
        {
            ReadTo(')', "a comment");
            return null;
        }
        if (Skip(":"))
            return new Group(0, false, ReadBody());
        if (Skip(">"))
            return new Group(0, true, ReadBody());
        foreach (var look in (string[])["=", "!", "<=", "<!"])
            if (Skip(look))
                return ReadLook(look);
        if (Skip("("))
            return ReadCondition();
        return ReadScopedFlags();
    }

    private RegexNode ReadBody()
    {
        var flags = _flags;
        var body = ReadAlternatives();
        _flags = flags;
        return Skip(")") ? body : throw PythonRegexException.Wrong("a '(' is not closed");
    }

    private Group ReadCapture(string? name)
    {
        if (_lookbehinds > 0)
            throw PythonRegexException.Refused("a group that catches, within what looks behind");
        var number = ++Groups;
        if (name is not null && (name.Length == 0 || !PythonUnicode.BeginsName(name.EnumerateRunes().First()) || !name.EnumerateRunes().All(PythonUnicode.ContinuesName)))
            throw PythonRegexException.Wrong($"'{name}' is no group's name");
        if (name is not null && !_names.TryAdd(name, number))
            throw PythonRegexException.Wrong($"there are two groups '{name}'");
        _open.Add(number);
        var body = ReadBody();
        _open.Remove(number);
        return new(number, false, body);
    }

    private Look ReadLook(string look)
    {
        var isBehind = look[0] == '<';
        _lookbehinds += isBehind ? 1 : 0;
        var body = ReadBody();
        _lookbehinds -= isBehind ? 1 : 0;
        if (isBehind && body.Width.Fewest != body.Width.Most)
            throw PythonRegexException.Wrong("what looks behind may take more or fewer characters");
        return new($"(?{look}", body);
    }

    private OnGroup ReadCondition()
    {
        var group = ReadTo(')', "a condition");
        var number = _names.TryGetValue(group, out var named) ? named
            : group.Length is > 0 and < 4 && group.All(char.IsAsciiDigit) ? int.Parse(group, System.Globalization.CultureInfo.InvariantCulture)
            : throw PythonRegexException.Wrong($"there is no group '{group}'");
        if (number == 0 || _lookbehinds > 0)
            throw number == 0 ? PythonRegexException.Wrong("a condition is of group 0") : PythonRegexException.Refused("a condition within what looks behind");
        _conditions.Add(number);
        RegexNode then = ReadSequence(), otherwise = Skip("|") ? ReadSequence() : new Sequence([]);
        return Skip(")") ? new(number, then, otherwise) : throw PythonRegexException.Wrong("a condition has more than two branches, or is not closed");
    }

    /// <summary>Flags at the pattern's start, which hold for all of it.</summary>
    private Flags ReadGlobalFlags()
    {
        while (_pattern.AsSpan(_at).StartsWith("(?") && _at + 2 < _pattern.Length && char.IsAsciiLetter(_pattern[_at + 2]) && _pattern[_at + 2] != 'P')
        {
            var start = _at;
            _at += 2;
            var flags = ReadFlags(_flags, isOn: true);
            if (!Skip(")"))
            {
                _at = start;
                break;
            }
            _flags = flags;
        }
        return _flags;
    }

    private Flags ReadFlags(Flags flags, bool isOn)
    {
        while (char.IsAsciiLetter(Current))
            flags = _pattern[_at++] switch
            {
                'i' => flags with { IgnoreCase = isOn },
                'm' => flags with { Multiline = isOn },
                's' => flags with { DotAll = isOn },
                'x' => flags with { Verbose = isOn },
                'a' when isOn => flags with { Ascii = true },
                'u' when isOn => flags.Ascii ? throw PythonRegexException.Wrong("the flags a and u are both there") : flags,
                var letter => throw PythonRegexException.Wrong($"there is no flag '{letter}' here"),
            };
        return flags;
    }

    private Group ReadScopedFlags()
    {
        var outer = _flags;
        var isAny = char.IsAsciiLetter(Current);
        var flags = ReadFlags(_flags, isOn: true);
        if (isAny && Current == ')')
            throw PythonRegexException.Wrong("flags for the whole pattern stand at its start");
        if (Skip("-"))
        {
            if (!char.IsAsciiLetter(Current))
                throw PythonRegexException.Wrong("a flag is missing");
            flags = ReadFlags(flags, isOn: false);
            isAny = true;
        }
        if (!isAny || !Skip(":"))
            throw PythonRegexException.Wrong("'(?' is followed by what Python does not know");
        _flags = flags;
        var body = ReadBody();
        _flags = outer;
        return new(0, false, body);
    }
}
