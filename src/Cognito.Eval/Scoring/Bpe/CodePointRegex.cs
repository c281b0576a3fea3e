namespace Cognito.Eval;

/// <summary>
/// A regular expression that takes a text by code points. .NET's take it by UTF-16 units, where half a character is
/// neither a letter nor anything else. The first alternative that leads to a match is taken, as Oniguruma does.
/// </summary>
internal sealed class CodePointRegex
{
    /// <summary>Where a match that begins at a place ends; -1 if none does.</summary>
    private delegate int Match(ReadOnlySpan<char> text, int at);

    private readonly Match _match;

    private CodePointRegex(PatternPart part) => _match = Compile(part, (_, at) => at);

    /// <exception cref="FormatException">The pattern holds what is not understood, or finds nothing at all.</exception>
    public static CodePointRegex Parse(string pattern)
    {
        var part = CodePointPattern.Parse(pattern);
        return part.Least > 0 ? new(part) : throw new FormatException("a match of no character");
    }

    /// <summary>Finds a text as it is written.</summary>
    public static CodePointRegex Of(string text) => new(new PatternPart.Sequence(
        [.. text.EnumerateRunes().Select(rune => new PatternPart.One(CodePointSet.Of(rune.Value)))]));

    /// <summary>Finds the first match from a place on.</summary>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length; start += char.IsHighSurrogate(text[start]) && start + 1 < text.Length ? 2 : 1)
            if ((end = _match(text, start)) >= 0)
                return true;
        end = -1;
        return false;
    }

    private static Match Compile(PatternPart part, Match next) => part switch
    {
        PatternPart.One { Set: var set } => (text, at) => set.WidthAt(text, at) is > 0 and var width ? next(text, at + width) : -1,
        PatternPart.Sequence { Parts: var parts } => parts.Reverse().Aggregate(next, (rest, one) => Compile(one, rest)),
        PatternPart.Choice { Parts: var parts } => FirstOf([.. parts.Select(one => Compile(one, next))]),
        PatternPart.Repeat { Body: PatternPart.One { Set: var set } } repeat => Run(set, repeat, next),
        PatternPart.Repeat { From: 0 } repeat => FirstOf([Compile(repeat.Body, next), next]),
        PatternPart.Repeat repeat => Compile(repeat.Body, next),
        PatternPart.Ahead { Holds: var holds } ahead when Compile(ahead.Body, (_, at) => at) is var inner =>
            (text, at) => inner(text, at) >= 0 == holds ? next(text, at) : -1,
        PatternPart.LineEnd => (text, at) => at == text.Length || text[at] == '\n' ? next(text, at) : -1,
        _ => throw new ArgumentException("a part of a pattern that is not known", nameof(part)),
    };

    private static Match FirstOf(Match[] matches) => (text, at) =>
    {
        foreach (var match in matches)
            if (match(text, at) is >= 0 and var end)
                return end;
        return -1;
    };

    /// <summary>As many as there are, then fewer, one by one.</summary>
    private static Match Run(CodePointSet set, PatternPart.Repeat repeat, Match next) => (text, at) =>
    {
        var (end, count) = (at, 0);
        for (; count < repeat.To && set.WidthAt(text, end) is > 0 and var width; count++)
            end += width;
        for (; count >= repeat.From; count--)
        {
            if (next(text, end) is >= 0 and var found)
                return found;
            if (!repeat.GivesBack || count == 0)
                break;
            end -= end - at >= 2 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]) ? 2 : 1;
        }
        return -1;
    };
}
