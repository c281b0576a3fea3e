using System.Globalization;
using System.Text;

namespace Cognito.Eval;

/// <summary>A part of a regular expression over code points.</summary>
internal abstract record PatternPart
{
    /// <summary>The fewest code points it takes.</summary>
    public abstract int Least { get; }

    /// <summary>One code point of a set.</summary>
    public sealed record One(CodePointSet Set) : PatternPart
    {
        public override int Least => 1;
    }

    /// <summary>One part after the other.</summary>
    public sealed record Sequence(IReadOnlyList<PatternPart> Parts) : PatternPart
    {
        public override int Least => Parts.Sum(part => part.Least);
    }

    /// <summary>The first of the parts that matches.</summary>
    public sealed record Choice(IReadOnlyList<PatternPart> Parts) : PatternPart
    {
        public override int Least => Parts.Min(part => part.Least);
    }

    /// <summary>A part several times, as often as it can be.</summary>
    /// <param name="GivesBack">Whether what follows may make it take fewer.</param>
    public sealed record Repeat(PatternPart Body, int From, int To, bool GivesBack) : PatternPart
    {
        public override int Least => From * Body.Least;
    }

    /// <summary>Whether a part matches here, or does not, without taking anything.</summary>
    public sealed record Ahead(PatternPart Body, bool Holds) : PatternPart
    {
        public override int Least => 0;
    }

    /// <summary>Before a line feed or at the end, as Oniguruma has it.</summary>
    public sealed record LineEnd : PatternPart
    {
        public override int Least => 0;
    }
}

/// <summary>
/// Reads a regular expression as Oniguruma does, which Hugging Face's tokenizers use: what pre-tokenizers are made of, and
/// nothing more.
/// </summary>
/// <exception cref="FormatException">There is something else in it; the message says what.</exception>
internal sealed class CodePointPattern
{
    private const int Without = 1 << 16;
    private readonly Rune[] _runes;
    private int _at;

    private CodePointPattern(string pattern) => _runes = [.. pattern.EnumerateRunes()];

    public static PatternPart Parse(string pattern)
    {
        var parser = new CodePointPattern(pattern);
        var part = parser.Choice(ignoresCase: false);
        return parser.AtEnd ? part : throw new FormatException("a ) too many");
    }

    private bool AtEnd => _at == _runes.Length;
    private int Now => AtEnd ? -1 : _runes[_at].Value;

    private bool Take(char wanted)
    {
        var there = Now == wanted;
        if (there)
            _at++;
        return there;
    }

    private bool Take(string wanted)
    {
        var there = _at + wanted.Length <= _runes.Length && wanted.Index().All(c => _runes[_at + c.Index].Value == c.Item);
        if (there)
            _at += wanted.Length;
        return there;
    }

    private Rune Next() => AtEnd ? throw new FormatException("its end comes too early") : _runes[_at++];

    private PatternPart Choice(bool ignoresCase)
    {
        var parts = new List<PatternPart>();
        do
            parts.Add(Sequence(ignoresCase));
        while (Take('|'));
        return parts.Count == 1 ? parts[0] : new PatternPart.Choice(parts);
    }

    private PatternPart.Sequence Sequence(bool ignoresCase)
    {
        var parts = new List<PatternPart>();
        while (!AtEnd && Now is not ('|' or ')'))
            parts.Add(Repeated(Single(ignoresCase)));
        return new(parts);
    }

    private PatternPart Repeated(PatternPart body)
    {
        var (from, to) = Now switch
        {
            '?' => (0, 1),
            '*' => (0, int.MaxValue),
            '+' => (1, int.MaxValue),
            '{' => (-1, -1),
            _ => (1, 1),
        };
        if ((from, to) == (1, 1))
            return body;
        _at++;
        var counted = from < 0;
        if (counted)
            (from, to) = Counts();
        var keeps = !counted && Take('+');
        if (Now is '?' or '*' or '+' or '{')
            throw new FormatException($"{(char)Now} after a quantifier");
        // More than one of what varies itself could take longer than any text deserves.
        return body is PatternPart.One || (to == 1 && !keeps)
            ? new PatternPart.Repeat(body, from, to, GivesBack: !keeps)
            : throw new FormatException("a group or assertion that is repeated");
    }

    private (int From, int To) Counts()
    {
        var from = Number();
        var to = !Take(',') ? from : Now == '}' ? int.MaxValue : Number();
        return Take('}') && from <= to ? (from, to) : throw new FormatException("a { that counts nothing");
    }

    private int Number()
    {
        var digits = 0;
        for (; Now is >= '0' and <= '9'; _at++)
            digits = Math.Min(Without, digits * 10 + (Now - '0'));
        return digits;
    }

    private PatternPart Single(bool ignoresCase)
    {
        if (Take('('))
            return Group(ignoresCase);
        if (Take('['))
            return ignoresCase ? throw new FormatException("a class without case") : new PatternPart.One(Class());
        if (Take('$'))
            return new PatternPart.LineEnd();
        if (Take('.'))
            return new PatternPart.One(new(point => point != '\n'));
        var rune = Next();
        if (rune.Value is '^' or '*' or '+' or '?' or '{' or ']')
            throw new FormatException($"{rune} where a character belongs");
        if (rune.Value == '\\')
            return new PatternPart.One(new(Escaped() switch { { Set: { } set } => set, { Point: var point } => Alike(new(point), ignoresCase) }));
        return new PatternPart.One(new(Alike(rune, ignoresCase)));
    }

    private static Func<int, bool> Alike(Rune rune, bool ignoresCase)
    {
        int[] points = !ignoresCase ? [rune.Value] : CodePointSet.WithoutCase(rune)
            ?? throw new FormatException($"{rune} without case");
        return points.Contains;
    }

    private PatternPart Group(bool ignoresCase)
    {
        var ahead = Take("?!") ? false : Take("?=") ? true : (bool?)null;
        if (ahead is null && Take("?i:"))
            ignoresCase = true;
        else if (ahead is null && !Take("?:") && Now == '?')
            throw new FormatException($"a group (?{(AtEnd ? "" : _runes[Math.Min(_at + 1, _runes.Length - 1)])}");
        var body = Choice(ignoresCase);
        if (!Take(')'))
            throw new FormatException("a ( without its )");
        return ahead is { } holds ? new PatternPart.Ahead(body, holds) : body;
    }

    private CodePointSet Class()
    {
        var (negated, sets, first) = (Take('^'), new List<Func<int, bool>>(), true);
        for (; first || Now != ']'; first = false)
        {
            if (AtEnd || Now == '[' || (first && Now == ']') || (Now == '&' && Take("&&")))
                throw new FormatException("a class in a class, or without its end");
            var (set, from) = ClassMember();
            if (set is null && Now == '-' && _at + 1 < _runes.Length && _runes[_at + 1].Value != ']')
            {
                _at++;
                var (other, to) = ClassMember();
                set = other is null && to >= from ? point => point >= from && point <= to
                    : throw new FormatException("a range that is none");
            }
            sets.Add(set ?? (point => point == from));
        }
        _at++;
        return new(point => Holds(sets, point) != negated);
    }

    /// <summary>Asked of every code point there is, so without a closure each.</summary>
    private static bool Holds(List<Func<int, bool>> sets, int point)
    {
        foreach (var set in sets)
            if (set(point))
                return true;
        return false;
    }

    private (Func<int, bool>? Set, int Point) ClassMember() => Next() is { Value: not '\\' } rune ? (null, rune.Value) : Escaped();

    private (Func<int, bool>? Set, int Point) Escaped()
    {
        var rune = Next();
        return rune.Value switch
        {
            'r' => (null, '\r'),
            'n' => (null, '\n'),
            't' => (null, '\t'),
            's' => (CodePointSet.IsSpace, 0),
            'S' => (point => !CodePointSet.IsSpace(point), 0),
            'd' => (CodePointSet.Category("Nd"), 0),
            'p' => (Property(), 0),
            'P' when Property() is var property => (point => !property(point), 0),
            _ when Rune.IsLetterOrDigit(rune) => throw new FormatException($"\\{rune}"),
            _ => (null, rune.Value),
        };
    }

    private Func<int, bool> Property()
    {
        var name = new StringBuilder();
        if (Take('{'))
            while (Next() is { Value: not '}' } rune)
                name.Append(rune);
        return CodePointSet.Category(name.ToString()) ?? throw new FormatException($"\\p{{{name}}}");
    }
}
