using System.Text;

namespace Cognito.Eval.Tokenizers.Bpe;

/// <summary>
/// Reads a regular expression as Oniguruma does, which Hugging Face's tokenizers use: what pre-tokenizers are made of, and
/// nothing more.
/// </summary>
/// <exception cref="FormatException">There is something else in it, or too much; the message says what.</exception>
internal sealed class CodePointPattern
{
    /// <summary>The longest of real ones has 700 characters, and goes three groups deep.</summary>
    public const int MostCharacters = 4096, MostDepth = 64;

    private const int Without = 1 << 16;
    private readonly Rune[] _runes;
    private readonly HashSet<CodePointSet> _sets = [];
    private int _at, _depth;

    /// <summary>What was written just before, where case is ignored; 0 if that is no single character.</summary>
    private char _before;

    private CodePointPattern(string pattern) => _runes = [.. pattern.EnumerateRunes()];

    public static PatternPart Parse(string pattern)
    {
        if (pattern.Length > MostCharacters)
            throw new FormatException($"more than {MostCharacters:N0} characters");
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

    private bool Is(string wanted) =>
        _at + wanted.Length <= _runes.Length && wanted.Index().All(c => _runes[_at + c.Index].Value == c.Item);

    private bool Take(string wanted)
    {
        var there = Is(wanted);
        if (there)
            _at += wanted.Length;
        return there;
    }

    private Rune Next() => AtEnd ? throw new FormatException("its end too early") : _runes[_at++];

    /// <summary>Equal sets are one.</summary>
    private CodePointSet Shared(CodePointSet set)
    {
        if (_sets.TryGetValue(set, out var same))
            return same;
        _sets.Add(set);
        return set;
    }

    /// <summary>Goes into a group or class, so that no depth overflows the stack.</summary>
    private void Enter()
    {
        if (++_depth > MostDepth)
            throw new FormatException($"more than {MostDepth} groups or classes in each other");
    }

    private PatternPart Choice(bool ignoresCase)
    {
        var parts = new List<PatternPart>();
        do
        {
            _before = '\0';
            parts.Add(Sequence(ignoresCase));
        }
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
        if (Now is not ('?' or '*' or '+' or '{'))
            return body;
        var quantifier = (char)Next().Value;
        var (from, to) = quantifier switch
        {
            '?' => (0, 1),
            '*' => (0, int.MaxValue),
            '+' => (1, int.MaxValue),
            _ => Counts(),
        };
        var keeps = quantifier != '{' && Take('+');
        if (Now is '?' or '*' or '+' or '{')
            throw new FormatException($"{(char)Now} after a quantifier");
        return body switch
        {
            PatternPart.One { Set: var set } => new PatternPart.Repeat(set, from, to, GivesBack: !keeps),
            PatternPart.Sequence or PatternPart.Choice when to == 1 && !keeps && !IsAssertion(body) =>
                from == 1 ? body : new PatternPart.Perhaps(body),
            _ => throw new FormatException("a group or assertion that is repeated"),
        };
    }

    /// <summary>What Oniguruma repeats not even once.</summary>
    private static bool IsAssertion(PatternPart part) => part switch
    {
        PatternPart.Sequence { Parts: var parts } => parts.Count > 0 && parts.All(IsAssertion),
        PatternPart.Choice { Parts: var parts } => parts.Any(IsAssertion),
        _ => part is PatternPart.Ahead or PatternPart.LineEnd,
    };

    private (int From, int To) Counts()
    {
        var (from, comma) = (Number(), Take(','));
        var to = !comma ? from : Number() ?? int.MaxValue;
        return Take('}') && (from ?? to) is { } some && some != int.MaxValue && (from ?? 0) <= to
            ? (from ?? 0, to.Value)
            : throw new FormatException("a { that counts nothing");
    }

    private int? Number()
    {
        int? digits = null;
        for (; Now is >= '0' and <= '9'; _at++)
            digits = Math.Min(Without, (digits ?? 0) * 10 + (Now - '0'));
        return digits;
    }

    private PatternPart Single(bool ignoresCase)
    {
        if (Take('('))
            return Group(ignoresCase);
        var before = _before;
        _before = '\0';
        if (Take('['))
            return new PatternPart.One(ignoresCase ? WithoutCase(Class()) : Class());
        if (Take('$'))
            return new PatternPart.LineEnd();
        if (Take('.'))
            return new PatternPart.One(Shared(CodePointSet.Create('\n').Complement()));
        var rune = Next();
        if (rune.Value is '^' or '*' or '+' or '?' or '{' or ']')
            throw new FormatException($"{rune} where a character belongs");
        var member = rune.Value == '\\' ? Escaped(ignoresCase) : new(rune.Value);
        if (member.Point is not { } point || !ignoresCase)
            return new PatternPart.One(Shared(CodePointSet.Create([.. member.Ranges()])));
        return new PatternPart.One(Shared(CodePointSet.Create([.. Alike(new(point), before).Select(one => (one, one))])));
    }

    /// <summary>Two letters may be one character in another case: ß, and the ligatures. That is not done.</summary>
    private int[] Alike(Rune rune, char before)
    {
        _before = rune.IsAscii ? char.ToLowerInvariant((char)rune.Value) : '\0';
        if ($"{before}{_before}" is "ff" or "fi" or "fl" or "ss" or "st")
            throw new FormatException($"{before}{_before} without case");
        return CodePointSet.WithoutCase(rune) ?? throw new FormatException($"{rune} without case");
    }

    private CodePointSet WithoutCase(CodePointSet set) => set.HasOthers
        ? throw new FormatException("a class without case that is not of ASCII characters")
        : Shared(CodePointSet.Create([.. set.Ranges().SelectMany(range => Enumerable.Range(range.From, range.To - range.From + 1))
            .SelectMany(point => CodePointSet.WithoutCase(new(point))!).Select(point => (point, point))]));

    private PatternPart Group(bool ignoresCase)
    {
        Enter();
        var ahead = Take("?!") ? false : Take("?=") ? true : (bool?)null;
        if (ahead is null && Take("?i:"))
            ignoresCase = true;
        else if (ahead is null && !Take("?:") && Now == '?')
            throw new FormatException($"a group (?{(_at + 1 < _runes.Length ? _runes[_at + 1] : "")}");
        var body = Choice(ignoresCase);
        if (!Take(')'))
            throw new FormatException("a ( without its )");
        _depth--;
        return ahead is { } holds ? new PatternPart.Ahead(body, holds) : body;
    }

    private CodePointSet Class()
    {
        Enter();
        var (negated, categories, ranges) = (Take('^'), 0, new List<(int From, int To)>());
        for (var first = true; first || Now != ']'; first = false)
        {
            if (AtEnd || (first && Now == ']'))
                throw new FormatException("a class of nothing, or without its end");
            var member = ClassMember();
            var isRange = Now == '-' && !Is("-]");
            if (isRange)
            {
                _at++;
                member = member.Point is { } from && ClassMember().Point is { } to && from <= to
                    ? new ClassPart(0, [(from, to)])
                    : throw new FormatException("a range that is none");
            }
            categories |= member.Categories;
            ranges.AddRange(member.Own);
        }
        _at++;
        _depth--;
        ranges.AddRange(CodePointSet.Ranges(categories));
        var set = CodePointSet.Create(ranges);
        return Shared(negated ? set.Complement() : set);
    }

    /// <summary>What a class is made of: categories, a bit each, and ranges.</summary>
    private readonly record struct ClassPart(int Categories, List<(int From, int To)> Own, int? Point = null)
    {
        public ClassPart(int point) : this(0, [(point, point)], point)
        {
        }

        public IEnumerable<(int From, int To)> Ranges() => [.. Own, .. CodePointSet.Ranges(Categories)];
    }

    private ClassPart ClassMember()
    {
        if (Is("&&"))
            throw new FormatException("&& in a class");
        if (Is("[:"))
            throw new FormatException("[: in a class");
        return Take('[') ? new(0, [.. Class().Ranges()]) : Next() is { Value: not '\\' } rune ? new(rune.Value) : Escaped();
    }

    private ClassPart Escaped(bool ignoresCase = false)
    {
        var rune = Next();
        return rune.Value switch
        {
            'r' => new('\r'),
            'n' => new('\n'),
            't' => new('\t'),
            's' => new(0, [.. CodePointSet.Space.Ranges()]),
            'S' => new(0, [.. CodePointSet.NoSpace.Ranges()]),
            'd' => new(CodePointSet.Category("Nd"), []),
            'p' or 'P' when ignoresCase => throw new FormatException($"\\{rune} without case"),
            'p' => new(Property(), []),
            'P' => new(CodePointSet.Others(Property()), []),
            _ when Rune.IsLetterOrDigit(rune) => throw new FormatException($"\\{rune}"),
            _ => new(rune.Value),
        };
    }

    private int Property()
    {
        var name = new StringBuilder();
        if (Take('{'))
            while (Next() is { Value: not '}' } rune)
                name.Append(rune);
        return CodePointSet.Category(name.ToString()) is not 0 and var categories ? categories
            : throw new FormatException($"\\p{{{name}}}");
    }
}
